// SPDX-License-Identifier: Apache-2.0

/// Reads the XML that programs write for each other: elements, attributes and text in UTF-8, with references.
///
/// It gives up at everything else and at whatever looks wrong: another encoding, comments, instructions, CDATA, a
/// document type, names with prefixes or beyond ASCII, white space or references in attributes. What it does take it
/// takes as libxml2 would, which half of the time to open a large database went to.
@unsafe struct PlainScanner {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var position = 0
    private var names = unsafe NameCache()
    /// Where the names of the open elements stand.
    private var open: [Range<Int>] = []

    /// Gives the events of a text to a builder; a failure means that it can't, not that the text is wrong.
    static func read(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ builder: inout TreeBuilder
    ) -> Result<Void, XMLError> {
        var scanner = unsafe PlainScanner(bytes: bytes)
        guard unsafe scanner.isPlainUTF8, unsafe scanner.skipProlog(), unsafe scanner.scan(&builder) else {
            return .failure(unsafe builder.failure ?? .malformed(line: 1))
        }
        return .success(())
    }

    private init(bytes: UnsafeBufferPointer<UInt8>) { unsafe self.bytes = bytes }

    private mutating func scan(_ builder: inout TreeBuilder) -> Bool {
        guard unsafe element(&builder) else { return false }
        while unsafe !open.isEmpty, unsafe builder.failure == nil {
            guard unsafe text(&builder) else { return false }
            let isEnd = unsafe byte(at: position + 1) == UInt8(ascii: "/")
            guard unsafe isEnd ? end(&builder) : element(&builder) else { return false }
        }
        return unsafe builder.failure == nil
    }

    /// At a start tag: reads it, and its end if it is empty.
    private mutating func element(_ builder: inout TreeBuilder) -> Bool {
        guard unsafe byte(at: position) == UInt8(ascii: "<") else { return false }
        unsafe position += 1
        guard let name = unsafe name() else { return false }
        unsafe builder.start(names.number(of: UnsafeBufferPointer(rebasing: bytes[name]), &builder))
        var attributes: [Range<Int>] = []
        while true {
            let hasSpace = unsafe skipBlanks()
            switch unsafe byte(at: position) {
            case UInt8(ascii: ">"):
                unsafe position += 1
                unsafe open.append(name)
                return true
            case UInt8(ascii: "/"):
                guard unsafe byte(at: position + 1) == UInt8(ascii: ">") else { return false }
                unsafe position += 2
                unsafe builder.end()
                return true
            default:
                guard hasSpace, let attribute = unsafe attribute(&builder),
                    !attributes.contains(where: { unsafe isSame($0, attribute) })
                else { return false }
                attributes.append(attribute)
            }
        }
    }

    private mutating func attribute(_ builder: inout TreeBuilder) -> Range<Int>? {
        // A declaration of a namespace is more than an attribute.
        guard let name = unsafe name(), unsafe !bytes[name].starts(with: "xmlns".utf8),
            unsafe byte(at: position) == UInt8(ascii: "="), let quote = unsafe byte(at: position + 1),
            quote == UInt8(ascii: "\"") || quote == UInt8(ascii: "'")
        else { return nil }
        unsafe position += 2
        let start = unsafe position
        while let byte = unsafe byte(at: position), byte != quote {
            guard byte >= 0x20, byte != UInt8(ascii: "<"), byte != UInt8(ascii: "&") else { return nil }
            unsafe position += 1
        }
        guard unsafe position < bytes.count else { return nil }
        let number = unsafe names.number(of: UnsafeBufferPointer(rebasing: bytes[name]), &builder)
        unsafe builder.attribute(number, UnsafeBufferPointer(rebasing: bytes[start..<position]))
        unsafe position += 1
        return name
    }

    private mutating func end(_ builder: inout TreeBuilder) -> Bool {
        unsafe position += 2
        guard let name = unsafe name(), let opened = unsafe open.popLast(), unsafe isSame(name, opened) else {
            return false
        }
        _ = unsafe skipBlanks()
        guard unsafe byte(at: position) == UInt8(ascii: ">") else { return false }
        unsafe position += 1
        unsafe builder.end()
        return true
    }

    /// Reads text up to the next tag.
    private mutating func text(_ builder: inout TreeBuilder) -> Bool {
        var start = unsafe position
        while let byte = unsafe byte(at: position) {
            guard unsafe Self.needsLook(byte) else {
                unsafe position += 1
                continue
            }
            guard byte != UInt8(ascii: "]") else {
                // The end of a CDATA section must not stand in text; more than one bracket is left to libxml2.
                guard unsafe self.byte(at: position + 1) != UInt8(ascii: "]") else { return false }
                unsafe position += 1
                continue
            }
            unsafe builder.text(UnsafeBufferPointer(rebasing: bytes[start..<position]))
            switch byte {
            case UInt8(ascii: "<"): return true
            case UInt8(ascii: "&"): guard unsafe reference(&builder) else { return false }
            case 0x0D: unsafe lineEnd(&builder)
            default: return false
            }
            start = unsafe position
        }
        return false
    }

