// SPDX-License-Identifier: Apache-2.0

import Ciphers

/// What a grant covers: one key, program, vault, kind and exact host (`contract.md` section 3, *Grants*).
package struct GrantKey: Hashable, Sendable {
    /// What is granted.
    package enum Kind: String, Sendable, CaseIterable {
        case release
        case change
        case create
    }

    /// The key's fingerprint, not the client's Id: a key stored anew under the same Id starts with nothing.
    package var fingerprint: String
    /// The program that used the key, and its Origin, as `Callers.Program` tells them.
    package var program: String
    /// The browser extension's Origin, if there was one.
    package var origin: String?
    /// The vault's name.
    package var vault: String
    /// What is granted.
    package var kind: Kind
    /// The exact host, with its port where it isn't the scheme's own.
    package var host: String

    /// Creates the key of a grant.
    package init(
        fingerprint: String,
        program: String,
        origin: String?,
        vault: String,
        kind: Kind,
        host: String
    ) {
        self.fingerprint = fingerprint
        self.program = program
        self.origin = origin
        self.vault = vault
        self.kind = kind
        self.host = host
    }
}

/// A remembered decision.
package struct Grant: Hashable, Sendable {
    /// How long a decision holds.
    package enum Scope: Hashable, Sendable {
        /// Until lock, logout or the daemon's end, and at most until `expires` (boot-time clock).
        case session(expires: ContinuousClock.Instant?)
        /// Until it is forgotten.
        case always
    }

    /// A short name by which `Forget` and `keybell forget` know it.
    package let name: String
    /// What it covers.
    package var key: GrantKey
    /// Whether it allows; a remembered denial is false.
    package var allows: Bool
    /// The uuids it is about; nil means all entries that match the host.
    package var entries: Set<String>?
    /// How long it holds.
    package var scope: Scope

    /// Creates a grant with a new name.
    package init(key: GrantKey, allows: Bool, entries: Set<String>?, scope: Scope) {
        self.init(
            name: Randomness.token(8, alphabet: "0123456789abcdef"),
            key: key,
            allows: allows,
            entries: entries,
            scope: scope
        )
    }

    init(name: String, key: GrantKey, allows: Bool, entries: Set<String>?, scope: Scope) {
        self.name = name
        self.key = key
        self.allows = allows
        self.entries = entries
        self.scope = scope
    }
}
