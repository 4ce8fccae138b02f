// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Linux

/// Writes records, each part of them on a thread of its own: a file that somebody holds up doesn't hold up records that
/// go to another.
final class AuditWriter: Sendable {
    private let parts: [AuditFile.Part: AuditFileWriter]

    /// Prepares to write; nothing is opened yet.
    ///
    /// - Parameters:
    ///   - file: Where to.
    ///   - timeout: How long another program may keep a file locked.
    init(_ file: AuditFile, timeout: Duration) {
        parts = Dictionary(
            uniqueKeysWithValues: AuditFile.Part.allCases.map { part in
                (part, AuditFileWriter(file.lines(of: part), label: part.name, timeout: timeout))
            }
        )
    }

    /// Has a record written.
    ///
    /// - Parameters:
    ///   - record: The record.
    ///   - written: Told that it has been written, or why it couldn't be; must not wait.
    func append(_ record: AuditRecord, written: @escaping AuditFileWriter.Written) {
        parts[AuditFile.Part(of: record)]?.append(record.line, written: written)
    }
}
