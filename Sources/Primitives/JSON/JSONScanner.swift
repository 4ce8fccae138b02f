// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import UnicodeText

/// Where a text's bytes are.
protocol JSONSource {
    var count: Int { get }
    subscript(_ index: Int) -> UInt8 { get }
    /// Appends some of it to what is there.
    func copy(_ places: Range<Int>, to text: inout [UInt8])
}

extension [UInt8]: JSONSource {
    func copy(_ places: Range<Int>, to text: inout [UInt8]) { text += self[places] }
}

/// Bytes in secret memory, read where they are.
struct SecretSource: JSONSource {
    let bytes: SecretBytes

    var count: Int { bytes.count }

    subscript(_ index: Int) -> UInt8 { bytes.withSpan { $0[index] } }

    func copy(_ places: Range<Int>, to text: inout [UInt8]) {
        bytes.withSpan { span in for place in places { text.append(span[place]) } }
    }
}

/// The reading of one text, from its first byte to its last.
struct JSONScanner<Source: JSONSource> {
    let bytes: Source
    let interest: JSONReader.Interest
    /// Whether members of the outermost object that nobody asks for are skipped, not read.
    let passesOver: Bool
    private let textsAreSecret: Bool
    let isLenient: Bool
    let deepest: Int
    var position = 0
    /// How many values have been read within arrays and inner objects.
    private var inner = 0

    typealias Fault = JSONReader.Fault

    init(
        _ bytes: Source,
        _ interest: JSONReader.Interest,
        passesOver: Bool = false,
        textsAreSecret: Bool = false,
        isLenient: Bool = false,
        deepest: Int
    ) {
        self.bytes = bytes
        self.interest = interest
        self.passesOver = passesOver
        self.textsAreSecret = textsAreSecret
        self.isLenient = isLenient
        self.deepest = deepest
    }

    /// Skips what may come before the value.
    mutating func begin() {
        // .NET writes a byte order mark before the text unless told not to.
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        if bytes.count >= mark.count, mark.indices.allSatisfy({ bytes[$0] == mark[$0] }) {
            position = mark.count
        }
        skipSpace()
    }

    /// - Throws: If there is more than the value.
    mutating func end() throws(Fault) {
        skipSpace()
        guard next == nil else { throw fault("something after the object") }
    }

    var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func value(depth: Int) throws(Fault) -> JSONValue {
        guard depth <= deepest else { throw fault("nested too deeply") }
        switch next {
        case UInt8(ascii: "{"): return try .object(members(depth: depth + 1))
        case UInt8(ascii: "["): return try .array(elements(depth: depth + 1))
        case UInt8(ascii: "\""): return textsAreSecret ? try .secret(secret()) : try .string(string())
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
            if depth > 1 { try countInner() }
            let isPartial = depth == 1 && interest.isPartial
            let name = isPartial ? try knownName() : try string()
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw fault("a colon expected") }
            skipSpace()
            if let name {
                let isSecret = depth == 1 && interest.isSecret(name) && next == UInt8(ascii: "\"")
                let value = isSecret ? try JSONValue.secret(secret()) : try value(depth: depth)
                if isPartial { members.replace(name, value) } else { members.append(name, value) }
            } else if passesOver {
                try passOver(depth: depth)
            } else {
                _ = try value(depth: depth)
            }
            skipSpace()
            if take(UInt8(ascii: "}")) { return members }
            guard take(UInt8(ascii: ",")) else { throw fault("a comma or the object's end expected") }
        }
    }

    /// Reads the name of a member of the outermost object: what that is kept under, or nil if it isn't.
    private mutating func knownName() throws(Fault) -> String? {
        let start = position + 1
        var end = start
        while end < bytes.count, bytes[end] != UInt8(ascii: "\"") {
            guard bytes[end] != UInt8(ascii: "\\"), bytes[end] >= 0x20, passesOver else {
                // One that is written with escapes, or may not be UTF-8, is read like any text.
                let text = Array(try string().utf8)
                return interest.name(in: text, at: text.indices)
            }
            end += 1
        }
        guard end < bytes.count else { throw Fault(reason: "a text without its end", offset: bytes.count) }
        position = end + 1
        return interest.name(in: bytes, at: start..<end)
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

    mutating func word(_ word: StaticString, _ value: JSONValue) throws(Fault) -> JSONValue {
        for letter in word.description.utf8 {
            guard take(letter) else { throw fault("an unknown word") }
        }
        return value
    }

    // number = [ "-" ] ( "0" / 1-9 *DIGIT ) [ "." 1*DIGIT ] [ ( "e" / "E" ) [ "-" / "+" ] 1*DIGIT ]
    private mutating func number() throws(Fault) -> String {
        let start = position
        try passOverNumber()
        return text(in: start..<position)
    }

    mutating func passOverNumber() throws(Fault) {
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
                bytes.copy(plain..<position, to: &text)
                position += 1
                guard let string = String(streamSafe: text.span) else {
                    throw Fault(reason: "a text that is not UTF-8", offset: start)
                }
                return string
            case UInt8(ascii: "\\"):
                bytes.copy(plain..<position, to: &text)
                position += 1
                for unit in try Self.units(of: escaped()) { text.append(unit) }
                plain = position
            case 0..<0x20 where !isLenient:
                throw fault("a control character in a text")
            default:
                position += 1
            }
        }
        throw fault("a text without its end")
    }

    /// Reads a text without leaving any part of it elsewhere.
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
                    for unit in try Self.units(of: escaped()) { text.append(unit) }
                case 0..<0x20 where !isLenient:
                    throw fault("a control character in a text")
                default:
                    text.append(byte)
                    position += 1
                }
            }
            throw fault("a text without its end")
        }
    }

    mutating func escaped() throws(Fault) -> Unicode.Scalar {
        guard let letter = next else { throw fault("a text without its end") }
        position += 1
        switch letter {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Unicode.Scalar(letter)
        case UInt8(ascii: "b"): return "\u{8}"
        case UInt8(ascii: "f"): return "\u{C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"): return try escapedScalar()
        default: throw fault("an unknown escape")
        }
    }

    /// The scalar of one `\u` escape, or of the two of a surrogate pair.
    private mutating func escapedScalar() throws(Fault) -> Unicode.Scalar {
        let high = try codeUnit()
        if let scalar = Unicode.Scalar(high) { return scalar }
        let after = position
        if UTF16.isLeadSurrogate(high), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
            let low = try codeUnit()
            let value = 0x10000 + (UInt32(high & 0x3FF) << 10 | UInt32(low & 0x3FF))
            if UTF16.isTrailSurrogate(low), let scalar = Unicode.Scalar(value) { return scalar }
        }
        guard isLenient else { throw fault("half a surrogate pair") }
        position = after
        return "\u{FFFD}"
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

    mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        position += 1
        return true
    }

    func fault(_ reason: String) -> Fault {
        position < bytes.count
            ? Fault(reason: reason, offset: position) : Fault(reason: "unexpected end", offset: position)
    }

    private static func units(of scalar: Unicode.Scalar) -> UTF8.EncodedScalar {
        UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
    }

    func text(in range: Range<Int>) -> String {
        String(decoding: range.map { bytes[$0] }, as: UTF8.self)
    }
}
