// SPDX-License-Identifier: Apache-2.0

import Vault

extension LoginIndex {
    /// The logins of one vault for what a client asks, the best first.
    func matches(_ query: MatchQuery) -> [Login] {
        LoginIndex.matches(query, in: [self]).map(\.login)
    }

    /// The same for a page.
    func matches(url: String, now: Int64) -> [Login] {
        matches(MatchQuery(url: url, now: now))
    }
}
