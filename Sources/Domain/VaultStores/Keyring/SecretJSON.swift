// SPDX-License-Identifier: Apache-2.0

import JSON
import SecureMemory

/// JSON whose texts are secrets: they go from one secret memory to another and never through a `String`.
///
/// Names of members are not secret. Numbers are whole ones; any other word is kept as it was written.
indirect enum SecretJSON: Equatable, Sendable {
    case object([String: SecretJSON])
    case array([SecretJSON])
    case text(SecretBytes)
    case number(Int64)
    /// `true`, `false`, `null`, or a number that isn't whole or is too large.
    case word(String)

    static let null = SecretJSON.word("null")

    /// The member of an object.
    subscript(name: String) -> SecretJSON? {
        guard case .object(let members) = self else { return nil }
        return members[name]
    }

    var object: [String: SecretJSON] {
        guard case .object(let members) = self else { return [:] }
        return members
    }

    var array: [SecretJSON] {
        guard case .array(let elements) = self else { return [] }
        return elements
    }

    var text: SecretBytes? {
        guard case .text(let text) = self else { return nil }
        return text
    }

    var number: Int64? {
        guard case .number(let number) = self else { return nil }
        return number
    }
}

// MARK: - Writing

extension SecretJSON {
    /// The document, members in the order of their names.
    func written() -> SecretBytes {
        switch self {
        case .object(let members):
            let parts = members.sorted { $0.key < $1.key }.map { name, value in
                SecretBytes.joining([
                    Self.quoted(SecretBytes(utf8: name)), SecretBytes(utf8: ":"), value.written(),
                ])
            }
            return Self.list(parts, "{", "}")
        case .array(let elements): return Self.list(elements.map { $0.written() }, "[", "]")
        case .text(let text): return Self.quoted(text)
        case .number(let number): return SecretBytes(utf8: String(number))
        case .word(let word): return SecretBytes(utf8: word)
        }
    }

    private static func list(_ parts: [SecretBytes], _ opening: String, _ closing: String) -> SecretBytes {
        let comma = SecretBytes(utf8: ",")
        let separated = parts.enumerated().flatMap { $0 == 0 ? [$1] : [comma, $1] }
        return .joining([SecretBytes(utf8: opening)] + separated + [SecretBytes(utf8: closing)])
    }

    /// How many bytes a byte of a text takes.
    private static func length(_ byte: UInt8) -> Int {
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): 2
        case 0..<0x20: 6
        default: 1
        }
    }

    private static func quoted(_ text: SecretBytes) -> SecretBytes {
        let hex = Array("0123456789abcdef".utf8)
        return text.withSpan { bytes in
            // Counted first: locked memory is small.
            var length = 2
            for index in bytes.indices { length += Self.length(bytes[index]) }
            return SecretBytes(capacity: length) { output in
                output.append(UInt8(ascii: "\""))
                for index in bytes.indices {
                    let byte = bytes[index]
                    switch byte {
                    case UInt8(ascii: "\""), UInt8(ascii: "\\"):
                        output.append(UInt8(ascii: "\\"))
                        output.append(byte)
                    case 0..<0x20:
                        for unit in #"\u00"#.utf8 { output.append(unit) }
                        output.append(hex[Int(byte >> 4)])
                        output.append(hex[Int(byte & 15)])
                    default:
                        output.append(byte)
                    }
                }
                output.append(UInt8(ascii: "\""))
            }
        }
    }
}

// MARK: - Reading

extension SecretJSON {
    /// Reads a document; nil if it isn't JSON.
    init?(_ document: SecretBytes) {
        // Nobody is told why: the text may hold anything.
        guard let value = try? JSONReader.value(of: document) else { return nil }
        self.init(value)
    }

    private init(_ value: JSONValue) {
        switch value {
        case .null: self = .null
        case .bool(let claim): self = .word(claim ? "true" : "false")
        case .number(let text):
            // A number that would not come back as it was is kept as a word.
            let number = Int64(text).flatMap { String($0) == text ? $0 : nil }
            self = number.map { .number($0) } ?? .word(text)
        case .secret(let text): self = .text(text)
        case .string(let text): self = .text(SecretBytes(utf8: text))
        case .array(let elements): self = .array(elements.map { SecretJSON($0) })
        case .object(let object):
            self = .object(
                Dictionary(object.members.map { ($0.name, SecretJSON($0.value)) }) { _, last in last }
            )
        }
    }
}
