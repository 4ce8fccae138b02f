// SPDX-License-Identifier: Apache-2.0

import PublicSuffixes

/// Text of others made fit to be shown: no markup is interpreted, nothing invisible stays.
package enum PlainText {
    /// The longest a field may be, in Unicode scalars, so that a pile of combining marks is cut as well.
    package static let fieldLimit = 256

    /// Letters that are drawn as nothing although Unicode counts them as letters.
    private static let fillers: Set<Unicode.Scalar> = ["\u{115F}", "\u{1160}", "\u{3164}", "\u{FFA0}"]

    /// Without line breaks, control, format and filler characters.
    package static func cleaned(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        scalars.append(contentsOf: text.unicodeScalars.lazy.filter(isVisible))
        return String(scalars)
    }

    /// Cleaned, and cut at the end if it is too long.
    package static func field(_ text: String, limit: Int = fieldLimit) -> String {
        let scalars = cleaned(text).unicodeScalars
        guard scalars.count > limit else { return String(scalars) }
        return String(scalars.prefix(limit - 1)) + "…"
    }

    /// Cleaned, and cut at the front if it is too long, so that the registrable domain stays; a name of one script as
    /// people read it.
    package static func host(_ text: String, limit: Int = fieldLimit) -> String {
        // A port may stand behind a name; in an IPv6 address, which is no name, any part may be a number.
        let name = text.prefix { $0 != ":" }
        let shown = DomainName(name).map { $0.shown + text.dropFirst(name.count) } ?? text
        let scalars = cleaned(shown).unicodeScalars
        guard scalars.count > limit else { return String(scalars) }
        return "…" + String(scalars.suffix(limit - 1))
    }

    /// What somebody else claims, in quotes that it can't close itself.
    package static func quoted(_ text: String, limit: Int = fieldLimit) -> String {
        let inner = field(text, limit: limit).map { isQuote($0) ? "'" : $0 }
        return "“" + String(inner) + "”"
    }

    private static func isVisible(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: false
        default: !fillers.contains(scalar)
        }
    }

    private static func isQuote(_ character: Character) -> Bool {
        "“”„‟\"".contains(character)
    }
}
