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
        /// The file takes what is usual by now, but there is no room for a long record, nor for many.
        case scarce(String)
    }

    /// As much as a record usually has.
    private static let usual = 512
    /// As long as one may be.
    private static let longest = 64 * 1024

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
        guard let reason = failure(in: folder) else {
            return failure(ofWriting: longest, in: folder).map { .scarce($0) }
        }
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

    /// Why the next record has no place, as it would be written: at the end of the file, or into a new one.
    private static func failure(in folder: String) -> String? {
        let path = AuditFile(folder: folder).path(of: .main)
        do throws(SystemCallError) {
            try SafeFile.checkAppending(to: path)
        } catch {
            // What is wrong with the folder is wrong with every file in it.
            return failure(ofWriting: usual, in: folder) ?? "audit.jsonl: \(error)"
        }
        // On a full disk a line still has room in the file's last block.
        return hasRoom(path) ? nil : failure(ofWriting: usual, in: folder)
    }

    private static func hasRoom(_ path: String) -> Bool {
        var status = stat()
        guard unsafe lstat(path, &status) == 0 else { return false }
        return Int(status.st_blocks) * 512 - Int(status.st_size) >= usual
    }

    private static func failure(ofWriting count: Int, in folder: String) -> String? {
        let probe = folder + "/audit.probe"
        defer { unsafe unlink(probe) }
        do throws(SystemCallError) {
            try SafeFile.makeFolder(folder)
            try SafeFile.write([UInt8](repeating: UInt8(ascii: "\n"), count: count), to: probe)
            return nil
        } catch {
            return "\(error)"
        }
    }
}
