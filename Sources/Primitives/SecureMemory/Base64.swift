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
            let letters = letters(
                Four(first >> 2, (first << 4 | second >> 4) & 63, (second << 2 | third >> 6) & 63, third & 63)
            )
            output.append(UInt8(truncatingIfNeeded: letters[0]))
            output.append(UInt8(truncatingIfNeeded: letters[1]))
            output.append(left > 1 ? UInt8(truncatingIfNeeded: letters[2]) : padding)
            output.append(left > 2 ? UInt8(truncatingIfNeeded: letters[3]) : padding)
            index += 3
        }
    }

    /// Reads as many whole groups as stand together from a place on, with nothing to be skipped.
    ///
    /// - Returns: The place behind them.
    private static func decodeGroups(
        _ text: Span<UInt8>,
        from start: Int,
        into output: inout OutputSpan<UInt8>
    ) -> Int {
        var index = start
        while index + 4 <= text.count {
            let values = sixBits(
                Four(
                    Int32(text[index]),
                    Int32(text[index + 1]),
                    Int32(text[index + 2]),
                    Int32(text[index + 3])
                )
            )
            guard values[0] | values[1] | values[2] | values[3] >= 0 else { break }
            output.append(UInt8(truncatingIfNeeded: values[0] << 2 | values[1] >> 4))
            output.append(UInt8(truncatingIfNeeded: values[1] << 4 | values[2] >> 2))
            output.append(UInt8(truncatingIfNeeded: values[2] << 6 | values[3]))
            index += 4
        }
        return index
    }

    /// Reads a text, to its end also where it isn't valid.
    ///
    /// How long that takes depends on its length and on where it has white space, padding and what is no letter; not on which
    /// letters it has.
    static func decode(_ text: Span<UInt8>, into output: inout OutputSpan<UInt8>) -> Bool {
        var group: Int32 = 0
        var inGroup = 0
        var paddings = 0
        var isWrong = false
        var index = 0
        while index < text.count {
            if inGroup == 0, paddings == 0, !isWrong {
                index = decodeGroups(text, from: index, into: &output)
            }
            guard index < text.count else { break }
            let character = text[index]
            index += 1
            switch character {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\r"), UInt8(ascii: "\n"):
                continue
            case padding:
                paddings += 1
                continue
            default:
                break
            }
            let value = sixBits(Four(repeating: Int32(character)))[0]
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

    /// Four letters, or what they stand for: they are worked out together.
    private typealias Four = SIMD4<Int32>

    /// The letters for six bits each: each step corrects the offset by where the next stretch of the alphabet begins.
    @inline(__always)
    private static func letters(_ values: Four) -> Four {
        var offset = Four(repeating: 65)
        offset &+= ((25 &- values) &>> 8) & 6
        offset &-= ((51 &- values) &>> 8) & 75
        offset &-= ((61 &- values) &>> 8) & 15
        offset &+= ((62 &- values) &>> 8) & 3
        return values &+ offset
    }

    /// The six bits of each letter, or -1; every stretch of the alphabet adds its own, all others nothing.
    @inline(__always)
    private static func sixBits(_ letters: Four) -> Four {
        @inline(__always) func within(_ first: Int32, _ last: Int32) -> Four {
            ((first - 1 &- letters) & (letters &- (last + 1))) &>> 8
        }
        var values = Four(repeating: -1)
        values &+= within(65, 90) & (letters &- 64)
        values &+= within(97, 122) & (letters &- 70)
        values &+= within(48, 57) & (letters &+ 5)
        values &+= within(43, 43) & 63
        values &+= within(47, 47) & 64
        return values
    }
}
