// SPDX-License-Identifier: Apache-2.0

/// Removes from outside text what could be mistaken for the quotes around it.
///
/// A double quotation mark becomes a single one. Of single ones side by side, which look like a double one, the first
/// stays.
struct Quotes {
    private var isAfterSingle = false

    /// What is to be shown for a character; nil for nothing.
    mutating func take(_ scalar: Unicode.Scalar) -> Unicode.Scalar? {
        if Self.isDouble(scalar) || Self.isSingle(scalar) {
            defer { isAfterSingle = true }
            guard !isAfterSingle else { return nil }
            return Self.isDouble(scalar) ? "'" : scalar
        }
        // What is invisible, or no wider than a hair, doesn't separate two of them.
        let isNarrow = scalar != " " && scalar.properties.generalCategory == .spaceSeparator
        if !PlainText.isHidden(scalar), !isNarrow { isAfterSingle = false }
        return scalar
    }

    /// Whether an ASCII character is one of them.
    static func contains(_ byte: UInt8) -> Bool { "\"'`".utf8.contains(byte) }

    /// Whether a character looks like a double quotation mark.
    static func isDouble(_ scalar: Unicode.Scalar) -> Bool { doubles.contains(scalar) }

    /// Whether a character looks like a single one.
    static func isSingle(_ scalar: Unicode.Scalar) -> Bool { singles.contains(scalar) }

    private static let doubles: Set<Unicode.Scalar> = [
        "\"", "“", "”", "„", "‟",
        // Primes, doubled apostrophes and accents, gershayim, ditto marks.
        "\u{2033}", "\u{2036}", "\u{2BA}", "\u{2DD}", "\u{2EE}", "\u{2F6}", "\u{5F4}", "\u{3003}",
        "\u{301D}", "\u{301E}", "\u{301F}", "\u{FF02}",
        // Ornaments.
        "\u{275D}", "\u{275E}", "\u{2760}", "\u{1F676}", "\u{1F677}", "\u{1F678}",
    ]

    private static let singles: Set<Unicode.Scalar> = [
        "'", "‘", "’", "‚", "‛", "`", "\u{B4}",
        // Primes.
        "\u{2032}", "\u{2035}", "\u{2B9}", "\u{374}",
        // Apostrophes and half rings among the letters, accents that stand alone.
        "\u{2BB}", "\u{2BC}", "\u{2BD}", "\u{2BE}", "\u{2BF}", "\u{2C8}", "\u{2CA}", "\u{2CB}", "\u{2F4}",
        "\u{384}", "\u{1FBD}", "\u{1FBF}", "\u{1FEF}", "\u{1FFD}", "\u{1FFE}", "\u{55A}", "\u{55D}",
        "\u{5F3}",
        "\u{A78B}", "\u{A78C}", "\u{FF07}", "\u{FF40}",
        // Ornaments.
        "\u{275B}", "\u{275C}", "\u{275F}",
    ]
}
