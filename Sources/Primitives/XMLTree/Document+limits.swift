// SPDX-License-Identifier: Apache-2.0

import Glibc

extension Document {
    /// How much a text may become, so that reading one takes time and memory in proportion to its length, whoever wrote
    /// it.
    package struct Limits: Sendable {
        /// Elements, texts between them and comments, and as many attributes; each takes some 50 bytes.
        package var nodes: Int

        /// At most this many nodes.
        package init(nodes: Int) { self.nodes = nodes }

        /// For the most crowded text of a length: an element with its two tags takes eight bytes.
        package static func length(_ count: Int) -> Limits { Limits(nodes: count / 8 + 1024) }

        /// Attributes of one element, declarations of namespaces included: a parser compares each with all others.
        static let attributes = 256
        /// Declarations of namespaces in a whole text.
        static let namespaces = 1024
        /// Different names in a whole text.
        static let names = 8192
        /// Bytes of a name.
        static let nameLength = 512
        /// Bytes of a text in an encoding that isn't scanned before it is parsed.
        static let foreignLength = 64 << 10
    }

    /// What there was too much of.
    package enum Excess: String, Equatable, Sendable {
        case elements
        case attributes
        case namespaces
        case names
        /// Bytes in an encoding that no program uses for this much.
        case encoding
    }
}

/// Scans the tags of a text before libxml2 does, which compares each attribute with all others of its element.
enum TagScan {
    /// Whether no element can have more attributes than allowed.
    ///
    /// It need not understand the text: that a tag has no more attributes than it has quoted values is enough.
    @unsafe static func isBounded(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
        var index = 0
        while let start = unsafe next(UInt8(ascii: "<"), in: bytes, from: index) {
            index = start + 1
            guard index < bytes.count else { return true }
            switch unsafe bytes[index] {
            case UInt8(ascii: "!"):
                // A comment or CDATA, in which what looks like a tag isn't one. A document type is refused anyway.
                index = unsafe endOfMarkup(in: bytes, from: index + 1)
            case UInt8(ascii: "?"):
                index = unsafe end(of: "?>", in: bytes, from: index)
            case UInt8(ascii: "/"):
                continue
            default:
                guard let end = unsafe endOfTag(in: bytes, from: index) else { return false }
                index = end
            }
        }
        return true
    }

    /// After a start tag, or nil if it has too many quoted values.
    @unsafe private static func endOfTag(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        var (index, values) = (start, 0)
        while index < bytes.count {
            switch unsafe bytes[index] {
            case UInt8(ascii: ">"):
                return index + 1
            case UInt8(ascii: "<"):
                // Not well-formed, which is for the parser to report.
                return index
            case UInt8(ascii: "\""), UInt8(ascii: "'"):
                values += 1
                guard values <= Document.Limits.attributes else { return nil }
                guard let end = unsafe next(bytes[index], in: bytes, from: index + 1) else {
                    return bytes.count
                }
                index = end + 1
            default:
                index += 1
            }
        }
        return index
    }

    @unsafe private static func endOfMarkup(in bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        if unsafe starts(with: "--", bytes, at: start) {
            return unsafe end(of: "-->", in: bytes, from: start + 2)
        }
        if unsafe starts(with: "[CDATA[", bytes, at: start) {
            return unsafe end(of: "]]>", in: bytes, from: start + 7)
        }
        return start
    }

    /// After the next such mark; the end of the text if there is none.
    @unsafe private static func end(
        of mark: StaticString,
        in bytes: UnsafeBufferPointer<UInt8>,
        from start: Int
    ) -> Int {
        var index = start
        while let found = unsafe next(mark.utf8Start[0], in: bytes, from: index) {
            if unsafe starts(with: mark, bytes, at: found) { return found + mark.utf8CodeUnitCount }
            index = found + 1
        }
        return bytes.count
    }

    @unsafe private static func starts(
        with mark: StaticString,
        _ bytes: UnsafeBufferPointer<UInt8>,
        at start: Int
    ) -> Bool {
        let count = mark.utf8CodeUnitCount
        guard start + count <= bytes.count else { return false }
        return (0..<count).allSatisfy { unsafe bytes[start + $0] == mark.utf8Start[$0] }
    }

    @unsafe private static func next(
        _ byte: UInt8,
        in bytes: UnsafeBufferPointer<UInt8>,
        from start: Int
    ) -> Int? {
        guard start < bytes.count, let first = bytes.baseAddress,
            let found = unsafe memchr(first + start, Int32(byte), bytes.count - start)
        else { return nil }
        return unsafe UnsafeRawPointer(found) - UnsafeRawPointer(first)
    }
}

/// In which encoding a text is, as far as it matters for scanning its tags.
enum TextEncoding {
    /// Whether its tags are ASCII bytes, which mean nothing else in it: UTF-8, which is assumed where nothing is
    /// declared, and whatever else has ASCII as its lower half.
    static func isTransparent(_ text: ArraySlice<UInt8>) -> Bool {
        let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
        let head = Array(text.dropFirst(text.starts(with: mark) ? mark.count : 0).prefix(256))
        // UTF-16, UTF-32 and EBCDIC begin otherwise.
        guard head.prefix(2).allSatisfy({ $0 != 0 && $0 < 0x80 }) else { return false }
        guard head.starts(with: "<?xml".utf8) else { return true }
        guard let end = head.firstIndex(of: UInt8(ascii: ">")) else { return false }
        let declaration = String(decoding: head[..<end], as: UTF8.self).lowercased()
        guard let name = declaration.firstRange(of: "encoding") else { return true }
        let value = declaration[name.upperBound...].drop { " \t\r\n='\"".contains($0) }
        return ["utf-8", "utf8", "us-ascii", "iso-8859-", "windows-125"].contains { value.hasPrefix($0) }
    }
}
