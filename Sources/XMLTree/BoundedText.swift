// SPDX-License-Identifier: Apache-2.0

/// Text from a file that can be compared and hashed in a time that grows with its length.
///
/// Swift compares strings by canonical equivalence, for which it sorts every run of combining marks: a megabyte of them
/// takes minutes. Unicode's stream-safe text format (UAX #15) has at most 30 in a row, more than any language; what
/// goes beyond is left out.
package enum BoundedText {
    /// The text that UTF-8 bytes stand for.
    package static func text(_ bytes: some Collection<UInt8>) -> String {
        let text = String(decoding: bytes, as: UTF8.self)
        // The first combining mark is U+0300, CC 80 in UTF-8.
        guard bytes.contains(where: { $0 >= 0xCC }), hasLongRun(text) else { return text }
        var scalars = String.UnicodeScalarView()
        var run = 0
        for scalar in text.unicodeScalars {
            run = isMark(scalar) ? run + 1 : 0
            if run <= longestRun { scalars.append(scalar) }
        }
        return String(scalars)
    }

    private static let longestRun = 30

    private static func hasLongRun(_ text: String) -> Bool {
        var run = 0
        for scalar in text.unicodeScalars {
            run = isMark(scalar) ? run + 1 : 0
            if run > longestRun { return true }
        }
        return false
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value >= 0x300 && scalar.properties.canonicalCombiningClass != .notReordered
    }
}
