// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// The system's journal, spoken to in its own protocol (systemd's "Native Journal Protocol").
package enum Journal {
    private static let datagrams = UnixDatagram()

    /// Where journald listens.
    package static let socket = "/run/systemd/journal/socket"

    /// Whether users can read back what they write: a journal on the disk has a file for each user, one in memory is
    /// for administrators only (journald.conf(5), `Storage=` and `SplitMode=`).
    package static var isForUsers: Bool {
        guard let bytes = try? FileBytes.read("/etc/machine-id") else { return false }  // no systemd then
        let machine = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        return unsafe !machine.isEmpty && access("/var/log/journal/\(machine)", F_OK) == 0
    }

    /// Whether this process's standard error leads to the journal, and not just that of a program that started it
    /// (systemd.exec(5), `$JOURNAL_STREAM`).
    package static func isStandardError(in environment: [String: String]) -> Bool {
        guard let stream = environment["JOURNAL_STREAM"] else { return false }
        var file = stat()
        return unsafe fstat(STDERR_FILENO, &file) == 0 && stream == "\(file.st_dev):\(file.st_ino)"
    }

    /// Whether somebody may listen there: an entry that nobody takes needn't be made.
    package static func isThere(at path: String = socket) -> Bool {
        unsafe path.hasPrefix("@") || access(path, F_OK) == 0
    }

    /// Writes an entry.
    ///
    /// - Parameters:
    ///   - fields: Names of upper-case letters, digits and `_`, and their values.
    ///   - path: Where to.
    /// - Returns: False if there is no journal, or it doesn't accept any more.
    package static func write(_ fields: [(name: String, value: String)], socket path: String = socket) -> Bool
    {
        datagrams.send(message(fields), to: path)
    }

    /// The entry as it is sent: `NAME=value` and a line feed; a value of several lines with its length instead.
    static func message(_ fields: [(name: String, value: String)]) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(fields.reduce(0) { $0 + $1.name.utf8.count + $1.value.utf8.count + 10 })
        for (name, value) in fields {
            bytes += name.utf8
            if value.hasLineBreak {
                bytes.append(UInt8(ascii: "\n"))
                for place in 0..<8 {
                    bytes.append(UInt8(truncatingIfNeeded: value.utf8.count >> (8 * place)))
                }
            } else {
                bytes.append(UInt8(ascii: "="))
            }
            bytes += value.utf8
            bytes.append(UInt8(ascii: "\n"))
        }
        return bytes
    }
}

extension String {
    fileprivate var hasLineBreak: Bool {
        let text = utf8.span
        for index in text.indices where text[index] == UInt8(ascii: "\n") { return true }
        return false
    }
}
