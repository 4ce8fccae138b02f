// SPDX-License-Identifier: Apache-2.0

// How high a line is, which is as high as the font of its tallest letter: letters that the usual font doesn't have are
// drawn in others.

extension StringProtocol {
    /// How many usual lines a line with these letters takes up at most.
    package var heightInLines: Int {
        unicodeScalars.reduce(1) { Swift.max($0, $1.heightInLines) }
    }
}

extension Unicode.Scalar {
    fileprivate var heightInLines: Int {
        switch value {
        // What every desktop's font has: the letters of most European languages, and of Vietnamese.
        case ..<0x180, 0x386...0x3CE, 0x400...0x45F, 0x1EA0...0x1EF9: 1
        // Dashes, quotes, bullets, ellipsis, euro; marks of direction, which Keybell sets itself.
        case 0x200E, 0x2068, 0x2069, 0x2013, 0x2014, 0x2018...0x201E, 0x2020...0x2022, 0x2026, 0x20AC: 1
        // The rest of Latin, Greek and Cyrillic, Armenian and Hebrew; symbols; Chinese, Japanese, Korean; emoji.
        case 0x180...0x5FF, 0x1E00...0x2BFF, 0x2E80...0xA4CF, 0xAC00...0xD7FF, 0xF900...0xFAFF: 2
        case 0xFE30...0xFE6F, 0xFF00...0xFFEF, 0x1F000...0x1FAFF, 0x20000...0x3FFFF: 2
        // The scripts of India and of South-East Asia, Georgian, parts of Korean letters.
        case 0x900...0xEFF, 0x1000...0x11FF, 0x1780...0x17FF: 2
        // Arabic as Nastaliq, Tibetan, and what hardly anybody has a font for.
        default: 3
        }
    }
}
