// SPDX-License-Identifier: Apache-2.0

import Patterns

/// A search through the texts of entries: `get-logins-custom-search` (`protocol.md` section 5).
package struct LoginSearch: Sendable {
    /// How the search text is read: the field `SearchMode`.
    package enum Mode: Int, Hashable, Sendable, CaseIterable {
        /// Words that must all be found.
        case simple = 1
        /// A regular expression.
        case regular = 2

        /// Reads a name in either case, or a number.
        package init?(_ text: String) {
            let found = Self.allCases.first { "\($0)" == text.lowercased() || String($0.rawValue) == text }
            guard let found else { return nil }
            self = found
        }
    }

    private enum Matcher {
        case terms(SearchTerms, SearchComparison)
        case pattern(Pattern)
    }

    private let matcher: Matcher
    private let places: Set<SearchPlace>
    private let excludesExpired: Bool
    private let respectsSearchingDisabled: Bool

    /// Reads a search.
    /// - Parameters:
    ///   - text: The words, or the expression.
    ///   - places: Where to look.
    ///   - mode: The field `SearchMode`, or nil for the usual.
    ///   - comparison: The field `ComparisonMode`, or nil for the usual.
    ///   - excludesExpired: Whether expired entries are left out.
    ///   - respectsSearchingDisabled: Whether entries are left out whose group forbids searching.
    /// - Throws: What is wrong with the mode, the comparison or the expression.
    package init(
        _ text: String,
        places: Set<SearchPlace> = Set(SearchPlace.allCases.filter(\.isUsual)),
        mode: String? = nil,
        comparison: String? = nil,
        excludesExpired: Bool = false,
        respectsSearchingDisabled: Bool = true
    ) throws(SearchError) {
        guard let mode = mode.map(Mode.init) ?? .simple else { throw .invalidMode }
        guard let comparison = comparison.map(SearchComparison.init) ?? .invariantCultureIgnoreCase else {
            throw .invalidComparison
        }
        switch mode {
        case .simple: matcher = .terms(SearchTerms(comparison.folded(text)), comparison)
        case .regular: matcher = .pattern(try Self.pattern(text, comparison))
        }
        self.places = places
        self.excludesExpired = excludesExpired
        self.respectsSearchingDisabled = respectsSearchingDisabled
    }

    /// The logins of the entries that it finds, in their order.
    /// - Parameters:
    ///   - entries: Every entry of a vault, made one by one as they are looked at.
    ///   - now: The time, in seconds since 1970.
    ///   - deadline: When to give up.
    /// - Returns: The logins.
    /// - Throws: `tookTooLong` at the deadline, or where one text alone would take an expression too long.
    package func logins(
        among entries: some Sequence<SearchableEntry>,
        now: Int64,
        deadline: ContinuousClock.Instant
    ) throws(SearchError) -> [Login] {
        var found: [Login] = []
        for entry in entries {
            guard ContinuousClock.now < deadline else { throw .tookTooLong }
            if try finds(entry, now: now) { found.append(entry.login) }
        }
        return found
    }

    private func finds(_ entry: SearchableEntry, now: Int64) throws(SearchError) -> Bool {
        let login = entry.login
        guard !login.isRecycled, !login.isPluginSettings, !(respectsSearchingDisabled && !login.isSearchable),
            !(excludesExpired && login.isExpired(at: now))
        else { return false }
        let states = places.contains(.history) ? [entry.texts] + entry.history : [entry.texts]
        let texts = states.flatMap { state in places.flatMap { state[$0] ?? [] } }.compactMap(\.text)
        switch matcher {
        case .terms(let terms, let comparison):
            return terms.wanted.allSatisfy { term in texts.contains { comparison.finds(term, in: $0) } }
                && !terms.unwanted.contains { term in texts.contains { comparison.finds(term, in: $0) } }
        case .pattern(let pattern):
            for text in texts where try Self.matches(pattern, text) { return true }
            return false
        }
    }

    private static func pattern(_ text: String, _ comparison: SearchComparison) throws(SearchError) -> Pattern
    {
        do throws(PatternError) {
            return try Pattern(text, ignoringCase: comparison.ignoresCase)
        } catch {
            switch error {
            case .broken: throw .invalidPattern(text)
            case .ranAway: throw .tookTooLong
            }
        }
    }

    private static func matches(_ pattern: Pattern, _ text: String) throws(SearchError) -> Bool {
        do throws(PatternError) {
            return try pattern.matches(text)
        } catch {
            throw .tookTooLong
        }
    }
}

/// Why a search found nothing to say.
package enum SearchError: Error, Equatable, Sendable {
    /// `SearchMode` is none of the modes.
    case invalidMode
    /// `ComparisonMode` is none of the comparisons.
    case invalidComparison
    /// The regular expression, which is the text, is none.
    case invalidPattern(String)
    /// It was cut off.
    case tookTooLong

    /// The sentence for the client's `Error`.
    package var sentence: String {
        switch self {
        case .invalidMode: "Invalid search mode"
        case .invalidComparison: "Invalid comparison mode"
        case .invalidPattern(let text): "Invalid regular expression: \(text)"
        case .tookTooLong: "The search took too long and was cut off"
        }
    }
}
