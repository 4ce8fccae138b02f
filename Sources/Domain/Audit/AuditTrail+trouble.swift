// SPDX-License-Identifier: Apache-2.0

import Glibc
import Linux

extension AuditTrail {
    /// Why records can't be kept as they should be.
    package enum Trouble: Equatable, Sendable {
        /// Neither the file nor a journal that the person can read takes them.
        case nowhere(String)
        /// The file takes none, so each has to be read back from the journal, which drops some.
        case journalOnly(String)
    }

    /// Finds out what would keep something from being recorded now.
    ///
    /// - Parameters:
    ///   - folder: The state folder.
    ///   - journal: The journal's socket.
    ///   - isReadable: Whether the person can read the journal.
    /// - Returns: The trouble; nil if there is none.
    package static func trouble(
        in folder: String,
        journal: String = Journal.socket,
        isReadable: Bool = Journal.isForUsers
    ) -> Trouble? {
        guard let reason = failure(in: folder) else { return nil }
        guard isReadable, unsafe access(journal, W_OK) == 0 else { return .nowhere(reason) }
        return .journalOnly(reason)
    }

    /// Which of the record files can't be read: `audit.jsonl: permission denied`.
    ///
    /// - Parameter folder: The state folder.
    /// - Returns: A text for each such file.
    package static func unreadable(in folder: String) -> [String] {
        AuditFile(folder: folder).read().troubles
    }

    private static func failure(in folder: String) -> String? {
        let probe = folder + "/audit.probe"
        defer { unsafe unlink(probe) }
        do throws(SystemCallError) {
            try SafeFile.makeFolder(folder)
            // As long as a record may be.
            try SafeFile.write([UInt8](repeating: UInt8(ascii: "\n"), count: 64 * 1024), to: probe)
        } catch {
            return "\(error)"
        }
        // A folder that accepts new files may hold one that can't be written.
        do throws(SystemCallError) {
            try SafeFile.checkAppending(to: AuditFile(folder: folder).path(of: .main))
            return nil
        } catch {
            return "audit.jsonl: \(error)"
        }
    }
}
