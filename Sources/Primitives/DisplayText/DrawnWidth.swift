// SPDX-License-Identifier: Apache-2.0

import CGLib

// How wide a text is at most in a font whose letters aren't all as wide, in those of a usual ASCII letter. A terminal
// has columns for that; elsewhere a letter may be drawn far wider than it counts there.
extension StringProtocol {
    /// How many letters wide the text is drawn at most.
    package var drawnWidth: Int {
        unicodeScalars.reduce(0) { $0 + $1.drawnWidth }
    }
}

extension Character {
    /// How many letters wide the letter is drawn at most, with all that stands on it.
    package var drawnWidth: Int {
        unicodeScalars.reduce(0) { $0 + $1.drawnWidth }
    }
}

extension Unicode.Scalar {
    fileprivate var drawnWidth: Int {
        switch value {
        case ..<0x80: 1
        // The quotes that Keybell sets itself, which are narrow everywhere, and where something was cut.
        case 0x201C, 0x201D: 1
        case 0x2026: 2
        // The letters of most European languages, in Latin, Greek and Cyrillic, are like those of ASCII.
        case 0xC0...0x17F, 0x386...0x3CE, 0x400...0x45F: 1
        // Dashes as wide as two and three letters M.
        case 0x2E3A, 0x2E3B: 6
        // Cuneiform, of which some signs are whole groups.
        case 0x12000...0x1254F: 12
        // Whole sentences in one letter.
        case 0xFDFA...0xFDFD: 20
        default: g_unichar_iszerowidth(value) != 0 ? 1 : 3
        }
    }
}
