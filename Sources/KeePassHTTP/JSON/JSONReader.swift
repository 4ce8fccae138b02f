// SPDX-License-Identifier: Apache-2.0

import UnicodeText

/// Reads one JSON text, strictly by RFC 8259.
///
/// Not Foundation's decoder: that one brings megabytes of code for a few flat objects, turns numbers into doubles, and
/// gives neither a limit on depth nor an error text that is fit for a stranger. Of two equal keys the last counts,
/// as with everyone else's reader. Texts come out stream-safe, so that nothing done with them costs more than its length.
struct JSONReader {
    /// Why a text is no JSON; says where, and never quotes what stands there.
    struct Fault: Error, Equatable {
        let reason: String
        let offset: Int
    }

    /// How deep arrays and objects may nest; the protocol needs three.
    static let deepest = 32

    /// Reads a text that must be an object.
    static func object(_ bytes: [UInt8]) throws(Fault) -> JSONObject {
        var reader = JSONReader(bytes)
        reader.skipSpace()
        let start = reader.position
        let value = try reader.value(depth: 0)
        guard case .object(let members) = value else { throw Fault(reason: "not an object", offset: start) }
        reader.skipSpace()
        guard reader.next == nil else { throw reader.fault("something after the object") }
        return members
    }

    private let bytes: [UInt8]
    private var position: Int

    private init(_ bytes: [UInt8]) {
        self.bytes = bytes
        // .NET writes a byte order mark before the text if its author forgot to forbid it.
        position = bytes.starts(with: [0xEF, 0xBB, 0xBF]) ? 3 : 0
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func value(depth: Int) throws(Fault) -> JSONValue {
        guard depth <= Self.deepest else { throw fault("nested too deeply") }
        switch next {
        case UInt8(ascii: "{"): return try .object(members(depth: depth + 1))
        case UInt8(ascii: "["): return try .array(elements(depth: depth + 1))
        case UInt8(ascii: "\""): return try .string(string())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try .number(number())
        }
    }

    private mutating func members(depth: Int) throws(Fault) -> JSONObject {
        var members = JSONObject()
        position += 1
        skipSpace()
        if take(UInt8(ascii: "}")) { return members }
        while true {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw fault("a key expected") }
            let key = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw fault("a colon expected") }
            skipSpace()
            members.append(key, try value(depth: depth))
            skipSpace()
            if take(UInt8(ascii: "}")) { return members }
            guard take(UInt8(ascii: ",")) else { throw fault("a comma or the object's end expected") }
        }
    }

    private mutating func elements(depth: Int) throws(Fault) -> [JSONValue] {
        var elements: [JSONValue] = []
        position += 1
        skipSpace()
        if take(UInt8(ascii: "]")) { return elements }
        while true {
            skipSpace()
            elements.append(try value(depth: depth))
            skipSpace()
            if take(UInt8(ascii: "]")) { return elements }
            guard take(UInt8(ascii: ",")) else { throw fault("a comma or the array's end expected") }
        }
    }

    private mutating func word(_ word: StaticString, _ value: JSONValue) throws(Fault) -> JSONValue {
        for letter in word.description.utf8 {
            guard take(letter) else { throw fault("an unknown word") }
        }
        return value
    }

    // number = [ "-" ] ( "0" / 1-9 *DIGIT ) [ "." 1*DIGIT ] [ ( "e" / "E" ) [ "-" / "+" ] 1*DIGIT ]
    private mutating func number() throws(Fault) -> String {
        let start = position
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits() }
        if take(UInt8(ascii: ".")) { try digits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "-")) { _ = take(UInt8(ascii: "+")) }
            try digits()
        }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func digits() throws(Fault) {
        let start = position
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
        guard position > start else { throw fault("a value expected") }
    }

    private mutating func string() throws(Fault) -> String {
        let start = position
        position += 1
        var text: [UInt8] = []
        var plain = position
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                text += bytes[plain..<position]
                position += 1
                guard let string = String(streamSafe: text) else {
                    throw Fault(reason: "a text that is not UTF-8", offset: start)
                }
                return string
            case UInt8(ascii: "\\"):
                text += bytes[plain..<position]
                position += 1
                text += try escaped()
                plain = position
            case 0..<0x20:
                throw fault("a control character in a text")
            default:
                position += 1
            }
        }
        throw fault("a text without its end")
    }

    private mutating func escaped() throws(Fault) -> [UInt8] {
        guard let letter = next else { throw fault("a text without its end") }
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return [letter]
        case UInt8(ascii: "b"): return [0x08]
        case UInt8(ascii: "f"): return [0x0C]
        case UInt8(ascii: "n"): return [0x0A]
        case UInt8(ascii: "r"): return [0x0D]
        case UInt8(ascii: "t"): return [0x09]
        case UInt8(ascii: "u"): return Array(String(try escapedScalar()).utf8)
        default: throw fault("an unknown escape")
        }
    }

    private mutating func escapedScalar() throws(Fault) -> Character {
        var units = [try codeUnit()]
        if UTF16.isLeadSurrogate(units[0]) {
            guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else {
                throw fault("half a surrogate pair")
            }
            units.append(try codeUnit())
        }
        guard let text = String(validating: units, as: UTF16.self), let scalar = text.unicodeScalars.first
        else {
            throw fault("half a surrogate pair")
        }
        return Character(scalar)
    }

    private mutating func codeUnit() throws(Fault) -> UInt16 {
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = next, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw fault("four hexadecimal digits expected")
            }
            unit = unit << 4 | UInt16(digit)
            position += 1
        }
        return unit
    }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    private func fault(_ reason: String) -> Fault {
        position < bytes.count
            ? Fault(reason: reason, offset: position) : Fault(reason: "unexpected end", offset: position)
    }
}
