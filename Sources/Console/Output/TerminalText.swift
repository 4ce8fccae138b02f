// SPDX-License-Identifier: Apache-2.0

/// Makes text that came from elsewhere harmless on a terminal.
///
/// The daemon cleans what it sends; but whoever owns its name on the bus, or answers on its port, need not be it.
enum TerminalText {
    /// The text without control and format characters (so without escape sequences and without what turns its
    /// direction round), line and paragraph separators and invisible fillers.
    static func clean(_ text: String) -> String {
        var cleaned = String.UnicodeScalarView()
        cleaned.append(contentsOf: text.unicodeScalars.filter { !isHidden($0) })
        return String(cleaned)
    }

    /// The same for a text of several lines, which stay.
    static func cleanLines(_ text: String) -> [String] {
        // By scalars: as a Character, "\r\n" is one and not a "\n".
        text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).map { clean(String($0)) }
    }

    /// Whether a terminal would act on a character, or not show it.
    static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator: true
        // The Hangul fillers are letters by category, and blank.
        default: ["\u{115F}", "\u{1160}", "\u{3164}", "\u{FFA0}"].contains(scalar)
        }
    }
}
