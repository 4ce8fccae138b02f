// SPDX-License-Identifier: Apache-2.0

import PublicSuffixes
import UnicodeText

// Names that exist go on working, however they are written. These are for new ones.

extension PlainName {
    /// Whether it may look like another name: its letters are of more than one script, or some of its characters are
    /// drawn like plainer ones.
    package var mayBeMistaken: Bool { mixesScripts || hasLookAlikes }

    /// Whether its letters are of more than one way of writing.
    package var mixesScripts: Bool { !Script.isOneWriting(text) }

    /// Whether it has characters that are drawn like plainer ones, or are none of those that a language's words are
    /// written with today: ligatures, full-width, phonetic and mathematical letters, strokes through others, Roman
    /// numerals, dashes, dots and quotes other than those of the keyboard.
    package var hasLookAlikes: Bool {
        let characters = NameCharacters(text)
        return characters.indices.contains { characters.isLookAlike(at: $0) }
    }

    /// How it reads in Latin letters where it is written in Cyrillic or Greek ones all of which are drawn like those; nil
    /// where it isn't.
    ///
    /// Such a name may well be honest; it is only mistaken for the other if that exists, too.
    package var latinReading: PlainName? {
        var hasLetters = false
        var reading = ""
        for scalar in text.unicodeScalars {
            if let twin = LookalikeLetters.latin[scalar] {
                hasLetters = true
                reading.unicodeScalars.append(twin)
            } else if scalar.properties.isAlphabetic {
                return nil
            } else {
                reading.unicodeScalars.append(scalar)
            }
        }
        return hasLetters ? PlainName(reading) : nil
    }

    /// The name in plain characters, for a suggestion; nil where it would still be like another, or be nothing.
    package var plain: PlainName? {
        let characters = NameCharacters(text)
        let folded = characters.indices.map { index in
            let scalar = characters[index]
            return characters.isLookAlike(at: index) ? Self.plainer(scalar) : String(scalar)
        }
        let name = PlainName(cleaning: folded.joined())
        return name.flatMap { $0.mayBeMistaken ? nil : $0 }
    }

    /// What a character is drawn like; nothing for what is drawn on others.
    private static func plainer(_ scalar: Unicode.Scalar) -> String {
        if let known = likenesses[scalar] { return known }
        return switch scalar.properties.generalCategory {
        case .dashPunctuation: "-"
        case .nonspacingMark, .enclosingMark: ""
        // The colours of people's skin.
        case .modifierSymbol where scalar.properties.isEmojiModifier: ""
        default: String(scalar).compatible
        }
    }

    private static let likenesses: [Unicode.Scalar: String] = [
        "\u{2212}": "-", "\u{2D7}": "-", "\u{2043}": "-", "\u{2044}": "/", "\u{2215}": "/",
        "\u{B7}": ".", "\u{2027}": ".", "\u{2022}": ".", "\u{2219}": ".", "\u{22C5}": ".",
        "\u{2018}": "'", "\u{2019}": "'", "\u{201C}": "\"", "\u{201D}": "\"", "\u{201E}": "\"",
        "\u{131}": "i", "\u{237}": "j", "\u{251}": "a", "\u{261}": "g", "\u{192}": "f", "\u{D0}": "\u{110}",
    ]
}
