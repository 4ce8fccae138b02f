// SPDX-License-Identifier: Apache-2.0

import SafeRegex

/// A search through the texts of entries: `get-logins-custom-search`.
package struct LoginSearch: Sendable {
    /// How the search text is read: the field `SearchMode`.
    package enum Mode: Hashable, Sendable, CaseIterable {
        /// Words that must all be found.
        case simple
        /// A regular expression.
        case regular
    }

    private enum Matcher {
        case terms(wanted: [SearchNeedle], unwanted: [SearchNeedle], SearchComparison)
        case pattern(Pattern, SearchComparison)
    }

    /// The longest search text in bytes, and the most words: far more than anybody looks for.
    package static let (longest, mostTerms) = (Pattern.longest, 32)

    private let matcher: Matcher
    private let places: Set<SearchPlace>
    private let excludesExpired: Bool
    private let respectsSearchingDisabled: Bool

    /// Reads a search.
    /// - Parameters:
    ///   - text: The words, or the expression.
    ///   - places: Where to look.
    ///   - mode: How the text is read.
    ///   - comparison: How letters are compared.
    ///   - excludesExpired: Whether expired entries are left out.
    ///   - respectsSearchingDisabled: Whether entries are left out whose group forbids searching.
    /// - Throws: What is wrong with the length or the expression; nothing was looked at.
    package init(
        _ text: String,
        places: Set<SearchPlace> = Set(SearchPlace.allCases.filter(\.isUsual)),
        mode: Mode = .simple,
        comparison: SearchComparison = .invariantCultureIgnoreCase,
        excludesExpired: Bool = false,
        respectsSearchingDisabled: Bool = true
    ) throws(SearchError) {
        guard text.utf8.count <= Self.longest else { throw .tooLong }
        let comparison = comparison.looking(for: text)
        switch mode {
        case .simple:
            let terms = SearchTerms(comparison.folded(text))
            guard terms.count <= Self.mostTerms else { throw .tooLong }
            matcher = .terms(
                wanted: terms.wanted.map { SearchNeedle($0) },
                unwanted: terms.unwanted.map { SearchNeedle($0) },
                comparison
            )
        case .regular:
            matcher = .pattern(try Self.pattern(text, comparison), comparison)
        }
        self.places = places
        self.excludesExpired = excludesExpired
        self.respectsSearchingDisabled = respectsSearchingDisabled
    }

    /// Whether it looks at an entry at all, whatever stands in it.
    package func concerns(_ login: Login, now: Int64) -> Bool {
        login.isServed && !(respectsSearchingDisabled && !login.isSearchable)
            && !(excludesExpired && login.isExpired(at: now))
    }

    /// Whether it finds an entry.
    /// - Parameters:
    ///   - entry: The entry.
    ///   - now: The time, in seconds since 1970.
    ///   - budget: What the whole search may cost; less is left afterwards, also where nothing was found.
    /// - Returns: Whether it does.
    /// - Throws: `tookTooLong` once nothing is left, whatever used it up.
    package func finds(
        _ entry: SearchableEntry,
        now: Int64,
        within budget: inout SearchBudget
    ) throws(SearchError) -> Bool {
        guard !budget.matching.isSpent else { throw .tookTooLong }
        guard concerns(entry.login, now: now) else { return false }
        let states = places.contains(.history) ? [entry.texts] + entry.history : [entry.texts]
        let texts = states.flatMap { state in places.flatMap { state[$0] ?? [] } }
        budget.texts += texts.count
        switch matcher {
        case .terms(let wanted, let unwanted, let comparison):
            return try Self.finds(wanted, unwanted, comparison, in: texts, within: &budget)
        case .pattern(let pattern, let comparison):
            for text in texts.lazy.compactMap(\.text) {
                do throws(PatternError) {
                    if try pattern.matches(comparison.spelled(text), within: &budget.matching) { return true }
                } catch {
                    throw .tookTooLong
                }
            }
            return false
        }
    }

    private static func finds(
        _ wanted: [SearchNeedle],
        _ unwanted: [SearchNeedle],
        _ comparison: SearchComparison,
        in texts: [SearchableText],
        within budget: inout SearchBudget
    ) throws(SearchError) -> Bool {
        var missing = wanted
        for text in texts {
            guard !budget.matching.isSpent else { throw .tookTooLong }
            guard let text = text.text.map(comparison.folded) else { continue }
            if unwanted.contains(where: { comparison.finds($0, in: text) }) { return false }
            missing.removeAll { comparison.finds($0, in: text) }
        }
        return missing.isEmpty
    }

    private static func pattern(_ text: String, _ comparison: SearchComparison) throws(SearchError) -> Pattern
    {
        do throws(PatternError) {
            return try Pattern(comparison.spelled(text), ignoringCase: comparison.ignoresCase)
        } catch {
            switch error {
            case .broken: throw .invalidPattern
            case .ranAway: throw .tookTooLong
            }
        }
    }
}

/// What one search may cost, over all entries that it looks at.
package struct SearchBudget: Sendable {
    fileprivate var matching: MatchBudget
    fileprivate var texts = 0

    /// What it has cost so far: each text that was looked at, each step of a pattern.
    package var used: Int { texts + MatchBudget.usualSteps - matching.steps }

    /// Allows what a search may cost, until a time.
    package init(until deadline: ContinuousClock.Instant) {
        matching = MatchBudget(until: deadline)
    }
}

/// Why a search found nothing to say.
package enum SearchError: Error, Equatable, Sendable {
    /// `SearchMode` isn't one of the modes.
    case invalidMode
    /// `ComparisonMode` isn't one of the comparisons.
    case invalidComparison
    /// The regular expression isn't valid.
    case invalidPattern
    /// The search text has more bytes, or more words, than anybody looks for.
    case tooLong
    /// As many searches of this client as may run at once are running.
    case tooMany
    /// It was cut off.
    case tookTooLong

    /// The sentence for the client's `Error`.
    package var sentence: String {
        switch self {
        case .invalidMode: "Invalid search mode"
        case .invalidComparison: "Invalid comparison mode"
        // Not which: it came encrypted, and the answer doesn't go out so.
        case .invalidPattern:
            "Invalid regular expression: look for a bracket without its partner, or a * or + with nothing before it"
        case .tooLong:
            "The search text is too long: at most \(LoginSearch.longest) bytes and \(LoginSearch.mostTerms) words"
        case .tooMany: "Other searches are still running. Try again."
        case .tookTooLong: "The search took too long and was cut off"
        }
    }
}
