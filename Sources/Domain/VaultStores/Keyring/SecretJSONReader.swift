// SPDX-License-Identifier: Apache-2.0

import SecureMemory

/// Reads JSON from secret memory into secret memory.
struct SecretJSONReader {
    private static let deepest = 64
    private var index = 0
    private var depth = 0

    /// Reads the one value that the bytes are.
    mutating func document(_ bytes: Span<UInt8>) -> SecretJSON? {
        guard let value = value(bytes) else { return nil }
        skipSpace(bytes)
        return index == bytes.count ? value : nil
    }

    private mutating func value(_ bytes: Span<UInt8>) -> SecretJSON? {
        skipSpace(bytes)
        guard index < bytes.count else { return nil }
        switch bytes[index] {
        case UInt8(ascii: "{"): return nested { $0.object(bytes) }
        case UInt8(ascii: "["): return nested { $0.array(bytes) }
        case UInt8(ascii: "\""): return text(bytes).map { .text($0) }
        default: return word(bytes)
        }
    }

    private mutating func nested(_ read: (inout SecretJSONReader) -> SecretJSON?) -> SecretJSON? {
        depth += 1
        defer { depth -= 1 }
        guard depth <= Self.deepest else { return nil }
        index += 1
        return read(&self)
    }

    private mutating func object(_ bytes: Span<UInt8>) -> SecretJSON? {
        var members: [String: SecretJSON] = [:]
        if take("}", bytes) { return .object(members) }
        repeat {
            skipSpace(bytes)
            guard let name = text(bytes)?.exposedText(), take(":", bytes), let value = value(bytes) else {
                return nil
            }
            members[name] = value
        } while take(",", bytes)
        return take("}", bytes) ? .object(members) : nil
    }

    private mutating func array(_ bytes: Span<UInt8>) -> SecretJSON? {
        var elements: [SecretJSON] = []
        if take("]", bytes) { return .array(elements) }
        repeat {
            guard let value = value(bytes) else { return nil }
            elements.append(value)
        } while take(",", bytes)
        return take("]", bytes) ? .array(elements) : nil
    }

    /// A number, true, false or null.
    private mutating func word(_ bytes: Span<UInt8>) -> SecretJSON? {
        var word = ""
        while index < bytes.count, Self.isWordUnit(bytes[index]) {
            word.unicodeScalars.append(Unicode.Scalar(bytes[index]))
            index += 1
        }
        // A sign or a zero before a number is no JSON, and would not come back as it was.
        if let number = Int64(word), String(number) == word { return .number(number) }
        guard ["true", "false", "null"].contains(word) || Self.isNumber(word) else { return nil }
        return .word(word)
    }

    private static func isNumber(_ word: String) -> Bool {
        let digits = word.first == "-" ? word.dropFirst() : word[...]
        // Double reads hexadecimal numbers, too.
        guard let first = digits.first, first.isNumber, !word.contains("x"), Double(word) != nil else {
            return false
        }
        return first != "0" || digits.dropFirst().first.map { !$0.isNumber } ?? true
    }

    private static func isWordUnit(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "+"),
            UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "E"):
            true
        default: false
        }
    }

    private mutating func text(_ bytes: Span<UInt8>) -> SecretBytes? {
        guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { return nil }
        let start = index + 1
        var end = start
        while end < bytes.count, bytes[end] != UInt8(ascii: "\"") {
            end += bytes[end] == UInt8(ascii: "\\") ? 2 : 1
        }
        guard end < bytes.count else { return nil }
        index = end + 1
        let raw = bytes.extracting(start..<end)
        var isRight = true
        // What is escaped is never shorter than what it stands for.
        let text = SecretBytes(capacity: raw.count) { output in
            isRight = Self.unescape(raw, into: &output)
        }
        return isRight ? text : nil
    }

    private static func unescape(_ raw: Span<UInt8>, into output: inout OutputSpan<UInt8>) -> Bool {
        var at = 0
        while at < raw.count {
            let byte = raw[at]
            at += 1
            guard byte == UInt8(ascii: "\\") else {
                guard byte >= 0x20 else { return false }
                output.append(byte)
                continue
            }
            guard at < raw.count else { return false }
            let kind = raw[at]
            at += 1
            switch kind {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): output.append(kind)
            case UInt8(ascii: "b"): output.append(0x08)
            case UInt8(ascii: "f"): output.append(0x0C)
            case UInt8(ascii: "n"): output.append(0x0A)
            case UInt8(ascii: "r"): output.append(0x0D)
            case UInt8(ascii: "t"): output.append(0x09)
            case UInt8(ascii: "u"):
                guard let scalar = scalar(raw, &at) else { return false }
                for unit in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter { output.append(unit) }
            default: return false
            }
        }
        return true
    }

    /// The scalar of one `\u` escape, or of the two of a surrogate pair.
    private static func scalar(_ raw: Span<UInt8>, _ at: inout Int) -> Unicode.Scalar? {
        guard let high = unit(raw, &at) else { return nil }
        guard UTF16.isLeadSurrogate(high) else { return Unicode.Scalar(high) }
        guard at + 1 < raw.count, raw[at] == UInt8(ascii: "\\"), raw[at + 1] == UInt8(ascii: "u") else {
            return nil
        }
        at += 2
        guard let low = unit(raw, &at), UTF16.isTrailSurrogate(low) else { return nil }
        return Unicode.Scalar(0x10000 + (UInt32(high & 0x3FF) << 10 | UInt32(low & 0x3FF)))
    }

    private static func unit(_ raw: Span<UInt8>, _ at: inout Int) -> UInt16? {
        guard at + 4 <= raw.count else { return nil }
        var unit: UInt16 = 0
        for _ in 0..<4 {
            guard let digit = Character(Unicode.Scalar(raw[at])).hexDigitValue else { return nil }
            unit = unit << 4 | UInt16(digit)
            at += 1
        }
        return unit
    }

    private mutating func take(_ mark: Unicode.Scalar, _ bytes: Span<UInt8>) -> Bool {
        skipSpace(bytes)
        guard index < bytes.count, bytes[index] == UInt8(ascii: mark) else { return false }
        index += 1
        return true
    }

    private mutating func skipSpace(_ bytes: Span<UInt8>) {
        while index < bytes.count, [0x20, 0x09, 0x0A, 0x0D].contains(bytes[index]) { index += 1 }
    }
}
