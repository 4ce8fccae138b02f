// SPDX-License-Identifier: Apache-2.0

import UnicodeText

/// How a search compares letters: the field `ComparisonMode`.
package enum SearchComparison: Hashable, Sendable, CaseIterable {
    /// By what the person's language considers the same letters.
    case currentCulture
    /// The same, upper and lower case alike.
    case currentCultureIgnoreCase
    /// By what all languages consider the same letters.
    case invariantCulture
    /// The same, upper and lower case alike.
    case invariantCultureIgnoreCase
    /// By code points.
    case ordinal
    /// By code points, upper and lower case alike.
    case ordinalIgnoreCase

    /// Whether upper and lower case are alike.
    package var ignoresCase: Bool {
        switch self {
        case .currentCultureIgnoreCase, .invariantCultureIgnoreCase, .ordinalIgnoreCase: true
        case .currentCulture, .invariantCulture, .ordinal: false
        }
    }

    /// Whether a letter may be spelled in either normal form.
    ///
    /// Cultures differ in their alphabets, but the daemon shouldn't find less because of where it was started: by
    /// culture, an accent may be written as one code point or two, and that is all.
    private var isByCulture: Bool {
        switch self {
        case .ordinal, .ordinalIgnoreCase: false
        default: true
        }
    }

    /// The longest text, in bytes, in which a letter is found in another spelling: no person writes a longer one.
    private static let longestSpelled = 65536

    /// The text in the one spelling that is compared: NFC by culture, as it is by code points.
    func spelled(_ text: String) -> String {
        isByCulture && text.utf8.count <= Self.longestSpelled ? text.composed : text
    }

    /// What is enough for looking for a text: ASCII has only one spelling of everything.
    func looking(for text: String) -> SearchComparison {
        guard text.utf8.allSatisfy({ $0 < 0x80 }) else { return self }
        return ignoresCase ? .ordinalIgnoreCase : .ordinal
    }

    /// Whether a text holds a term; both have been folded.
    func finds(_ term: SearchNeedle, in text: String) -> Bool { term.stands(in: text.utf8) }

    /// The text as it is compared, its case folded where case is ignored.
    func folded(_ text: String) -> String {
        let text = spelled(text)
        // Again: small letters may be composed where their capitals aren't.
        return ignoresCase ? spelled(text.lowercased()) : text
    }
}

/// A text that is looked for in others, each in a time that is in proportion to its length.
struct SearchNeedle: Sendable {
    private let bytes: [UInt8]
    /// For each length of what has matched so far, how much of it still matches when the next byte doesn't (Knuth,
    /// Morris and Pratt).
    private let fallbacks: [Int]

    init(_ text: String) {
        let bytes = Array(text.utf8)
        var fallbacks = [0]
        var length = 0
        for byte in bytes.dropFirst() {
            while length > 0, bytes[length] != byte { length = fallbacks[length - 1] }
            if bytes[length] == byte { length += 1 }
            fallbacks.append(length)
        }
        self.bytes = bytes
        self.fallbacks = fallbacks
    }

    func stands(in haystack: some Sequence<UInt8>) -> Bool {
        guard !bytes.isEmpty else { return true }
        var length = 0
        for byte in haystack {
            while length > 0, bytes[length] != byte { length = fallbacks[length - 1] }
            if bytes[length] == byte { length += 1 }
            if length == bytes.count { return true }
        }
        return false
    }
}
