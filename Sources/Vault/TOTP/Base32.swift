// SPDX-License-Identifier: Apache-2.0

import Secrecy

/// Base32 (RFC 4648), in which the seeds of one-time codes are written.
enum Base32 {
    /// The bytes of a text; either case, spaces and hyphens between groups and missing padding are what people write.
    static func decode(_ text: SecretBytes) -> SecretBytes? {
        var isText = true
        let bytes = SecretBytes(capacity: text.count) { output in
            text.withSpan { span in
                var bits: UInt32 = 0
                var count: UInt32 = 0
                for index in span.indices {
                    guard let digit = digit(span[index]) else {
                        isText = isText && isFiller(span[index])
                        continue
                    }
                    bits = bits << 5 | digit
                    count += 5
                    guard count >= 8 else { continue }
                    count -= 8
                    output.append(UInt8(truncatingIfNeeded: bits >> count))
                }
            }
        }
        return isText && !bytes.isEmpty ? bytes : nil
    }

    private static func digit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte - UInt8(ascii: "A"))
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte - UInt8(ascii: "a"))
        case UInt8(ascii: "2")...UInt8(ascii: "7"): UInt32(byte - UInt8(ascii: "2")) + 26
        default: nil
        }
    }

    private static func isFiller(_ byte: UInt8) -> Bool {
        [UInt8(ascii: " "), UInt8(ascii: "-"), UInt8(ascii: "=")].contains(byte)
    }
}
