// SPDX-License-Identifier: Apache-2.0

/// The system's journal, spoken to in its own protocol (systemd's "Native Journal Protocol").
package enum Journal {
    /// Where journald listens.
    package static let socket = "/run/systemd/journal/socket"

    /// Writes an entry.
    ///
    /// - Parameters:
    ///   - fields: Names of upper-case letters, digits and `_`, and their values.
    ///   - path: Where to.
    /// - Returns: False where there is no journal, or it doesn't take any more.
    package static func write(_ fields: [(name: String, value: String)], socket path: String = socket) -> Bool
    {
        UnixDatagram.send(message(fields), to: path)
    }

    /// The entry as it travels: `NAME=value` and a line feed; a value of several lines by its length instead.
    static func message(_ fields: [(name: String, value: String)]) -> [UInt8] {
        fields.flatMap { name, value -> [UInt8] in
            let bytes = Array(value.utf8)
            guard bytes.contains(UInt8(ascii: "\n")) else { return Array("\(name)=\(value)\n".utf8) }
            let length = (0..<8).map { UInt8(truncatingIfNeeded: bytes.count >> (8 * $0)) }
            return Array("\(name)\n".utf8) + length + bytes + [UInt8(ascii: "\n")]
        }
    }
}
