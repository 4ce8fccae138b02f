// SPDX-License-Identifier: Apache-2.0

package import Linux

/// Records as lines of JSON in the state folder; a file and the one before it, so that it can't grow for ever.
///
/// What any client can cause without a word of the person's stands in files of its own, so that however much there is of
/// it takes no place from what was allowed, handed out or saved.
package struct AuditFile: Sendable {
    /// Which of the files.
    enum Part: CaseIterable, Sendable {
        /// What was allowed, denied, handed out, saved.
        case main
        /// What came to nothing: look-ups without a find, questions that nobody has answered.
        case minor

        /// That of a record.
        init(of record: AuditRecord) {
            self = record.isMinor ? .minor : .main
        }

        /// What its file is called, less the ending.
        var name: String { self == .main ? "audit" : "audit-minor" }
    }

    /// How long a file may become before the next one is begun.
    static let limit = 1 << 20

    let folder: String

    /// The files of a state folder.
    package init(folder: String) {
        self.folder = folder
    }

    func path(of part: Part) -> String { "\(folder)/\(part.name).jsonl" }
    private func former(of part: Part) -> String { "\(folder)/\(part.name).1.jsonl" }

    /// The file of a part, to add to.
    func lines(of part: Part) -> LineFile {
        LineFile(path(of: part), limit: Self.limit, former: former(of: part))
    }

    /// Adds a record behind the others; several processes may do so.
    ///
    /// - Throws: The failing call's `errno`.
    package func append(_ record: AuditRecord) throws(SystemCallError) {
        var file = lines(of: Part(of: record))
        try file.append(record.line)
    }

    /// All records that are kept, the oldest first; a line that makes no sense is skipped.
    ///
    /// - Throws: The failing call's `errno`, unless there is no file.
    package func records() throws(SystemCallError) -> [AuditRecord] {
        AuditRecord.merged(try records(of: .main), try records(of: .minor), now: .max)
    }

    /// The same of one part.
    func records(of part: Part) throws(SystemCallError) -> [AuditRecord] {
        try Self.records(in: former(of: part)) + Self.records(in: path(of: part))
    }

    /// Reads the lines of a part, each once, also across the beginning of the next file.
    func follower(of part: Part) -> LineFollower {
        LineFollower(path(of: part), former: former(of: part), limit: 2 * Self.limit)
    }

    private static func records(in path: String) throws(SystemCallError) -> [AuditRecord] {
        let bytes: [UInt8]
        do throws(SystemCallError) {
            bytes = try FileBytes.read(path, limit: 2 * limit)
        } catch {
            guard error.isNoSuchFile else { throw error }
            return []
        }
        return bytes.split(separator: UInt8(ascii: "\n")).compactMap { AuditRecord(line: Array($0)) }
    }
}
