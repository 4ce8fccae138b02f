// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// A small file at the top of the file system that a process sees.
package enum RootFile: Hashable, Sendable {
    /// It isn't there.
    case absent
    /// Its content.
    case content([UInt8])
    /// Something of that name is there, or may be, but isn't read: it may not be a plain file, may be too long, or on a
    /// file system that another program serves.
    case unreadable
    /// The process's file system can't be looked into at all, or the process has gone.
    case hidden

    /// Reads it, asking only the kernel.
    ///
    /// - Parameters:
    ///   - name: The file.
    ///   - pid: The process.
    ///   - mounts: What is mounted where.
    ///   - limit: How many bytes such a file has at most.
    package init(_ name: String, of pid: Int32, mounts: MountTable = MountTable(), limit: Int = 64 << 10) {
        let flags = Int32(keybell_O_PATH) | O_CLOEXEC
        guard
            let root = ProcessTable.look(
                at: pid,
                { folder in
                    // Of a process that is gone, or of another user, nothing can be seen.
                    try? Descriptor("open", unsafe open(folder + "/root", flags | O_DIRECTORY))
                }
            ),
            let top = FileIdentity(root.number, "")
        else {
            self = .hidden
            return
        }
        guard mounts.holdsLocally(top, of: pid) else {
            self = .unreadable
            return
        }
        do throws(SystemCallError) {
            let file = try Descriptor("openat", unsafe openat(root.number, name, flags | O_NOFOLLOW))
            // It may be a mount of its own.
            guard let identity = FileIdentity(file.number, ""), identity.isKind(S_IFREG),
                mounts.holdsLocally(identity, of: pid)
            else {
                self = .unreadable
                return
            }
            self = .content(
                try FileBytes.read("/proc/self/fd/\(file.number)", limit: limit, followsLinks: true)
            )
        } catch {
            self = error.code == ENOENT ? .absent : .unreadable
        }
    }
}
