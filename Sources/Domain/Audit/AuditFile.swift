// SPDX-License-Identifier: Apache-2.0

package import Linux

/// Records as lines of JSON in the state folder; a file and the one before it, so that it can't grow for ever.
///
/// What any client can cause without the person's word goes into files of its own, so that no amount of it displaces
/// records of what was allowed, handed out or saved.
package struct AuditFile: Sendable {
    /// Which of the files.
    enum Part: CaseIterable, Sendable {
        /// What was allowed, denied, handed out, saved.
        case main
        /// What came to nothing: look-ups that found nothing, questions that nobody answered.
        case minor

        /// The one a record belongs to.
        init(of record: AuditRecord) {
            self = record.isMinor ? .minor : .main
        }

        /// Its file's name without the ending.
        var name: String { self == .main ? "audit" : "audit-minor" }
    }

    /// How long a file may grow before the next one is begun.
    static let limit = 1 << 20

    let folder: String

    /// The files of a state folder.
    package init(folder: String) {
        self.folder = folder
    }

    func path(of part: Part) -> String { "\(folder)/\(part.name).jsonl" }
    private func former(of part: Part) -> String { "\(folder)/\(part.name).1.jsonl" }

    /// The file of a part, to add to.
    func lines(of part: Part) -> RotatedLineFile {
        RotatedLineFile(path(of: part), limit: Self.limit, former: former(of: part))
    }

    /// Adds a record behind the others; several processes may do so.
    ///
    /// - Throws: The failing call's `errno`.
    package func append(_ record: AuditRecord) throws(SystemCallError) {
        var file = lines(of: Part(of: record))
        try file.append(record.line, until: .now + .seconds(5))
    }

    /// All records that are kept, as far as they can be read, the oldest first; a line that makes no sense is skipped.
    package func read() -> AuditFileContents {
        Part.allCases.map { read($0) }.reduce(AuditFileContents()) { all, part in
            AuditFileContents(
                records: AuditRecord.merged(all.records, part.records, now: .max),
                troubles: all.troubles + part.troubles
            )
        }
    }

    /// The same of one part.
    func read(_ part: Part) -> AuditFileContents {
        var all = AuditFileContents()
        for path in [former(of: part), path(of: part)] { all.add(path, limit: 2 * Self.limit) }
        return all
    }

    /// Reads the lines of a part, each once, even across the beginning of the next file.
    func follower(of part: Part) -> LineFollower {
        LineFollower(path(of: part), former: former(of: part), limit: 2 * Self.limit)
    }
}
