// SPDX-License-Identifier: Apache-2.0

import UnicodeText

/// A name by which a person identifies something: a client's Id, a vault's name.
///
/// It is in NFC, contains nothing invisible and no spaces but single ones between words, so no two names that are
/// compared by their bytes look alike because of how they are written.
package struct PlainName: Hashable, Sendable {
    /// More characters (Unicode scalars) than anybody calls anything, and few enough for a question.
    package static let longest = 128
    /// More bytes than that; what compares names may rely on it.
    static let mostBytes = ByteKey.longest

    /// The name.
    package let text: String

    /// Takes a name in any of its forms; nil if it isn't fit to be one.
    package init?(_ text: String) {
        guard text.utf8.count <= 2 * Self.mostBytes else { return nil }
        let name = text.composed
        guard Self.cleaned(name, limit: Self.longest).hasSameBytes(as: name), !name.isEmpty else {
            return nil
        }
        self.text = name
    }

    /// Makes a name of whatever a text has that is fit for one; nil if that is nothing.
    ///
    /// Two texts that look alike become the same name, so this is also how a name from elsewhere is looked up.
    package init?(cleaning text: String, limit: Int = longest) {
        let name = Self.cleaned(text, limit: limit)
        guard !name.isEmpty else { return nil }
        self.text = name
    }

    package static func == (left: PlainName, right: PlainName) -> Bool {
        left.text.hasSameBytes(as: right.text)
    }

    package func hash(into hasher: inout Hasher) {
        ByteKey(text)?.hash(into: &hasher)
    }

    private static func cleaned(_ text: String, limit: Int) -> String {
        if isSimple(text), text.utf8.count <= limit { return text }
        var name = String.UnicodeScalarView()
        var length = 0
        var isAfterSpace = true
        for scalar in PlainText.cleaned(text.cut(toBytes: 16 * mostBytes)).unicodeScalars {
            let isSpace = scalar.properties.generalCategory == .spaceSeparator
            if isSpace, isAfterSpace { continue }
            // A mark that has lost its letter is dropped.
            if isAfterSpace, scalar.isMark { continue }
            length += isSpace ? 1 : UTF8.width(scalar)
            guard name.count < limit, length <= mostBytes else { break }
            name.append(isSpace ? " " : scalar)
            isAfterSpace = isSpace
        }
        if name.last == " " { name.removeLast() }
        return String(name)
    }

    /// Whether it is plain ASCII without a space at an end or beside another: the usual case, and quickly seen.
    private static func isSimple(_ text: String) -> Bool {
        var last = UInt8(ascii: " ")
        for byte in text.utf8 {
            guard byte >= 0x20, byte < 0x7F, byte != 0x20 || last != 0x20 else { return false }
            last = byte
        }
        return last != 0x20
    }
}
