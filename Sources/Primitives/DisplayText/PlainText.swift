// SPDX-License-Identifier: Apache-2.0

import UnicodeText

/// Text from outside made fit to be shown: in notifications, on a terminal, in the log, in an error's sentence.
///
/// No markup is interpreted, nothing invisible stays, nothing reverses the direction of writing or makes a terminal
/// act, and no pile of combining marks covers what stands around it. What is returned is in NFC, so that two texts that
/// look alike are the same. Markup is escaped where markup is made.
package enum PlainText {
    /// The longest a field may be, in Unicode scalars.
    package static let fieldLimit = 256

    /// The longest a name may be that stands in a sentence or a dialog.
    package static let nameLimit = 120

    /// No more of a text than this is looked at for a field: invisible characters are skipped, but not for ever.
    static func longestInput(for limit: Int) -> Int { limit * 16 }

    /// Without line breaks, control, format, filler and other characters that aren't seen.
    package static func cleaned(_ text: String) -> String {
        if isPrintable(text) { return text }
        var cleaner = Cleaner(limit: .max)
        for scalar in text.unicodeScalars { cleaner.take(scalar) }
        return cleaner.text.composed
    }

    /// The same for a text of several lines, which stay.
    package static func lines(_ text: String) -> [String] {
        // By bytes: as a Character, "\r\n" is one and not a "\n".
        text.utf8.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .map { cleaned(String(Substring($0))) }
    }

    /// A text that is laid out in lines and columns, which stay, without what isn't seen.
    package static func laidOut(_ text: String) -> String {
        var kept = String.UnicodeScalarView()
        kept.append(contentsOf: text.unicodeScalars.lazy.filter { $0 == "\n" || !isHidden($0) })
        return String(kept)
    }

    /// Cleaned, and cut at the end if it is too long.
    package static func field(_ text: String, limit: Int = fieldLimit) -> String {
        if text.utf8.count <= limit, isPrintable(text) { return text }
        return cut(text, limit: limit) { $0 }
    }

    /// Cleaned and cut like a field, but a space stands for each line break and control character.
    package static func line(_ text: String, limit: Int) -> String {
        if text.utf8.count <= limit, isPrintable(text) { return text }
        return cut(text, limit: limit) { isBreak($0) ? " " : $0 }
    }

    /// What somebody else claims, in quotes that it can't close itself.
    package static func quoted(_ text: String, limit: Int = fieldLimit) -> String {
        if text.utf8.count <= limit, isPrintable(text), !text.utf8.contains(where: Quotes.contains) {
            return "“" + text + "”"
        }
        var quotes = Quotes()
        return "“" + cut(text, limit: limit) { quotes.take($0) } + "”"
    }

    /// The end of a cleaned text, if it is too long.
    static func end(of text: String, limit: Int) -> String {
        let bytes = text.utf8.suffix(longestInput(for: limit))
        let scalars = cleaned(String(decoding: bytes, as: UTF8.self)).unicodeScalars
        guard scalars.count > limit || bytes.count < text.utf8.count else { return String(scalars) }
        // A mark that has lost its letter would be drawn on the ellipsis.
        return "…" + String(scalars.suffix(limit - 1).drop { $0.isMark })
    }

    private static func cut(
        _ text: String,
        limit: Int,
        _ changed: (Unicode.Scalar) -> Unicode.Scalar?
    ) -> String {
        var cleaner = Cleaner(limit: limit + 1)
        var left = longestInput(for: limit)
        for scalar in text.unicodeScalars {
            guard left > 0, !cleaner.isFull else { break }
            left -= 1
            if let scalar = changed(scalar) { cleaner.take(scalar) }
        }
        let scalars = cleaner.text.composed.unicodeScalars
        guard scalars.count > limit || left == 0 else { return String(scalars) }
        return String(scalars.prefix(limit - 1)) + "…"
    }

    /// Whether there is nothing to clean: the usual case, and quick to check.
    private static func isPrintable(_ text: String) -> Bool {
        var spaces = 0
        let bytes = text.utf8.span
        for index in bytes.indices {
            let byte = bytes[index]
            guard byte >= 0x20, byte < 0x7F else { return false }
            spaces = byte == 0x20 ? spaces + 1 : 0
            guard spaces <= Cleaner.spacesInARow else { return false }
        }
        return true
    }
}
