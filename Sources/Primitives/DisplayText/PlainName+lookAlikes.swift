// SPDX-License-Identifier: Apache-2.0

import PublicSuffixes
import UnicodeText

// Names that exist go on working, however they are written. These are for new ones.

extension PlainName {
    /// Whether it may look like another name: its letters are of more than one script, or some of its characters are
    /// drawn like plainer ones.
    package var mayBeMistaken: Bool { mixesScripts || hasLookAlikes }

    /// Whether its letters are of more than one script: judged as hosts are.
    package var mixesScripts: Bool { !Script.isOne(text, orNone: true) }

    /// Whether it has characters that are drawn like plainer ones: ligatures, full-width and mathematical letters,
    /// Roman numerals, dashes and dots other than those of the keyboard.
    package var hasLookAlikes: Bool {
        let scalars = text.unicodeScalars
        let isLatin = scalars.contains { $0.isASCII && $0.properties.isAlphabetic }
        return scalars.contains { $0.isLookAlike(inLatin: isLatin) }
    }

    /// The name in plain characters, for a suggestion; nil where it would still be like another, or be nothing.
    package var plain: PlainName? {
        let folded = text.unicodeScalars.map { scalar -> String in
            switch scalar {
            case _ where scalar.properties.generalCategory == .dashPunctuation, "\u{2212}", "\u{2D7}",
                "\u{2043}":
                "-"
            case "\u{2027}": "."
            case "\u{2044}", "\u{2215}": "/"
            default: scalar.isLookAlike(inLatin: false) ? String(scalar).compatible : String(scalar)
            }
        }
        let name = PlainName(cleaning: folded.joined())
        return name.flatMap { $0.mayBeMistaken ? nil : $0 }
    }
}

extension Unicode.Scalar {
    /// Whether it could be taken for another one; `isLatin` says that it stands among Latin letters, where no other
    /// script's digits and marks belong.
    fileprivate func isLookAlike(inLatin isLatin: Bool) -> Bool {
        guard !isASCII else { return false }
        switch properties.generalCategory {
        // The minus, slashes, the ratio; the modifiers, but for the colours of people's skin.
        case .dashPunctuation, .mathSymbol: return true
        case .modifierSymbol: return !(0x1F3FB...0x1F3FF).contains(value)
        case .modifierLetter, .otherLetter, .decimalNumber, .letterNumber, .otherNumber:
            // A letter of every script is one of none.
            if isLatin, !Script.isOne(String(self)) { return true }
        default: break
        }
        switch value {
        // The phonetic alphabet's small capitals; the points and strokes between syllables.
        case 0x1D00...0x1DBF, 0x2027, 0x2043: return true
        // What Thai, Lao, Tibetan and Korean keyboards write.
        case 0xE33, 0xEB3, 0xEDC, 0xEDD, 0xF77, 0xF79, 0x3131...0x318E: return false
        default: return !String(self).compatible.hasSameBytes(as: String(self))
        }
    }
}
