// SPDX-License-Identifier: Apache-2.0

import DisplayText
import SecureMemory

extension JSON {
    /// A secret as a JSON string, quotes included, escaped like any other text; what isn't UTF-8 becomes U+FFFD.
    static func quoted(_ secret: SecretBytes) -> SecretBytes {
        // Six bytes at most for one, twelve for a scalar of four.
        SecretBytes(capacity: secret.count * 6 + 2) { output in
            output.append(UInt8(ascii: "\""))
            secret.withSpan { span in
                var index = 0
                while index < span.count {
                    let scalar = scalar(in: span, at: &index)
                    switch scalar {
                    case "\"", "\\":
                        output.append(UInt8(ascii: "\\"))
                        output.append(UInt8(ascii: scalar))
                    case _ where PlainText.isHidden(scalar):
                        for unit in UTF16.encode(scalar) ?? UTF16.encodedReplacementCharacter {
                            for letter in "\\u".utf8 { output.append(letter) }
                            for shift: UInt16 in [12, 8, 4, 0] { output.append(digit(unit >> shift & 0xF)) }
                        }
                    default:
                        for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
                            output.append(byte)
                        }
                    }
                }
            }
            output.append(UInt8(ascii: "\""))
        }
    }

    private static func digit(_ nibble: UInt16) -> UInt8 {
        let nibble = UInt8(truncatingIfNeeded: nibble)
        return nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
    }

    /// Reads the scalar at an index, which moves on behind it; a byte that begins none counts as U+FFFD.
    ///
    /// By hand, since the library's decoders want a copy of the bytes.
    private static func scalar(in span: Span<UInt8>, at index: inout Int) -> Unicode.Scalar {
        let lead = span[index]
        let (length, bits, least): (Int, UInt8, UInt32) =
            switch lead {
            case ..<0x80: (1, 0x7F, 0)
            case 0xC0..<0xE0: (2, 0x1F, 0x80)
            case 0xE0..<0xF0: (3, 0x0F, 0x800)
            case 0xF0..<0xF8: (4, 0x07, 0x10000)
            default: (0, 0, 0)
            }
        defer { index += 1 }
        guard length > 0, index + length <= span.count else { return "\u{FFFD}" }
        var value = UInt32(lead & bits)
        for place in (index + 1)..<(index + length) {
            guard span[place] & 0xC0 == 0x80 else { return "\u{FFFD}" }
            value = value << 6 | UInt32(span[place] & 0x3F)
        }
        guard value >= least, let scalar = Unicode.Scalar(value) else { return "\u{FFFD}" }
        index += length - 1
        return scalar
    }
}
