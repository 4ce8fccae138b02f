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

    /// Whether a text holds a term that `folded` has been applied to.
    ///
    /// Cultures differ in their alphabets, but nobody's daemon should find less because of where it was started: by
    /// culture, an accent may be written as one code point or two, and that is all.
    func finds(_ term: String, in text: String) -> Bool {
        let text = folded(text)
        switch self {
        case .ordinal, .ordinalIgnoreCase:
            return text.unicodeScalars.firstRange(of: term.unicodeScalars) != nil
        default: return text.contains(term)
        }
    }

    /// The text with its case folded, where case is ignored.
    func folded(_ text: String) -> String {
        ignoresCase ? text.lowercased() : text
    }
}
