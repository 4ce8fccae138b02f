// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import FoundationEssentials
import Glibc
import Linux
import Synchronization

/// Why the journal's records can't be read.
package struct AuditJournalError: Error, Equatable, Sendable {}

/// Reads our records among the journal's entries, as `journalctl` prints them; `AuditTrail` writes them.
package enum AuditJournalReader {
    /// The newest records, the oldest first.
    ///
    /// - Parameters:
    ///   - count: How many at most.
    ///   - daemons: The executables whose records are believed; any other's are shown as a stranger's.
    /// - Returns: The records; none where there is no journal that users can read.
    /// - Throws: If `journalctl` fails or takes longer than 10 s.
    package static func records(
        newest count: Int,
        of daemons: Set<String>
    ) async throws(AuditJournalError) -> [AuditRecord] {
        try await records(command("--lines=\(count)"), of: daemons)
    }

    /// Whether the journal has all of these records, by their `id`, from this process.
    ///
    /// The journal says nothing about what it drops, and takes a moment for what it doesn't.
    static func has(_ ids: Set<String>) async -> Bool {
        for attempt in 0..<tries {
            // Cancelled: nobody waits for it any more.
            if attempt > 0, (try? await pause(.milliseconds(300))) == nil { return false }
            let options = ["_PID=\(getpid())"] + ids.map { "\(AuditTrail.prefix)ID=\($0)" }
            // What can't be read back counts as not kept.
            guard let found = try? await records(command("--lines=\(ids.count)") + options, of: []) else {
                return false
            }
            if ids.isSubset(of: found.compactMap(\.id)) { return true }
        }
        return false
    }

    private static let tries = 4

    private static func records(
        _ command: [String],
        of daemons: Set<String>
    ) async throws(AuditJournalError) -> [AuditRecord] {
        guard Journal.isForUsers else { return [] }
        let output: ChildProgram.Output
        do throws(SystemCallError) {
            output = try await ChildProgram.output(of: command, within: .seconds(10))
        } catch {
            guard error.isNoSuchFile else { throw AuditJournalError() }
            return []
        }
        // Too long counts as failed.
        guard output.ending == .exited(0) else { throw AuditJournalError() }
        return output.bytes.split(separator: UInt8(ascii: "\n")).compactMap {
            Self.record($0, of: daemons)
        }
    }

    private static func command(_ options: String...) -> [String] {
        // Long fields would be left out without `--all`.
        ["journalctl", "--quiet", "--no-pager", "--all", "--output=json"] + options
            + ["MESSAGE_ID=\(AuditTrail.messageID)", "_UID=\(getuid())"]
    }

    /// Reports records as they come, until the result is released; nil where there is no journal that users can read.
    static func follow(
        of daemons: Set<String>,
        _ tell: @escaping @Sendable (AuditRecord) -> Void
    ) throws(SystemCallError) -> ChildProgram? {
        guard Journal.isForUsers else { return nil }
        let begun = Mutex<[UInt8]>([])
        do throws(SystemCallError) {
            return try ChildProgram(command("--follow", "--lines=0")) { chunk in
                var bytes = begun.withLock { $0 }
                for index in chunk.indices {
                    guard chunk[index] == UInt8(ascii: "\n") else {
                        bytes.append(chunk[index])
                        continue
                    }
                    if let record = Self.record(bytes[...], of: daemons) { tell(record) }
                    bytes = []
                }
                begun.withLock { $0 = bytes }
            }
        } catch {
            guard error.isNoSuchFile else { throw error }
            return nil
        }
    }

    /// Reads one entry of journalctl's JSON; nil if it isn't one of ours.
    static func record(_ line: ArraySlice<UInt8>, of daemons: Set<String>) -> AuditRecord? {
        // A field that isn't text (ours has none) isn't a string there.
        guard let entry = try? JSONDecoder().decode([String: Text].self, from: Data(line)) else {
            return nil
        }
        var members: [String: String] = [:]
        for (name, value) in entry where name.hasPrefix(AuditTrail.prefix) {
            members[name.dropFirst(AuditTrail.prefix.count).lowercased()] = value.text
        }
        var record = AuditRecord(members: members)
        // The journal's own word on which program has written it.
        let writer = withoutDeletedMark(entry["_EXE"]?.text ?? "")
        if !daemons.contains(writer) { record?.stranger = writer }
        return record
    }

    /// As after an upgrade: the daemon goes on running from a file that has been replaced.
    private static func withoutDeletedMark(_ path: String) -> String {
        let mark = " (deleted)"
        return path.hasSuffix(mark) ? String(path.dropLast(mark.count)) : path
    }

    private struct Text: Decodable {
        let text: String?

        init(from decoder: any Decoder) throws {
            text = try? decoder.singleValueContainer().decode(String.self)  // nil for other types
        }
    }
}
