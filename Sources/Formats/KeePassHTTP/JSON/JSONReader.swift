// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import UnicodeText

/// Reads one JSON text, strictly by RFC 8259.
///
/// Not Foundation's decoder: that one brings megabytes of code for a few flat objects, turns numbers into doubles, and
/// has neither a limit on depth nor error texts that may be told to a client. Of two equal keys the last counts, as
/// with everyone else's reader. Texts come out stream-safe, so that nothing done with them costs more than its length.
struct JSONReader {
    /// Why a text is no JSON; says where, and never quotes what stands there.
    struct Fault: Error, Equatable {
        let reason: String
        let offset: Int
    }

    /// How deep arrays and objects may nest; the protocol needs three.
    static let deepest = 32

    /// The member of the outermost object whose text goes to memory that is wiped.
    static let secretMember = "Key"

    /// What of a text is kept; all of it is read.
    struct Interest {
        /// The members of the outermost object, of each the last; nil for all there are.
        let members: Set<ByteKey>?
        /// How many values there may be in arrays and in inner objects, all together.
        let mostValues: Int
        /// The members in small letters: each counts in whatever case it comes.
        private let folded: Set<ByteKey>

        init(members: Set<ByteKey>? = nil, mostValues: Int = .max) {
            self.members = members
            self.mostValues = mostValues
            folded = Set((members ?? []).map(\.foldingCase))
        }

        /// Everything.
        static let all = Interest()

        /// Whether a member is kept.
        func wants(_ name: ByteKey) -> Bool { folded.contains(name.foldingCase) }

        /// What a member is kept under: its own name, or one name for all that differ from that in case.
        func name(of member: String) -> String {
            guard let key = ByteKey(member), let members, !members.contains(key), wants(key) else {
                return member
            }
            return key.foldingCase.text
        }
    }

    /// Reads a text that must be an object.
    static func object(_ bytes: [UInt8], keeping interest: Interest = .all) throws(Fault) -> JSONObject {
        var reader = JSONReader(bytes, interest)
        reader.skipSpace()
        let start = reader.position
        let value = try reader.value(depth: 0)
        guard case .object(let members) = value else { throw Fault(reason: "not an object", offset: start) }
        reader.skipSpace()
        guard reader.next == nil else { throw reader.fault("something after the object") }
        return members
    }

    private let bytes: [UInt8]
    private let interest: Interest
    /// Whether all of it is UTF-8, so that what is passed over needn't be looked at for that.
    private let isUTF8: Bool
    private var position: Int
    /// How many values have been read within arrays and inner objects.
    private var inner = 0

