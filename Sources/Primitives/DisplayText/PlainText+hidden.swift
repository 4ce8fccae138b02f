// SPDX-License-Identifier: Apache-2.0

extension PlainText {
    /// Whether a character isn't seen, or makes a terminal act, or moves others about.
    package static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return scalar.value < 0x20 || scalar.value == 0x7F }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate: return true
        // Variation selectors, tags, joiners, the Hangul fillers: by category some are marks, letters or unassigned.
        default: return scalar.properties.isDefaultIgnorableCodePoint || blanks.contains(scalar)
        }
    }

    /// Whether nobody can say what a character looks like: of private use, or not assigned.
    package static func isUnknown(_ scalar: Unicode.Scalar) -> Bool {
        if scalar.isASCII { return false }
        return switch scalar.properties.generalCategory {
        case .privateUse, .unassigned: true
        default: false
        }
    }

    /// Whether it is a line break or a control character.
    static func isBreak(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .lineSeparator, .paragraphSeparator: true
        default: false
        }
    }

    /// Letters and symbols that are drawn as nothing and have no property that says so: the Braille blank, the
    /// Khitan filler, the blanks among Egyptian hieroglyphs, the musical null notehead.
    private static let blanks: Set<Unicode.Scalar> = [
        "\u{2800}", "\u{16FE4}", "\u{13441}", "\u{13442}", "\u{1D159}",
    ]
}

extension Unicode.Scalar {
    /// Whether it is drawn over or around the letter before it.
    var isMark: Bool {
        guard value >= 0x300 else { return false }
        return switch properties.generalCategory {
        case .nonspacingMark, .enclosingMark: true
        default: false
        }
    }
}
