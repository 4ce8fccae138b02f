// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// Which file it is, and whose, whatever its name.
package struct FileIdentity: Hashable, Sendable {
    let device: UInt64
    let inode: UInt64
    let uid: UInt32
    let mode: UInt32
    /// The mount through which it was looked at, 0 if unknown; another mount may have the same file.
    let mount: UInt64

    /// Looks at a path; with an empty one at the descriptor itself.
    ///
    /// A file system isn't asked for what it has already told.
    init?(_ folder: Int32, _ path: String) {
        var file = keybell_file()
        guard unsafe keybell_file(folder, path, &file) == 0 else {
            ResourceShortage.note(errno)
            return nil
        }
        device = file.device
        inode = file.inode
        uid = file.uid
        mode = file.mode
        mount = file.mount
    }

    /// Looks at what a path finally leads to; nil for nothing, or nothing that may be looked at.
    package init?(of path: String) {
        guard let end = try? FileBytes.resolved(path) else { return nil }  // reported when it is used
        self.init(AT_FDCWD, end)
    }

    /// Whether it is of this kind, such as `S_IFREG`.
    func isKind(_ kind: UInt32) -> Bool { mode & S_IFMT == kind }

    package static func == (one: FileIdentity, other: FileIdentity) -> Bool {
        one.device == other.device && one.inode == other.inode
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(inode)
    }
}
