// SPDX-License-Identifier: Apache-2.0

/// How logins are chosen and ordered: the table `[match]` of the configuration.
package struct MatchOptions: Hashable, Sendable {
    /// What decides between two logins whose URLs are equally near.
    package enum Order: String, Hashable, Sendable, CaseIterable {
        /// The user name.
        case username
        /// The title.
        case title
    }

    /// Whether only the nearest are given.
    package var bestOnly: Bool
    /// Whether a login of another scheme than the page's is left out.
    package var schemes: Bool
    /// Whether expired logins are left out.
    package var hideExpired: Bool
    /// What decides between equally near ones.
    package var sortBy: Order

    /// The options; without arguments, the configuration's defaults.
    package init(
        bestOnly: Bool = false,
        schemes: Bool = false,
        hideExpired: Bool = false,
        sortBy: Order = .username
    ) {
        self.bestOnly = bestOnly
        self.schemes = schemes
        self.hideExpired = hideExpired
        self.sortBy = sortBy
    }
}
