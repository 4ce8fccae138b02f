// SPDX-License-Identifier: Apache-2.0

import CGLib
import PublicSuffixes
import UnicodeText

/// A name's characters, each judged by what stands around it.
///
/// What may be in a name is what words of today's languages are written with, much as in UTS #39's profile for
/// identifiers: letters of the scripts that UAX #31 recommends, of the three alphabets that look alike those of their
/// everyday blocks alone, the marks and signs that belong to them, and emoji. Everything else looks like a plainer
/// character, or could be used so.
struct NameCharacters {
    private let scalars: [Unicode.Scalar]
    /// The scripts of its letters and marks.
    private let scripts: Set<Int32>

    init(_ text: String) {
        scalars = Array(text.unicodeScalars)
        scripts = Set(scalars.map(Script.number))
    }

    var indices: Range<Int> { scalars.indices }

    subscript(index: Int) -> Unicode.Scalar { scalars[index] }

    func isLookAlike(at index: Int) -> Bool {
        let scalar = scalars[index]
        guard !scalar.isASCII else { return false }
        // Whatever Unicode says is another form of something else.
        guard isWrittenSo(scalar) || String(scalar).compatible.hasSameBytes(as: String(scalar)) else {
            return true
        }
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter: return !isEverydayLetter(at: index)
        case .otherLetter, .letterNumber:
            return !Script.isRecommended(scalar) || (Self.strokes.contains(scalar) && isBesideLatin(index))
        case .modifierLetter:
            // The mark of a long vowel, which is of two scripts; the stroke that makes Arabic words longer.
            if scalar == "\u{30FC}" { return isLatin && !isBehindKana(index) }
            if isLetterLikeApostrophe(at: index) { return false }
            return scalar == "\u{640}" || !Script.isRecommended(scalar) || isLatin
        case .nonspacingMark, .spacingMark, .enclosingMark: return isStrayMark(at: index)
        case .decimalNumber: return isLatin || !(Script.isRecommended(scalar) || Script.isShared(scalar))
        case .currencySymbol: return !"€£¥¢₹₺₽₴₪₫₸₼₾".unicodeScalars.contains(scalar)
        case .otherSymbol:
            // Flags are two letters each, and several are alike.
            let isFlag = (0x1F1E6...0x1F1FF).contains(scalar.value)
            return isFlag || !(scalar.properties.isEmoji || "©®°".unicodeScalars.contains(scalar))
        // Hebrew's own hyphen.
        case .dashPunctuation where scalar == "\u{5BE}": return isLatin
        case .otherPunctuation, .initialPunctuation, .finalPunctuation, .openPunctuation, .closePunctuation:
            return !isOwnSign(at: index)
        default: return true
        }
    }

    private var isLatin: Bool { scripts.contains(G_UNICODE_SCRIPT_LATIN.rawValue) }

    /// What Thai, Lao, Tibetan and Korean keyboards write, for which Unicode has another form.
    private func isWrittenSo(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0xE33, 0xEB3, 0xEDC, 0xEDD, 0xF77, 0xF79, 0x3131...0x318E: true
        default: false
        }
    }

    // MARK: Beside Latin letters

    /// Characters of East Asia of a few strokes, which pass for a letter or sign of ASCII where they stand beside one.
    private static let strokes = Set("丨丶丿亅一二十口卜〇ノロトㅣㅡㅇㄧ".unicodeScalars)

    private func isBesideLatin(_ index: Int) -> Bool {
        [index - 1, index + 1].filter(scalars.indices.contains).map { scalars[$0] }.contains { other in
            let isSign = other.isASCII && other != " " && isLatin
            return isSign || Script.number(other) == G_UNICODE_SCRIPT_LATIN.rawValue
        }
    }

    /// Where the mark of a long vowel belongs.
    private func isBehindKana(_ index: Int) -> Bool {
        guard index > 0 else { return false }
        let before = Script.number(scalars[index - 1])
        return [G_UNICODE_SCRIPT_KATAKANA.rawValue, G_UNICODE_SCRIPT_HIRAGANA.rawValue].contains(before)
    }

    // MARK: Letters

    private func isEverydayLetter(at index: Int) -> Bool {
        let scalar = scalars[index]
        switch Script.number(scalar) {
        case G_UNICODE_SCRIPT_LATIN.rawValue:
            // A letter of ASCII with something on it, or one of those that languages have beside those. Not the
            // phonetic alphabet's letters, nor the capital eth, which is drawn as that with a stroke; the dotless i where
            // others of Turkish stand, for it would pass for an i elsewhere.
            if scalar == "\u{131}" { return scalars.contains(where: Self.turkish.contains) }
            guard let base = scalar.parts.first else { return false }
            return base.isASCII || Self.latin.contains(base)
        case G_UNICODE_SCRIPT_CYRILLIC.rawValue:
            return (0x400...0x45F).contains(scalar.value) || (0x48A...0x52F).contains(scalar.value)
        case G_UNICODE_SCRIPT_GREEK.rawValue:
            return (0x386...0x3CE).contains(scalar.value) || (0x1F00...0x1FFE).contains(scalar.value)
        default: return Script.isRecommended(scalar)
        }
    }

    /// The last ones are of Hausa, Ewe, Akan and their neighbours, those of them that no letter of ASCII is drawn like.
    private static let latin = Set("ÆæØøðÞþßẞĐđĦħŁłŊŋŒœŦŧƏəƁɓƊɗƘƙƳƴƐɛƆɔƔɣƝɲ".unicodeScalars)
    private static let turkish = Set("ğĞşŞİçÇöÖüÜ".unicodeScalars)

    /// The ʻokina of Hawaiian, which a vowel follows, and the apostrophe of Ukrainian, between two letters.
    private func isLetterLikeApostrophe(at index: Int) -> Bool {
        guard scalars.indices.contains(index + 1) else { return false }
        let next = scalars[index + 1]
        switch scalars[index] {
        case "\u{2BB}":
            return next.parts.first.map("aeiouAEIOU".unicodeScalars.contains) ?? false
        case "\u{2BC}":
            guard index > 0 else { return false }
            return [scalars[index - 1], next].allSatisfy {
                Script.number($0) == G_UNICODE_SCRIPT_CYRILLIC.rawValue
            }
        default: return false
        }
    }

    // MARK: Marks

    /// Whether a mark isn't one that is written on the letter before it, or can't be seen there.
    private func isStrayMark(at index: Int) -> Bool {
        let mark = scalars[index]
        if !Script.isShared(mark) { return !Script.isRecommended(mark) }
        switch mark.value {
        case 0x300...0x304, 0x306, 0x308, 0x30C, 0x323, 0x331:
            // What could be put together with its letter has been: these are a second one, or on a letter without such
            // a form.
            let start = scalars[..<index].lastIndex { !$0.isMark } ?? index
            let base = scalars[start]
            guard base.properties.isAlphabetic, !"ij".unicodeScalars.contains(base) else { return true }
            let others = scalars[start..<index].flatMap(\.parts).dropFirst()
            let place = mark.properties.canonicalCombiningClass
            return others.contains { $0.properties.canonicalCombiningClass == place }
                || !Self.alphabets.contains(Script.number(base))
        case 0x3099, 0x309A: return isLatin
        case 0x64B...0x655, 0x670: return !scripts.contains(G_UNICODE_SCRIPT_ARABIC.rawValue)
        default: return true
        }
    }

    private static let alphabets: Set<Int32> = [
        G_UNICODE_SCRIPT_LATIN.rawValue, G_UNICODE_SCRIPT_CYRILLIC.rawValue, G_UNICODE_SCRIPT_GREEK.rawValue,
    ]

    // MARK: Signs

    /// Whether it is a sign that is written between the words or letters of the name's own language.
    private func isOwnSign(at index: Int) -> Bool {
        let scalar = scalars[index]
        switch scalar {
        case "§", "¿", "¡", "«", "»": return true
        case "\u{B7}":
            // Catalan: l·l.
            let around = [index - 1, index + 1].filter(scalars.indices.contains).map { scalars[$0] }
            return around.count == 2 && around.allSatisfy { $0 == "l" || $0 == "L" }
        default: return !isLatin && (Script.isRecommended(scalar) || Self.sharedSigns.contains(scalar))
        }
    }

    /// Chinese and Japanese, Arabic, Hindi.
    private static let sharedSigns: Set<Unicode.Scalar> = [
        "\u{3001}", "\u{3002}", "\u{300C}", "\u{300D}", "\u{30FB}", "\u{300A}", "\u{300B}", "\u{60C}",
        "\u{61B}", "\u{61F}",
        "\u{964}", "\u{965}",
    ]
}

extension Unicode.Scalar {
    /// The letter and the marks that it is put together from.
    fileprivate var parts: [Unicode.Scalar] {
        let most = Int(G_UNICHAR_MAX_DECOMPOSITION_LENGTH)
        var parts = [UInt32](repeating: 0, count: most)
        let count = unsafe g_unichar_fully_decompose(value, 0, &parts, gsize(most))
        return parts.prefix(Int(count)).compactMap(Unicode.Scalar.init)
    }
}
