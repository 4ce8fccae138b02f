// SPDX-License-Identifier: Apache-2.0

/// What could be taken for the quotes in which a stranger's words stand.
enum Quotes {
    /// Whether a character looks like a double quotation mark.
    static func isDouble(_ scalar: Unicode.Scalar) -> Bool { alike.contains(scalar) }

    private static let alike: Set<Unicode.Scalar> = [
        "\"", "“", "”", "„", "‟",
        // Primes, doubled apostrophes and accents, gershayim, ditto marks.
        "\u{2033}", "\u{2036}", "\u{2BA}", "\u{2DD}", "\u{2EE}", "\u{2F6}", "\u{5F4}", "\u{3003}",
        "\u{301D}", "\u{301E}", "\u{301F}", "\u{FF02}",
        // Ornaments.
        "\u{275D}", "\u{275E}", "\u{2760}", "\u{1F676}", "\u{1F677}", "\u{1F678}",
    ]
}
