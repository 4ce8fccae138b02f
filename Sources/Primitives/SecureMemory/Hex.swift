// SPDX-License-Identifier: Apache-2.0

/// Bytes as hex digits, two for each: for what may be seen, such as digests and identifiers.
package enum Hex {
    /// The digits of some bytes.
    package static func text(_ bytes: some Sequence<UInt8>, uppercase: Bool = false) -> String {
        let letters = UInt8(ascii: uppercase ? "A" : "a") - 10
        var digits: [UInt8] = []
        digits.reserveCapacity(bytes.underestimatedCount * 2)
        for byte in bytes {
            for half in [byte >> 4, byte & 15] {
                digits.append(half + (half < 10 ? UInt8(ascii: "0") : letters))
            }
        }
        return String(decoding: digits, as: UTF8.self)
    }
}