    private init(_ bytes: [UInt8], _ interest: Interest) {
        self.bytes = bytes
        self.interest = interest
        isUTF8 = interest.members != nil && (try? UTF8Span(validating: bytes.span)) != nil
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
            if depth == 1, try passOverMember() {
                skipSpace()
                if take(UInt8(ascii: "}")) { return members }
                guard take(UInt8(ascii: ",")) else { throw fault("a comma or the object's end expected") }
                continue
            }
            if depth > 1 { try countInner() }
            let key = try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw fault("a colon expected") }
            skipSpace()
            let isSecret = depth == 1 && key.isSame(as: Self.secretMember) && next == UInt8(ascii: "\"")
            let value = isSecret ? try JSONValue.secret(secret()) : try value(depth: depth)
            if depth == 1, interest.members != nil {
                members.replace(interest.name(of: key), value)
            } else {
                members.append(key, value)
            }
            skipSpace()
            if take(UInt8(ascii: "}")) { return members }
            guard take(UInt8(ascii: ",")) else { throw fault("a comma or the object's end expected") }
        }
    }

    /// Passes over a member of the outermost object that nobody asks for, without keeping anything of it; false if it
    /// is asked for, or may be.
    private mutating func passOverMember() throws(Fault) -> Bool {
        guard interest.members != nil, isUTF8 else { return false }
        var end = position + 1
        while end < bytes.count, bytes[end] != UInt8(ascii: "\"") {
            // One that is written with escapes is read like any that is asked for.
            guard bytes[end] != UInt8(ascii: "\\"), bytes[end] >= 0x20 else { return false }
            end += 1
        }
        guard end < bytes.count else { return false }
        let name = bytes[(position + 1)..<end]
        if name.count <= ByteKey.longest, let key = ByteKey(String(decoding: name, as: UTF8.self)),
            interest.wants(key)
        {
            return false
        }
        position = end + 1
        skipSpace()
        guard take(UInt8(ascii: ":")) else { throw fault("a colon expected") }
        skipSpace()
        try passOver(depth: 1)
        return true
    }

    /// Passes over a value, which has to be well-formed all the same.
    private mutating func passOver(depth: Int) throws(Fault) {
        guard depth <= Self.deepest else { throw fault("nested too deeply") }
        switch next {
        case UInt8(ascii: "{"):
            position += 1
            skipSpace()
            if take(UInt8(ascii: "}")) { return }
            while true {
                skipSpace()
                guard next == UInt8(ascii: "\"") else { throw fault("a key expected") }
                try passOverString()
                skipSpace()
                guard take(UInt8(ascii: ":")) else { throw fault("a colon expected") }
                skipSpace()
                try passOver(depth: depth + 1)
                skipSpace()
                if take(UInt8(ascii: "}")) { return }
                guard take(UInt8(ascii: ",")) else { throw fault("a comma or the object's end expected") }
            }
        case UInt8(ascii: "["):
            position += 1
            skipSpace()
            if take(UInt8(ascii: "]")) { return }
            while true {
                skipSpace()
                try passOver(depth: depth + 1)
                skipSpace()
                if take(UInt8(ascii: "]")) { return }
                guard take(UInt8(ascii: ",")) else { throw fault("a comma or the array's end expected") }
            }
        case UInt8(ascii: "\""): try passOverString()
        case UInt8(ascii: "t"): _ = try word("true", .bool(true))
        case UInt8(ascii: "f"): _ = try word("false", .bool(false))
        case UInt8(ascii: "n"): _ = try word("null", .null)
        default: try passOverNumber()
        }
    }

    private mutating func passOverString() throws(Fault) {
        position += 1
        while let byte = next {
            position += 1
            switch byte {
            case UInt8(ascii: "\""): return
            case UInt8(ascii: "\\"): _ = try escaped()
            case 0..<0x20:
                position -= 1
                throw fault("a control character in a text")
            default: break
            }
        }
        throw fault("a text without its end")
    }

    private mutating func countInner() throws(Fault) {
        inner += 1
        guard inner <= interest.mostValues else { throw fault("more than any request has") }
    }

    private mutating func elements(depth: Int) throws(Fault) -> [JSONValue] {
        var elements: [JSONValue] = []
        position += 1
        skipSpace()
        if take(UInt8(ascii: "]")) { return elements }
        while true {
            skipSpace()
            try countInner()
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
        try passOverNumber()
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    private mutating func passOverNumber() throws(Fault) {
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits() }
        if take(UInt8(ascii: ".")) { try digits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "-")) { _ = take(UInt8(ascii: "+")) }
            try digits()
        }
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

    /// Reads a text without leaving a piece of it anywhere else.
    private mutating func secret() throws(Fault) -> SecretBytes {
        let start = position
        var end = start + 1
        while end < bytes.count, bytes[end] != UInt8(ascii: "\"") {
            end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1
        }
        position += 1
        return try SecretBytes(capacity: end - start) { text throws(Fault) in
            while let byte = next {
                switch byte {
                case UInt8(ascii: "\""):
                    position += 1
                    return
                case UInt8(ascii: "\\"):
                    position += 1
                    for byte in try escaped() { text.append(byte) }
                case 0..<0x20:
                    throw fault("a control character in a text")
                default:
                    text.append(byte)
                    position += 1
                }
            }
            throw fault("a text without its end")
        }
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
