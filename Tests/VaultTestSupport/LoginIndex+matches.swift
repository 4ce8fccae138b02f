// SPDX-License-Identifier: Apache-2.0

package import Vault

extension LoginIndex {
    /// The logins of one vault for what a client asks, the best first.
    package func matches(_ query: MatchQuery) -> [Login] {
        LoginIndex.matches(query, in: [self]).map(\.login)
    }

    /// The same for a page.
    package func matches(url: String, now: Int64) -> [Login] {
        matches(MatchQuery(url: url, now: now))
    }
}
