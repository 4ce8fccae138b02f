// SPDX-License-Identifier: Apache-2.0

import CGLib

/// A kind of font, for the width of texts in it, which is counted in usual letters of ASCII.
package enum Font: Sendable {
    /// A terminal's: two columns for a wide letter (UAX #11), none for what stands on another, one for any other.
    case monospaced
    /// One whose letters aren't all as wide: a letter may be drawn far wider than a terminal has columns for it, so the
    /// width is what it takes at most.
    case proportional
    /// The same where lines have columns for letters of usual width: the widest of ASCII take two, for whoever asks may
    /// have a long name of nothing else.
    case uneven

    fileprivate func width(of scalar: Unicode.Scalar) -> Int {
        switch self {
        case .monospaced: Self.columns(of: scalar)
        case .proportional: Self.most(of: scalar)
        case .uneven: "%@MWmw".unicodeScalars.contains(scalar) ? 2 : Self.most(of: scalar)
        }
    }

    private static func columns(of scalar: Unicode.Scalar) -> Int {
        if scalar.value < 0x300 { return scalar.value == 0xAD ? 0 : 1 }
        if g_unichar_iszerowidth(scalar.value) != 0 { return 0 }
        return g_unichar_iswide(scalar.value) != 0 ? 2 : 1
    }

    private static func most(of scalar: Unicode.Scalar) -> Int {
        switch scalar.value {
        case ..<0x80: 1
        // The quotes that Keybell sets itself, which are narrow everywhere, and where something was cut.
        case 0x201C, 0x201D: 1
        case 0x2026: 2
        // The letters of most European languages, in Latin, Greek and Cyrillic, are like those of ASCII.
        case 0xC0...0x17F, 0x386...0x3CE, 0x400...0x45F: 1
        // Marks of direction, which Keybell sets itself.
        case 0x200E, 0x2068, 0x2069: 0
        // Dashes as wide as two and three letters M.
        case 0x2E3A, 0x2E3B: 6
        // Cuneiform, of which some signs are whole groups.
        case 0x12000...0x1254F: 12
        // Whole sentences in one letter.
        case 0xFDFA...0xFDFD: 20
        default: g_unichar_iszerowidth(scalar.value) != 0 ? 1 : 3
        }
    }
}

extension StringProtocol {
    /// How wide the text is.
    package func width(in font: Font) -> Int {
        unicodeScalars.reduce(0) { $0 + font.width(of: $1) }
    }
}

extension Character {
    /// How wide the letter is with all that stands on it.
    package func width(in font: Font) -> Int {
        unicodeScalars.reduce(0) { $0 + font.width(of: $1) }
    }
}
