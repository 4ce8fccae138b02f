// SPDX-License-Identifier: Apache-2.0

/// Base64 (RFC 4648, the ordinary alphabet) without tables, so that no secret picks the memory that is read.
///
/// In this module because keys are sent as base64, and so must be read and written without leaving the secure heap.
package enum Base64 {
    /// The text for some bytes, padded, on one line.
    package static func encode(_ bytes: [UInt8]) -> String {
        let text = [UInt8](capacity: encodedCount(bytes.count)) { output in
            encode(bytes.span, into: &output)
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The bytes of a text, or nil if it isn't base64.
    ///
    /// Spaces, tabs and line breaks are skipped wherever they are: some clients break their lines. Padding must
    /// be there, and the bits that it leaves over must be zero, so that two texts of the same bytes differ in white
    /// space alone.
    package static func decode(_ text: String) -> [UInt8]? {
        let characters = text.utf8
        var isWhole = false
        let bytes = [UInt8](capacity: decodedCount(atMost: characters.count)) { output in
            isWhole = decode(characters.span, into: &output)
        }
        return isWhole ? bytes : nil
    }

    /// How long the text for this many bytes is.
    package static func encodedCount(_ count: Int) -> Int { (count + 2) / 3 * 4 }

    static func decodedCount(atMost characters: Int) -> Int { characters / 4 * 3 + 3 }

    static func encode(_ bytes: Span<UInt8>, into output: inout OutputSpan<UInt8>) {
        var index = 0
        while index < bytes.count {
            let left = min(bytes.count - index, 3)
            let first = Int32(bytes[index])
            let second = left > 1 ? Int32(bytes[index + 1]) : 0
            let third = left > 2 ? Int32(bytes[index + 2]) : 0
            output.append(letter(first >> 2))
            output.append(letter((first << 4 | second >> 4) & 63))
            output.append(left > 1 ? letter((second << 2 | third >> 6) & 63) : padding)
            output.append(left > 2 ? letter(third & 63) : padding)
            index += 3
        }
    }

    /// Reads a text; an invalid one takes as long as a valid one.
    static func decode(_ text: Span<UInt8>, into output: inout OutputSpan<UInt8>) -> Bool {
        var group: Int32 = 0
        var inGroup = 0
        var paddings = 0
        var isWrong = false
        for index in text.indices {
            let character = text[index]
            switch character {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"):
                continue
            case padding:
                paddings += 1
                continue
            default:
                break
            }
            let value = sixBits(character)
            if value < 0 || paddings > 0 { isWrong = true }
            group = group << 6 | value & 63
            inGroup += 1
            if inGroup == 4 {
                output.append(UInt8(truncatingIfNeeded: group >> 16))
                output.append(UInt8(truncatingIfNeeded: group >> 8))
                output.append(UInt8(truncatingIfNeeded: group))
                (group, inGroup) = (0, 0)
            }
        }
        guard !isWrong else { return false }
        switch (inGroup, paddings) {
        case (0, 0):
            return true
        case (2, 2) where group & 15 == 0:
            output.append(UInt8(truncatingIfNeeded: group >> 4))
            return true
        case (3, 1) where group & 3 == 0:
            output.append(UInt8(truncatingIfNeeded: group >> 10))
            output.append(UInt8(truncatingIfNeeded: group >> 2))
            return true
        default:
            return false
        }
    }

    private static let padding = UInt8(ascii: "=")

    /// The letter for six bits: each step corrects the offset by where the next stretch of the alphabet begins.
    private static func letter(_ value: Int32) -> UInt8 {
        var offset: Int32 = 65
        offset += ((25 - value) >> 8) & 6
        offset -= ((51 - value) >> 8) & 75
        offset -= ((61 - value) >> 8) & 15
        offset += ((62 - value) >> 8) & 3
        return UInt8(truncatingIfNeeded: value + offset)
    }

    /// The six bits of a letter, or -1; every stretch of the alphabet adds its own, all others nothing.
    @inline(__always)
    private static func sixBits(_ character: UInt8) -> Int32 {
        let letter = Int32(character)
        @inline(__always) func within(_ first: Int32, _ last: Int32) -> Int32 {
            ((first - 1 - letter) & (letter - last - 1)) >> 8
        }
        var value: Int32 = -1
        value += within(65, 90) & (letter - 64)
        value += within(97, 122) & (letter - 70)
        value += within(48, 57) & (letter + 5)
        value += within(43, 43) & 63
        value += within(47, 47) & 64
        return value
    }
}
