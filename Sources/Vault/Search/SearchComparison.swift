// SPDX-License-Identifier: Apache-2.0

/// How a search compares letters: the field `ComparisonMode`, named and numbered as .NET does.
package enum SearchComparison: Int, Hashable, Sendable, CaseIterable {
    /// By what the person's language takes for the same letters.
    case currentCulture
    /// The same, upper and lower case alike.
    case currentCultureIgnoreCase
    /// By what all languages take for the same letters.
    case invariantCulture
    /// The same, upper and lower case alike.
    case invariantCultureIgnoreCase
    /// By code points.
    case ordinal
    /// By code points, upper and lower case alike.
    case ordinalIgnoreCase

    /// Reads a name in either case, or a number.
    package init?(_ text: String) {
        guard text.utf8.count <= 64 else { return nil }
        let found = Self.allCases.first {
            "\($0)".lowercased() == text.lowercased() || String($0.rawValue) == text
        }
        guard let found else { return nil }
        self = found
    }

    /// Whether upper and lower case are alike.
    package var ignoresCase: Bool {
        switch self {
        case .currentCultureIgnoreCase, .invariantCultureIgnoreCase, .ordinalIgnoreCase: true
        case .currentCulture, .invariantCulture, .ordinal: false
        }
    }

    /// The longest text, in bytes, in which two spellings of a letter are the same: finding that out costs more than
    /// in proportion to the length.
    private static let longestByCulture = 1024

    /// Whether a text holds a term; both have been folded.
    ///
    /// Cultures differ in their alphabets, but nobody's daemon should find less because of where it was started: by
    /// culture, an accent may be written as one code point or two, and that is all.
    func finds(_ term: SearchNeedle, in text: String) -> Bool {
        if term.stands(in: text.utf8) { return true }
        switch self {
        case .ordinal, .ordinalIgnoreCase: return false
        default:
            // ASCII has one spelling of everything.
            guard !term.isASCII, text.utf8.count <= Self.longestByCulture else { return false }
            return text.contains(term.text)
        }
    }

    /// The text with its case folded, where case is ignored.
    func folded(_ text: String) -> String {
        ignoresCase ? text.lowercased() : text
    }
}

/// A text that is looked for in others, each in a time that is in proportion to its length.
struct SearchNeedle: Sendable {
    let text: String
    let isASCII: Bool
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
        self.text = text
        self.bytes = bytes
        self.fallbacks = fallbacks
        isASCII = bytes.allSatisfy { $0 < 0x80 }
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
