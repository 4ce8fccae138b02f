// SPDX-License-Identifier: Apache-2.0

import JSON

/// The plain flags of get-logins-custom-search, with the protocol's defaults.
package struct SearchFlags: Equatable, Sendable {
    /// How the search text is read.
    package enum Mode: Sendable {
        /// Words that must all be found.
        case simple
        /// A regular expression.
        case regular
    }

    /// How letters are compared, named and numbered as .NET does.
    package enum Comparison: Int, Sendable, CaseIterable {
        case currentCulture
        case currentCultureIgnoreCase
        case invariantCulture
        case invariantCultureIgnoreCase
        case ordinal
        case ordinalIgnoreCase
    }

    /// Whether titles are searched.
    package var inTitles = true
    /// Whether user names are searched.
    package var inUserNames = true
    /// Whether passwords are searched.
    package var inPasswords = false
    /// Whether URLs are searched.
    package var inURLs = true
    /// Whether notes are searched.
    package var inNotes = true
    /// Whether the values of custom fields are searched.
    package var inOther = true
    /// Whether the names of custom fields are searched.
    package var inStringNames = false
    /// Whether tags are searched.
    package var inTags = true
    /// Whether UUIDs are searched.
    package var inUUIDs = false
    /// Whether the full paths of groups are searched.
    package var inGroupPaths = false
    /// Whether the names of groups are searched.
    package var inGroupNames = false
    /// Whether former states of entries are searched.
    package var inHistory = false
    /// How the search text is read.
    package var mode = Mode.simple
    /// Whether expired entries are left out.
    package var excludesExpired = false
    /// Whether groups that disable searching are left out.
    package var respectsDisabledSearching = true
    /// How letters are compared.
    package var comparison = Comparison.invariantCultureIgnoreCase

    /// The defaults.
    package init() {}
}

extension SearchFlags {
    /// The members of a request that hold them.
    static let names = [
        "SearchInTitles", "SearchInUserNames", "SearchInPasswords", "SearchInUrls", "SearchInNotes",
        "SearchInOther", "SearchInStringNames", "SearchInTags", "SearchInUuids", "SearchInGroupPaths",
        "SearchInGroupNames", "SearchInHistory", "SearchMode", "ComparisonMode", "ExcludeExpired",
        "RespectEntrySearchingDisabled",
    ]
}

extension Request {
    /// The flags of a custom search.
    /// - Returns: The defaults, but for what the request says otherwise.
    /// - Throws: `invalidSearchMode`, `invalidComparison`.
    package func searchFlags() throws(RequestError) -> SearchFlags {
        var flags = SearchFlags()
        flags.inTitles = flag("SearchInTitles", default: flags.inTitles)
        flags.inUserNames = flag("SearchInUserNames", default: flags.inUserNames)
        flags.inPasswords = flag("SearchInPasswords", default: flags.inPasswords)
        flags.inURLs = flag("SearchInUrls", default: flags.inURLs)
        flags.inNotes = flag("SearchInNotes", default: flags.inNotes)
        flags.inOther = flag("SearchInOther", default: flags.inOther)
        flags.inStringNames = flag("SearchInStringNames", default: flags.inStringNames)
        flags.inTags = flag("SearchInTags", default: flags.inTags)
        flags.inUUIDs = flag("SearchInUuids", default: flags.inUUIDs)
        flags.inGroupPaths = flag("SearchInGroupPaths", default: flags.inGroupPaths)
        flags.inGroupNames = flag("SearchInGroupNames", default: flags.inGroupNames)
        flags.inHistory = flag("SearchInHistory", default: flags.inHistory)
        flags.excludesExpired = flag("ExcludeExpired", default: flags.excludesExpired)
        flags.respectsDisabledSearching = flag(
            "RespectEntrySearchingDisabled",
            default: flags.respectsDisabledSearching
        )
        flags.mode = try searchMode()
        flags.comparison = try comparison()
        return flags
    }

    private func searchMode() throws(RequestError) -> SearchFlags.Mode {
        switch choice("SearchMode") {
        case .absent: return .simple
        case .word("simple"), .word("1"): return .simple
        case .word("regular"), .word("2"): return .regular
        default: throw .invalidSearchMode
        }
    }

    private func comparison() throws(RequestError) -> SearchFlags.Comparison {
        switch choice("ComparisonMode") {
        case .absent: return .invariantCultureIgnoreCase
        case .word(let word):
            let found = SearchFlags.Comparison.allCases.first {
                "\($0)".lowercased() == word || String($0.rawValue) == word
            }
            guard let found else { throw .invalidComparison }
            return found
        case .unreadable: throw .invalidComparison
        }
    }

    private enum Choice: Equatable {
        case absent
        /// A name or a number, in small letters.
        case word(String)
        case unreadable
    }

    /// One of several names or their numbers, whatever their case.
    private func choice(_ name: String) -> Choice {
        switch members[name] {
        case nil, .null, .string(""): return .absent
        case .string(let text), .number(let text):
            // Longer than any that exists; by ASCII alone, so that no other letter becomes one of a name's.
            guard text.utf8.count <= 64, text.utf8.allSatisfy({ $0 < 0x80 }) else { return .unreadable }
            return .word(text.lowercased())
        default: return .unreadable
        }
    }
}
