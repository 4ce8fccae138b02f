// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// The file that a process runs, and whether it is the one that is found under its path.
package struct ExecutableFile: Hashable, Sendable {
    /// Its path as the kernel tells it, without the kernel's ` (deleted)`.
    package let path: String

    /// Whether this user could put another program in its place.
    package let isWritable: Bool

    /// Whether a person who starts that path gets this very file: not where it was replaced or deleted since the
    /// start, nor where just the process's own mounts have it there.
    package let isFoundAtPath: Bool

    private let identity: FileIdentity

    /// Looks at the file that a process runs; nil for one that is gone, has no executable or may not be looked at.
    ///
    /// The path may lead through any file system: whoever calls this must not mind to wait for one.
    ///
    /// - Parameters:
    ///   - pid: The process.
    ///   - uid: The user; the daemon's own.
    package init?(of pid: Int32, uid: UInt32) {
        // One look for path and file, so that a program that starts another one meanwhile isn't taken for a mixture.
        guard
            let file = try? Descriptor(
                "open",
                unsafe open("/proc/\(pid)/exe", Int32(keybell_O_PATH) | O_CLOEXEC)
            ),
            let link = FileBytes.link("/proc/self/fd/\(file.number)"),
            let identity = FileIdentity(file.number, "")
        else { return nil }
        self.identity = identity
        path = Self.withoutDeletedMark(link)
        isFoundAtPath = FileIdentity(AT_FDCWD, path) == identity
        isWritable = Self.isReplaceable(path, owner: identity.uid, mode: identity.mode, by: uid)
    }

    /// Whether the process still runs the same file; cheap.
    package func isRun(by pid: Int32) -> Bool {
        FileIdentity(AT_FDCWD, "/proc/\(pid)/exe") == identity
    }

    /// This file as the program of a process of which the rest is known.
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

    /// Whether a user owns or may write a file, or may put another one in its place or a folder in that of one above.
    private static func isReplaceable(_ path: String, owner: UInt32, mode: UInt32, by uid: UInt32) -> Bool {
        if owner == uid || mode & UInt32(S_IWOTH) != 0 { return true }
        if mayWrite(path) { return true }
        var child = owner
        var rest = path[...]
        while let slash = rest.lastIndex(of: "/") {
            rest = rest[..<slash]
            let folder = rest.isEmpty ? "/" : String(rest)
            guard let status = FileIdentity(AT_FDCWD, folder) else { continue }
            if status.uid == uid { return true }
            // In a sticky folder just the owners of what is in it rename it.
            let isSticky = status.mode & 0o1000 != 0
            if mayWrite(folder), !isSticky || child == uid { return true }
            child = status.uid
        }
        return false
    }

    private static func mayWrite(_ path: String) -> Bool {
        unsafe faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0
    }
}

/// Which program a process runs, and nothing else about it: no file system is asked for that, so it can't be kept waiting.
///
/// Two that are unlike are another process, or one that has started another program in its own stead.
package struct RunningProgram: Hashable, Sendable {
    /// When the process started.
    package let startTime: UInt64
    let image: UInt64
    let device: UInt64
    let inode: UInt64

    init(startTime: UInt64, image: UInt64, device: UInt64, inode: UInt64) {
        self.startTime = startTime
        self.image = image
        self.device = device
        self.inode = inode
    }

    /// Looks at a process; nil for one that is gone, has no executable or may not be looked at.
    package init?(of pid: Int32) {
        guard let file = FileIdentity(AT_FDCWD, "/proc/\(pid)/exe"), let status = ProcessTable.status(of: pid)
        else { return nil }
        self.init(startTime: status.startTime, image: status.image, device: file.device, inode: file.inode)
    }
}

/// Which file it is, and whose, however it is called.
private struct FileIdentity: Hashable {
    let device: UInt64
    let inode: UInt64
    let uid: UInt32
    let mode: UInt32

    /// Looks at a path; with an empty one at the descriptor itself.
    ///
    /// A file system is not asked for what it has told already.
    init?(_ folder: Int32, _ path: String) {
        var file = keybell_file()
        guard unsafe keybell_file(folder, path, &file) == 0 else { return nil }
        device = file.device
        inode = file.inode
        uid = file.uid
        mode = file.mode
    }

    static func == (one: FileIdentity, other: FileIdentity) -> Bool {
        one.device == other.device && one.inode == other.inode
    }

    func hash(into hasher: inout Hasher) {
        hasher.combine(inode)
    }
}
