// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import Linux

/// Records as lines of JSON in the state folder; the file and the one before it, so that it can't grow for ever.
package struct AuditFile: Sendable {
    /// How long a file may become before the next one is begun.
    static let limit = 1 << 20

    private let folder: String
    var path: String { folder + "/audit.jsonl" }
    private var former: String { folder + "/audit.1.jsonl" }

    /// The files of a state folder.
    package init(folder: String) {
        self.folder = folder
    }

    /// Adds a record behind the others; several processes may do so.
    ///
    /// - Throws: The failing call's `errno`.
    package func append(_ record: AuditRecord) throws(SystemCallError) {
        try SafeFile.makeFolder(folder)
        try SafeFile.append(Self.line(record), to: path, limit: Self.limit, former: former)
    }

    /// All records that are kept, the oldest first; a line that makes no sense is skipped.
    ///
    /// - Throws: The failing call's `errno`, unless there is no file.
    package func records() throws(SystemCallError) -> [AuditRecord] {
        try Self.lines(of: former) + Self.lines(of: path)
    }

    /// Reads these records, each once, also across the beginning of the next file.
    func follower() -> LineFollower {
        LineFollower(path, former: former, limit: 2 * Self.limit)
    }

    private static func lines(of path: String) throws(SystemCallError) -> [AuditRecord] {
        let bytes: [UInt8]
        do throws(SystemCallError) {
            bytes = try FileBytes.read(path, limit: 2 * limit)
        } catch {
            guard error.isNoSuchFile else { throw error }
            return []
        }
        return bytes.split(separator: UInt8(ascii: "\n")).compactMap { AuditRecord(line: Array($0)) }
    }

    static func line(_ record: AuditRecord) -> [UInt8] {
        var members = Dictionary(uniqueKeysWithValues: record.fields.map { ($0.key.rawValue, $0.value) })
        members["event"] = record.event.rawValue
        members["time"] = String(record.time)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        // Texts always encode.
        return Array((try? encoder.encode(members)) ?? Data()) + [UInt8(ascii: "\n")]
    }
}

extension AuditRecord {
    /// Reads a line of the file; nil if it isn't one.
    init?(line: [UInt8]) {
        guard let members = try? JSONDecoder().decode([String: String].self, from: Data(line)) else {
            return nil  // cut off by a crash, or not ours
        }
        self.init(members: members)
    }

    /// Reads the members of a record; nil if it lacks what every record has.
    init?(members: [String: String]) {
        guard let event = members["event"].flatMap(Event.init),
            let time = members["time"].flatMap(UInt64.init)
        else { return nil }
        let known = Field.allCases.map { ($0, members[$0.rawValue]) }
        self.init(event, time: time, Dictionary(uniqueKeysWithValues: known))
    }
}
