// SPDX-License-Identifier: Apache-2.0

import Glibc
import Linux

/// Whether a vault's file can be saved into, as far as that shows without writing anything.
enum VaultWritability {
    /// What keeps it from that.
    enum Hindrance: Equatable {
        case mode
        case readOnly
        case full
    }

    /// Looks at a file of some size; nil if nothing is in the way.
    static func hindrance(_ path: String, size: Int) -> Hindrance? {
        guard let file = try? FileBytes.resolved(path) else { return nil }  // reported elsewhere
        if unsafe access(file, W_OK) != 0 { return errno == EROFS ? .readOnly : .mode }
        // If it has to be written in place, it takes hardly any room.
        let folder = SafeFile.parent(of: file)
        var facts = statvfs()
        guard unsafe access(folder, W_OK) == 0, unsafe statvfs(folder, &facts) == 0 else { return nil }
        let room = UInt64(facts.f_bavail).multipliedReportingOverflow(by: UInt64(facts.f_frsize))
        // Some file systems say that they have no room at all.
        guard facts.f_blocks > 0, !room.overflow else { return nil }
        return room.partialValue < UInt64(size) ? .full : nil
    }
}
