// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// What is mounted where, which tells who answers when a file is asked for: the kernel, or a program that may take as
/// long as it likes.
///
/// Anybody can mount a FUSE file system in a user namespace, or an overlay over one, and never answer.
package struct MountTable: Sendable {
    private struct Mount {
        /// `major:minor` of its file system.
        let device: String
        let type: String
    }

    /// File systems that other programs or machines serve, or that mount such a one as soon as somebody looks.
    private static let served: Set = [
        "fuse", "fuseblk", "nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "coda", "ocfs2",
        "gfs2",
        "glusterfs", "lustre", "autofs", "ncpfs", "orangefs",
    ]
    /// Those that have nothing below them, wherever they are mounted.
    private static let ownMemory: Set = ["tmpfs", "ramfs"]
    /// No session has so many mounts that their list is any longer.
    private static let limit = 4 << 20

    private let mounts: [UInt64: Mount]
    private let devices: Set<String>

    /// Reads our own mounts; empty if they can't be read: then nothing counts as the kernel's.
    package init() {
        mounts = Self.read("/proc/self/mountinfo")
        devices = Set(mounts.values.lazy.filter { !Self.isServed($0.type) }.map(\.device))
    }

    /// Whether nobody but the kernel answers for a file that was seen as ours.
    func holdsLocally(_ file: FileIdentity) -> Bool {
        mounts[file.mount].map { !Self.isServed($0.type) } ?? false
    }

    /// The same for one that was seen through a process, which may have mounts of its own.
    func holdsLocally(_ file: FileIdentity, of pid: Int32) -> Bool {
        if mounts[file.mount] != nil { return holdsLocally(file) }
        guard let mount = ProcessTable.look(at: pid, { Self.read($0 + "/mountinfo")[file.mount] }) else {
            return false
        }
        return Self.ownMemory.contains(mount.type) || devices.contains(mount.device)
    }

    /// Reads a small file of ours at an absolute path without links; nil if that isn't possible, or not without asking
    /// another program.
    package func content(of path: String, limit: Int = 64 << 10) -> [UInt8]? {
        guard let file = PathSteps(to: path, mounts: self)?.file, file.isKind(S_IFREG) else { return nil }
        return try? FileBytes.read(path, limit: limit)  // gone since: nil
    }

    private static func isServed(_ type: String) -> Bool {
        served.contains(type) || type.hasPrefix("fuse.")
    }

    private static func read(_ path: String) -> [UInt64: Mount] {
        guard let bytes = try? FileBytes.read(path, limit: limit) else { return [:] }  // gone: none
        var mounts: [UInt64: Mount] = [:]
        for line in bytes.split(separator: UInt8(ascii: "\n")) {
            // number parent major:minor root point options [tags …] - type source options
            let fields = line.split(separator: UInt8(ascii: " "))
            guard fields.count > 6, let number = UInt64(String(decoding: fields[0], as: UTF8.self)),
                let dash = fields.dropFirst(6).firstIndex(where: { $0.elementsEqual("-".utf8) }),
                dash + 1 < fields.endIndex
            else { continue }
            mounts[number] = Mount(
                device: String(decoding: fields[2], as: UTF8.self),
                type: String(decoding: fields[dash + 1], as: UTF8.self)
            )
        }
        return mounts
    }
}
