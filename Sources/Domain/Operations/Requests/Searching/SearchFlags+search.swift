// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import Vault

extension SearchFlags {
    /// Whether it looks, for words and without a condition, only where a search may look without the person's word.
    var isPublic: Bool {
        mode == .simple && !excludesExpired && respectsDisabledSearching
            && places.isSubset(of: SearchPlace.publicPlaces)
    }

    /// Where the search looks.
    var places: Set<SearchPlace> {
        let places: [(SearchPlace, Bool)] = [
            (.titles, inTitles), (.userNames, inUserNames), (.passwords, inPasswords), (.urls, inURLs),
            (.notes, inNotes), (.other, inOther), (.stringNames, inStringNames), (.tags, inTags),
            (.uuids, inUUIDs), (.groupPaths, inGroupPaths), (.groupNames, inGroupNames),
            (.history, inHistory),
        ]
        return Set(places.filter(\.1).map(\.0))
    }

    /// Everything that makes it a different search, so that an allow for one isn't one for the other.
    var asked: [String] {
        let rest = [mode == .regular, excludesExpired, respectsDisabledSearching]
        return SearchPlace.allCases.filter(places.contains).map(\.word) + rest.map { $0 ? "+" : "-" }
            + ["\(comparison)"]
    }
}

extension LoginSearch {
    init(_ text: String, _ flags: SearchFlags) throws(SearchError) {
        try self.init(
            text,
            places: flags.places,
            mode: flags.mode == .regular ? .regular : .simple,
            comparison: SearchComparison(flags.comparison),
            excludesExpired: flags.excludesExpired,
            respectsSearchingDisabled: flags.respectsDisabledSearching
        )
    }
}

extension SearchComparison {
    init(_ wire: SearchFlags.Comparison) {
        self =
            switch wire {
            case .currentCulture: .currentCulture
            case .currentCultureIgnoreCase: .currentCultureIgnoreCase
            case .invariantCulture: .invariantCulture
            case .invariantCultureIgnoreCase: .invariantCultureIgnoreCase
            case .ordinal: .ordinal
            case .ordinalIgnoreCase: .ordinalIgnoreCase
            }
    }
}
