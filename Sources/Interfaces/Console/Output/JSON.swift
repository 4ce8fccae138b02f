// SPDX-License-Identifier: Apache-2.0

import DBus
import DisplayText

/// A JSON value whose members keep their order.
enum JSON: Equatable, Sendable {
    case string(String)
    case number(UInt64)
    case bool(Bool)
    case array([JSON])
    case object([(String, JSON)])
    case null

    static func == (left: JSON, right: JSON) -> Bool { left.text == right.text }

    /// What a value of the bus is in JSON; a structure becomes an array.
    init(_ value: Value) {
        switch value {
        case .string(let text): self = .string(text)
        case .objectPath(let path): self = .string(path.text)
        case .boolean(let bool): self = .bool(bool)
        case .byte(let number): self = .number(UInt64(number))
        case .uint16(let number): self = .number(UInt64(number))
        case .uint32(let number): self = .number(UInt64(number))
        case .uint64(let number): self = .number(number)
        case .array(_, let elements), .structure(let elements): self = .array(elements.map { JSON($0) })
        case .variant(let content): self = JSON(content)
        case .dictionary: self = value.vardict.map { JSON(members: $0) } ?? .null
        default: self = .null
        }
    }

    /// An object, its keys sorted.
    init(members: [String: Value]) {
        self = .object(members.sorted { $0.key < $1.key }.map { ($0.key, JSON($0.value)) })
    }

    /// The text, indented by two.
    ///
    /// What a terminal would act on is escaped, so that it can be printed on one.
    var text: String { lines(indent: "") }

    private func lines(indent: String) -> String {
        let inner = indent + "  "
        switch self {
        case .string(let text): return Self.quoted(text)
        case .number(let number): return String(number)
        case .bool(let bool): return bool ? "true" : "false"
        case .null: return "null"
        case .array(let elements):
            guard !elements.isEmpty else { return "[]" }
            let lines = elements.map { inner + $0.lines(indent: inner) }
            return "[\n" + lines.joined(separator: ",\n") + "\n" + indent + "]"
        case .object(let members):
            guard !members.isEmpty else { return "{}" }
            let lines = members.map { inner + Self.quoted($0.0) + ": " + $0.1.lines(indent: inner) }
            return "{\n" + lines.joined(separator: ",\n") + "\n" + indent + "}"
        }
    }

    /// A text as a JSON string.
    static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": quoted += "\\\""
            case "\\": quoted += "\\\\"
            case "\n": quoted += "\\n"
            case "\t": quoted += "\\t"
            case _ where PlainText.isHidden(scalar):
                for unit in String(scalar).utf16 {
                    let digits = String(unit, radix: 16)
                    quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
                }
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
