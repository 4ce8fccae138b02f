// SPDX-License-Identifier: Apache-2.0

import Approval
import Vault

/// Logins that may be handed out, and the question that allowed them, if one was asked.
struct Released: Sendable {
    var offers: [Offer]
    var code: String?
    /// What let them through.
    var permissions: Set<Permission> = []
    /// The page's host; nil for a bulk read.
    var host: String?
    /// Whether no logins exist, rather than none that may be handed out.
    var isNothingFound = false
    /// What doesn't go out of what was asked for.
    var leftOut: Set<ReleasePart> = []

    /// The same without the offers that may no longer go out, and without what let only those through.
    func keeping(_ stays: [Bool]) -> Released {
        guard stays.contains(false) else { return self }
        var left = self
        left.offers = zip(offers, stays).filter(\.1).map(\.0)
        left.permissions = Set(left.offers.compactMap { $0.standing?.permission }).union(
            permissions.filter { $0.code != nil }
        )
        return left
    }
}
