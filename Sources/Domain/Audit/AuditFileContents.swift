// SPDX-License-Identifier: Apache-2.0

import Linux

/// What the files with the records have, and what of them can't be read.
package struct AuditFileContents: Sendable {
    /// The records, the oldest first.
    package internal(set) var records: [AuditRecord] = []

    /// What could not be read, with its file: `audit.jsonl: permission denied`.
    package internal(set) var troubles: [String] = []

    /// Adds what is in a file, if there is one.
    ///
    /// - Parameters:
    ///   - path: Where it is.
    ///   - limit: How much of its end is read; no file that only we write is longer.
    mutating func add(_ path: String, limit: Int) {
        let name = path.split(separator: "/").last ?? ""
        do throws(SystemCallError) {
            var (bytes, isCut) = try FileBytes.end(of: path, limit: limit)
            if isCut {
                // It begins in the middle of a line.
                bytes.removeFirst(bytes.firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? bytes.count)
                troubles.append("\(name): it is too long, and what is before its end was left out")
            }
            records += bytes.split(separator: UInt8(ascii: "\n")).compactMap { AuditRecord(line: Array($0)) }
        } catch {
            if !error.isNoSuchFile { troubles.append("\(name): \(error.words)") }
        }
    }
}
