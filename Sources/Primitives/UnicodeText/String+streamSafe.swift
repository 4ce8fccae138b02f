// SPDX-License-Identifier: Apache-2.0

extension String {
    /// The most marks that may follow each other (UAX #15, Stream-Safe Text Format); no language has anywhere near as
    /// many.
    static let longestRun = 30

    /// The text in the Stream-Safe Text Format of UAX #15: after 30 marks in a row a grapheme joiner, which nobody
    /// sees, stands between them.
    ///
    /// Swift compares and hashes by canonical equivalence, for which marks are brought in order. For a run of them that
    /// costs the square of its length: half a mebibyte held the daemon for a minute. So whatever makes a `String` of
    /// bytes from outside makes a stream-safe one, and all that is done with it later costs in proportion to its length.
    package var streamSafe: String {
        guard mayHaveLongRuns else { return self }
        var safe = String.UnicodeScalarView()
        var run = 0
        for scalar in unicodeScalars {
            let marks = Self.marks(in: scalar)
            run = marks == 0 ? 0 : run + marks
            if run > Self.longestRun {
                safe.append("\u{34F}")
                run = marks
            }
            safe.append(scalar)
        }
        return String(safe)
    }

    /// Reads UTF-8 into a stream-safe text; nil if the bytes aren't UTF-8.
    package init?(streamSafe bytes: Span<UInt8>) {
        // Where it is wrong doesn't matter.
        guard let text = try? UTF8Span(validating: bytes) else { return nil }
        self = String(copying: text).streamSafe
    }

    /// Reads UTF-8 into a stream-safe text; what isn't UTF-8 becomes U+FFFD.
    package init(repairing bytes: some Collection<UInt8>) {
        self = String(decoding: bytes, as: UTF8.self).streamSafe
    }

    /// Whether all of it is ASCII.
    package var isASCII: Bool {
        let bytes = utf8.span
        for index in bytes.indices where bytes[index] >= 0x80 { return false }
        return true
    }

    /// The text, cut to at most this many bytes of UTF-8.
    package func cut(toBytes limit: Int) -> String {
        guard utf8.count > limit else { return self }
        var end = utf8.index(startIndex, offsetBy: limit)
        // Never within a scalar; four bytes are the longest.
        while end.samePosition(in: unicodeScalars) == nil { end = utf8.index(before: end) }
        return String(self[..<end])
    }

    /// Whether enough bytes in a row aren't ASCII that a run could be too long; for most texts this is all that is
    /// checked.
    private var mayHaveLongRuns: Bool {
        // The shortest has two bytes, but one of three can be two of them.
        let shortest = 3 * Self.longestRun / 2
        guard utf8.count > shortest else { return false }
        var text = self
        return text.withUTF8 { bytes in
            var run = 0
            for index in bytes.indices {
                run = unsafe bytes[index] < 0x80 ? 0 : run + 1
                if run > shortest { return true }
            }
            return false
        }
    }

    /// How many marks a scalar stands for in a text that is taken apart.
    private static func marks(in scalar: Unicode.Scalar) -> Int {
        switch scalar.value {
        case ..<0x300: 0
        // Two marks each that have a class of their own only once they are taken apart, and one that hasn't.
        case 0x344, 0xF73, 0xF75, 0xF81: 2
        default: scalar.properties.canonicalCombiningClass == .notReordered ? 0 : 1
        }
    }
}
