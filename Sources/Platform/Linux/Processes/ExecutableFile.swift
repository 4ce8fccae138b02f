// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// The file that a process runs, and whether it is the one found under its path.
package struct ExecutableFile: Hashable, Sendable {
    /// Its path as the kernel tells it, without the kernel's ` (deleted)`.
    package let path: String

    /// Whether this user could put another program in its place.
    package let isWritable: Bool

    /// Whether a person who starts that path gets this very file: false if it was replaced or deleted since the start,
    /// or if it is only there through the process's own mounts.
    package let isFoundAtPath: Bool

    private let identity: FileIdentity

    /// Looks at the file that a process runs; nil for one that is gone, has no executable or may not be looked at.
    ///
    /// No file system is asked that another program serves: a file on one isn't found at its path.
    ///
    /// - Parameters:
    ///   - pid: The process.
    ///   - uid: The user; the daemon's own.
    ///   - mounts: What is mounted where.
    package init?(of pid: Int32, uid: UInt32, mounts: MountTable = MountTable()) {
        // One look for path and file, so that an exec in between doesn't give a mixture of two programs.
        guard
            let file = ProcessTable.look(
                at: pid,
                { folder in
                    // Of a process that is gone, or of another user, nothing can be seen.
                    try? Descriptor("open", unsafe open(folder + "/exe", Int32(keybell_O_PATH) | O_CLOEXEC))
                }
            ),
            let link = FileBytes.link("/proc/self/fd/\(file.number)"),
            let identity = FileIdentity(file.number, "")
        else { return nil }
        self.identity = identity
        path = Self.withoutDeletedMark(link)
        let way = mounts.holdsLocally(identity, of: pid) ? PathSteps(to: path, mounts: mounts) : nil
        isFoundAtPath = way?.file == identity
        // Whoever serves the files can put another in its place.
        isWritable = way?.isReplaceable(by: uid, file: identity) ?? true
    }

    /// This file as the program of a process about which the rest is known.
    package func program(of status: ProcessStatus) -> RunningProgram {
        RunningProgram(
            startTime: status.startTime,
            image: status.image,
            device: identity.device,
            inode: identity.inode
        )
    }

    /// Cuts the kernel's mark of a deleted file off a path.
    package static func withoutDeletedMark(_ path: String) -> String {
        let mark = " (deleted)"
        return path.hasSuffix(mark) ? String(path.dropLast(mark.count)) : path
    }
}

/// Which program a process runs, and nothing else about it: no file system is asked for that, so nobody can make it
/// wait.
///
/// If two differ, it is another process, or one that has called exec in between.
package struct RunningProgram: Hashable, Sendable {
    /// When the process started.
    package let startTime: UInt64
    let image: UInt64
    /// The file, whatever it is called.
    package let device: UInt64
    /// Its number there.
    package let inode: UInt64

    init(startTime: UInt64, image: UInt64, device: UInt64, inode: UInt64) {
        self.startTime = startTime
        self.image = image
        self.device = device
        self.inode = inode
    }

    /// Looks at a process; nil for one that is gone, has no executable or may not be looked at.
    package init?(of pid: Int32) {
        guard let file = ProcessTable.look(at: pid, { FileIdentity(AT_FDCWD, $0 + "/exe") }),
            let status = ProcessTable.status(of: pid)
        else { return nil }
        self.init(startTime: status.startTime, image: status.image, device: file.device, inode: file.inode)
    }
}
