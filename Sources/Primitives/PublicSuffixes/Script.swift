// SPDX-License-Identifier: Apache-2.0

import CGLib

/// The scripts that a text's letters belong to.
package enum Script {
    /// Whether all letters are of one script, so that none can stand for another one's that looks like it (after
    /// UTS #39, 5.1).
    ///
    /// - Parameters:
    ///   - text: The text; digits, hyphens and marks are of every script.
    ///   - orNone: The result for a text without letters.
    /// - Returns: Whether they are.
    package static func isOne(_ text: String, orNone: Bool = false) -> Bool {
        var only: UInt32?
        for scalar in text.unicodeScalars {
            let script = g_unichar_get_script(scalar.value)
            guard script != G_UNICODE_SCRIPT_COMMON, script != G_UNICODE_SCRIPT_INHERITED else { continue }
            let number = UInt32(bitPattern: script.rawValue)
            guard only == nil || only == number else { return false }
            only = number
        }
        return only != nil || orNone
    }

    /// Whether all letters are of one way of writing: one script, or the Han characters with those that Japanese, Korean or
    /// Chinese write beside them, and Latin letters (UTS #39, "highly restrictive").
    package static func isOneWriting(_ text: String) -> Bool {
        let scripts = Set(text.unicodeScalars.filter { !isShared($0) }.map(number))
        return scripts.count <= 1 || writings.contains { scripts.isSubset(of: $0) }
    }

    /// The script that a character belongs to.
    package static func number(_ scalar: Unicode.Scalar) -> Int32 {
        g_unichar_get_script(scalar.value).rawValue
    }

    /// Whether it is of every script.
    package static func isShared(_ scalar: Unicode.Scalar) -> Bool {
        let script = g_unichar_get_script(scalar.value)
        return script == G_UNICODE_SCRIPT_COMMON || script == G_UNICODE_SCRIPT_INHERITED
    }

    /// Whether it is of a script that people write in today (UAX #31, table 5).
    package static func isRecommended(_ scalar: Unicode.Scalar) -> Bool {
        recommended.contains(number(scalar))
    }

    private static let writings: [Set<Int32>] =
        ([
            [G_UNICODE_SCRIPT_HAN, G_UNICODE_SCRIPT_HIRAGANA, G_UNICODE_SCRIPT_KATAKANA],
            [G_UNICODE_SCRIPT_HAN, G_UNICODE_SCRIPT_HANGUL],
            [G_UNICODE_SCRIPT_HAN, G_UNICODE_SCRIPT_BOPOMOFO],
        ] as [[GUnicodeScript]]).map { Set(($0 + [G_UNICODE_SCRIPT_LATIN]).map(\.rawValue)) }

    private static let recommended: Set<Int32> = Set(
        [
            G_UNICODE_SCRIPT_ARABIC, G_UNICODE_SCRIPT_ARMENIAN, G_UNICODE_SCRIPT_BENGALI,
            G_UNICODE_SCRIPT_BOPOMOFO, G_UNICODE_SCRIPT_CYRILLIC, G_UNICODE_SCRIPT_DEVANAGARI,
            G_UNICODE_SCRIPT_ETHIOPIC, G_UNICODE_SCRIPT_GEORGIAN, G_UNICODE_SCRIPT_GREEK,
            G_UNICODE_SCRIPT_GUJARATI, G_UNICODE_SCRIPT_GURMUKHI, G_UNICODE_SCRIPT_HAN,
            G_UNICODE_SCRIPT_HANGUL, G_UNICODE_SCRIPT_HEBREW, G_UNICODE_SCRIPT_HIRAGANA,
            G_UNICODE_SCRIPT_KANNADA, G_UNICODE_SCRIPT_KATAKANA, G_UNICODE_SCRIPT_KHMER,
            G_UNICODE_SCRIPT_LAO, G_UNICODE_SCRIPT_LATIN, G_UNICODE_SCRIPT_MALAYALAM,
            G_UNICODE_SCRIPT_MYANMAR, G_UNICODE_SCRIPT_ORIYA, G_UNICODE_SCRIPT_SINHALA,
            G_UNICODE_SCRIPT_TAMIL, G_UNICODE_SCRIPT_TELUGU, G_UNICODE_SCRIPT_THAANA,
            G_UNICODE_SCRIPT_THAI, G_UNICODE_SCRIPT_TIBETAN,
        ].map(\.rawValue)
    )
}
