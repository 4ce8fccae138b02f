// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// What distinguishes two states of a file without reading it.
package struct FileStamp: Equatable, Sendable {
    private let device: UInt64
    private let inode: UInt64
    /// How many bytes it has.
    package let size: Int64
    /// When it was last written, in seconds since 1970.
    package let seconds: Int64
    private let nanoseconds: Int64

    /// Looks at a file, links followed; nil where there is none.
    ///
    /// It blocks.
    package init?(_ path: String) {
        var facts = stat()
        guard unsafe stat(path, &facts) == 0 else { return nil }
        (device, inode, size) = (UInt64(facts.st_dev), UInt64(facts.st_ino), Int64(facts.st_size))
        (seconds, nanoseconds) = (Int64(facts.st_mtim.tv_sec), Int64(facts.st_mtim.tv_nsec))
    }
}

/// The file system that a file is on.
package enum FileSystem {
    /// Those that are only changed through this kernel, so that inotify reports it: ext2 to 4, XFS, Btrfs, tmpfs,
    /// overlayfs, F2FS, FAT, exFAT, NTFS, ZFS, bcachefs, JFS, ReiserFS, NILFS, ramfs, eCryptfs, HFS+, squashfs, UDF,
    /// ISO.
    private static let watched: Set<UInt32> = [
        0xEF53, 0x5846_5342, 0x9123_683E, 0x0102_1994, 0x794C_7630, 0xF2F5_2010, 0x4D44, 0x2011_BAB0,
        0x7366_746E, 0x2FC1_2FC1, 0xCA45_1A4E, 0x3153_464A, 0x5265_4973, 0x3434, 0x8584_58F6, 0xF15F,
        0x482B, 0x7371_7368, 0x1501_3346, 0x9660,
    ]

    /// Whether inotify reports whatever changes a file there.
    ///
    /// It blocks.
    package static func tellsChanges(of path: String) -> Bool {
        var facts = statfs()
        // A missing one has nothing to report.
        guard unsafe statfs(path, &facts) == 0 else { return true }
        return watched.contains(UInt32(truncatingIfNeeded: facts.f_type))
    }
}
