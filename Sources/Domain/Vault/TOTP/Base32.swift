// SPDX-License-Identifier: Apache-2.0

import SecureMemory

/// Base32 (RFC 4648), in which the seeds of one-time codes are written.
enum Base32 {
    /// The bytes of a text; either case, white space of any kind and hyphens between groups and missing padding are
    /// what people write.
    static func decode(_ text: SecretBytes) -> SecretBytes? {
        var isText = true
        let bytes = SecretBytes(capacity: text.count) { output in
            var bits: UInt32 = 0
            var count: UInt32 = 0
            _ = text.hasScalar { scalar in
                guard let digit = digit(scalar) else {
                    isText = isText && isFiller(scalar)
                    return !isText
                }
                bits = bits << 5 | digit
                count += 5
                guard count >= 8 else { return false }
                count -= 8
                output.append(UInt8(truncatingIfNeeded: bits >> count))
                return false
            }
        }
        return isText && !bytes.isEmpty ? bytes : nil
    }

    private static func digit(_ scalar: Unicode.Scalar) -> UInt32? {
        switch scalar {
        case "A"..."Z": scalar.value - 0x41
        case "a"..."z": scalar.value - 0x61
        case "2"..."7": scalar.value - 0x32 + 26
        default: nil
        }
    }

    private static func isFiller(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "-" || scalar == "=" || scalar.properties.isWhitespace
    }
}
