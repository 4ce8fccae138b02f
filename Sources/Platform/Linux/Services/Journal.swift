// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The system's journal, spoken to in its own protocol (systemd's "Native Journal Protocol").
package enum Journal {
    /// Where journald listens.
    package static let socket = "/run/systemd/journal/socket"

    /// Whether users can read back what they write: a journal on the disk has a file for each user, one in memory is
    /// for administrators only (journald.conf(5), `Storage=` and `SplitMode=`).
    package static var isForUsers: Bool {
        guard let bytes = try? FileBytes.read("/etc/machine-id") else { return false }  // no systemd then
        let machine = String(decoding: bytes.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        return unsafe !machine.isEmpty && access("/var/log/journal/\(machine)", F_OK) == 0
    }

    /// Writes an entry.
    ///
    /// - Parameters:
    ///   - fields: Names of upper-case letters, digits and `_`, and their values.
    ///   - path: Where to.
    /// - Returns: False if there is no journal, or it doesn't accept any more.
    package static func write(_ fields: [(name: String, value: String)], socket path: String = socket) -> Bool
    {
        UnixDatagram.send(message(fields), to: path)
    }

    /// The entry as it is sent: `NAME=value` and a line feed; a value of several lines with its length instead.
    static func message(_ fields: [(name: String, value: String)]) -> [UInt8] {
        fields.flatMap { name, value -> [UInt8] in
            let bytes = Array(value.utf8)
            guard bytes.contains(UInt8(ascii: "\n")) else { return Array("\(name)=\(value)\n".utf8) }
            let length = (0..<8).map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) }
            return Array("\(name)\n".utf8) + length + bytes + [UInt8(ascii: "\n")]
        }
    }
}
