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
        /// In a dry run: one of the same user at the same place is there; what else is in the two isn't compared.
        case there = 4
    }

    /// One for each login, in the order in which they came.
    package let outcomes: [Outcome]
    /// Why logins can't be kept, as sentences, by their places; just the first ones.
    package let refusals: [Int: String]

    /// How many have been looked for in the vault.
    package var comparedCount: Int { outcomes.count - count(.refused) }

    /// How many have an outcome.
    package func count(_ outcome: Outcome) -> Int { outcomes.count { $0 == outcome } }
}

/// Why an import has failed.
package enum ImportFailure: Error, Equatable, Sendable {
    /// The logins didn't come in time.
    case late
    /// They ended before their end, or what came isn't logins; the text says what it is.
    case broken(String)
    /// There are more than can be imported at once.
    case tooMany
    /// The vault's reason, before anything was stored.
    case vault(VaultError)
    /// Why not all of so many new ones are stored for certain; some may be.
    case storing(AddingFailure, of: Int)
}
