// SPDX-License-Identifier: Apache-2.0

package import Vault

/// What becomes of the logins of an import.
package struct ImportResult: Equatable, Sendable {
    /// What becomes of one login.
    package enum Outcome: UInt8, Sendable {
        /// It wasn't there; it is now, unless the import is a dry run.
        case new = 0
        /// It was there already, with all that it brings, or has come in this import before.
        case same = 1
        /// One of the same user at the same place is there, with another password or less beside it: that one stays.
        case different = 2
        /// It can't be kept.
        case refused = 3
    }

    /// One for each login, in the order in which they came.
    package let outcomes: [Outcome]
    /// Why logins can't be kept, as sentences, by their places; just the first ones.
    package let refusals: [Int: String]

    /// How many have an outcome.
    package func count(_ outcome: Outcome) -> Int { outcomes.count { $0 == outcome } }
}

/// Why nothing was imported.
package enum ImportFailure: Error, Equatable, Sendable {
    /// The logins didn't come in time.
    case late
    /// They ended before their end, or what came isn't logins; the text says what it is.
    case broken(String)
    /// There are more than can be imported at once.
    case tooMany
    /// The vault's reason; with it, how many are in the vault nevertheless.
    case vault(VaultError, left: Int)
}