    /// Both ends of line that are not a line feed are read as one.
    private mutating func lineEnd(_ builder: inout TreeBuilder) {
        unsafe position += unsafe byte(at: position + 1) == 0x0A ? 2 : 1
        unsafe builder.text(byte: 0x0A)
    }

    private mutating func reference(_ builder: inout TreeBuilder) -> Bool {
        for (reference, byte) in unsafe Self.references
        where unsafe bytes[position...].starts(with: reference) {
            unsafe position += reference.count
            unsafe builder.text(byte: byte)
            return true
        }
        return false
    }

    private static let references: [([UInt8], UInt8)] = [
        (Array("&lt;".utf8), UInt8(ascii: "<")), (Array("&gt;".utf8), UInt8(ascii: ">")),
        (Array("&amp;".utf8), UInt8(ascii: "&")), (Array("&quot;".utf8), UInt8(ascii: "\"")),
        (Array("&apos;".utf8), UInt8(ascii: "'")), (Array("&#xD;".utf8), 0x0D), (Array("&#xA;".utf8), 0x0A),
    ]

    /// Whether a byte in text may mean something: markup, an end of line, or what XML can't have.
    private static func needsLook(_ byte: UInt8) -> Bool {
        byte < 0x20
            ? byte != 0x09 && byte != 0x0A
            : byte == UInt8(ascii: "<") || byte == UInt8(ascii: "&") || byte == UInt8(ascii: "]")
    }
}

extension PlainScanner {
    /// Whether the text is UTF-8 without the two characters that XML can't have beyond the control characters.
    private var isPlainUTF8: Bool {
        var all: UInt8 = 0
        for index in unsafe bytes.indices { unsafe all |= bytes[index] }
        guard all >= 0x80 else { return true }
        guard unsafe String(validating: bytes, as: UTF8.self) != nil else { return false }
        for index in unsafe bytes.indices.dropLast(2)
        where unsafe bytes[index] == 0xEF && bytes[index + 1] == 0xBF && bytes[index + 2] >= 0xBE {
            return false
        }
        return true
    }

    /// Skips a byte order mark and a declaration that says no more than that this is UTF-8.
    private mutating func skipProlog() -> Bool {
        if unsafe bytes.starts(with: [0xEF, 0xBB, 0xBF]) { unsafe position = 3 }
        for declaration in unsafe Self.declarations where unsafe bytes[position...].starts(with: declaration)
        {
            unsafe position += declaration.count
            break
        }
        _ = unsafe skipBlanks()
        return true
    }

    private static let declarations: [[UInt8]] = [
        #"<?xml version="1.0" encoding="utf-8"?>"#, #"<?xml version="1.0" encoding="UTF-8"?>"#,
        #"<?xml version="1.0" encoding="utf-8" standalone="yes"?>"#,
        #"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>"#,
        #"<?xml version='1.0' encoding='utf-8'?>"#, #"<?xml version='1.0' encoding='UTF-8'?>"#,
        #"<?xml version='1.0' encoding='utf-8' standalone='yes'?>"#, #"<?xml version="1.0"?>"#,
    ].map { Array($0.utf8) }

    private func byte(at index: Int) -> UInt8? {
        unsafe index < bytes.count ? bytes[index] : nil
    }

    private func isSame(_ left: Range<Int>, _ right: Range<Int>) -> Bool {
        guard left.count == right.count else { return false }
        for offset in 0..<left.count
        where unsafe bytes[left.lowerBound + offset] != bytes[right.lowerBound + offset] { return false }
        return true
    }

    /// Passes over white space; whether there was any.
    private mutating func skipBlanks() -> Bool {
        let start = unsafe position
        while let byte = unsafe byte(at: position), Document.isBlank(byte) { unsafe position += 1 }
        return unsafe position > start
    }

    /// Reads a name of ASCII letters, digits and the few signs that are not special.
    private mutating func name() -> Range<Int>? {
        let start = unsafe position
        while let byte = unsafe byte(at: position), unsafe Self.isInName(byte) { unsafe position += 1 }
        guard let first = unsafe byte(at: start), unsafe position > start,
            first >= UInt8(ascii: "A"), unsafe byte(at: position) != UInt8(ascii: ":")
        else { return nil }
        return unsafe start..<position
    }

    /// Letters, digits, hyphen, full stop and underscore, as two sets of 64 bits rather than a table in memory.
    private static func isInName(_ byte: UInt8) -> Bool {
        let set: UInt64 = byte < 64 ? 0x03FF_6000_0000_0000 : 0x07FF_FFFE_87FF_FFFE
        return byte < 128 && set >> UInt64(byte & 63) & 1 == 1
    }
}
