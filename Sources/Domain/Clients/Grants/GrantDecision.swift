// SPDX-License-Identifier: Apache-2.0

/// What a grant is looked up for: one entry, in one way.
package struct GrantSubject: Hashable, Sendable {
    /// What a grant would have to cover.
    package var key: GrantKey
    /// The entry's uuid; empty for one that is yet to be made.
    package var entry: String

    /// Keeps both.
    package init(key: GrantKey, entry: String) {
        self.key = key
        self.entry = entry
    }
}

/// What the person has decided about an entry beyond a single request, as far as that is known.
package enum GrantDecision: Hashable, Sendable {
    /// It may be done without asking.
    case allowed
    /// It may not be done.
    case denied
    /// The person has decided nothing.
    case undecided
    /// What the person has decided can't be read now. It may be a denial: nothing but a new question covers it.
    case unknown
}

/// From one lock to the next: what is granted for the session is granted for only this one.
package struct GrantSession: Equatable, Sendable {
    private var number: UInt64
    /// How often a single vault's session ended.
    private var ofVaults: [String: UInt64] = [:]

    /// Names it by its number.
    package init(number: UInt64) {
        self.number = number
    }

    /// Whether what was decided in this one about a vault has ended by the time of another.
    package func isOver(for vault: String, at now: GrantSession) -> Bool {
        number != now.number || ofVaults[vault] != now.ofVaults[vault]
    }

    /// Makes it the next one: for one vault, or for all.
    mutating func end(ofVault vault: String?) {
        if let vault {
            ofVaults[vault, default: 0] += 1
        } else {
            number += 1
        }
    }
}
