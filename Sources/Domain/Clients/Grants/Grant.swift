// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecureMemory

/// What a grant covers: one key, program, vault, kind, exact host, and where that host's form goes.
package struct GrantKey: Hashable, Sendable {
    /// What is granted.
    package enum Kind: String, Sendable, CaseIterable {
        case release
        case change
        case create
    }

    /// Where a page's form goes, and how the page came.
    package struct Form: Hashable, Sendable {
        /// The host that the form goes to, where it isn't the page's own.
        package var submitHost: String?
        /// The page's scheme; `http` also for a page with another scheme whose form goes by neither that one nor https;
        /// empty if it has none.
        package var scheme: String

        /// Keeps both.
        package init(submitHost: String? = nil, scheme: String = "") {
            self.submitHost = submitHost
            self.scheme = scheme
        }

        /// Finds the scheme from those of the page and of where its form goes.
        package init(submitHost: String?, pageScheme: String?, submitScheme: String?) {
            let isSafe = submitScheme == nil || submitScheme == "https" || submitScheme == pageScheme
            self.init(submitHost: submitHost, scheme: isSafe ? pageScheme ?? "" : "http")
        }
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
    /// The exact host, with its port where it isn't the scheme's own; empty for entries asked for by name or uuid.
    package var host: String
    /// Where the form goes; nil in a grant that was stored before grants recorded this: it allows nothing until the
    /// person is asked once more.
    package var form: Form?

    /// Creates the key of a grant.
    package init(
        fingerprint: String,
        program: String,
        origin: String?,
        vault: String,
        kind: Kind,
        host: String,
        form: Form? = Form()
    ) {
        self.fingerprint = fingerprint
        self.program = program
        self.origin = origin
        self.vault = vault
        self.kind = kind
        self.host = host
        self.form = form
    }

    /// Whether both are of one key, program, vault, kind and host, wherever their forms go.
    func isAlike(_ other: GrantKey) -> Bool {
        fingerprint == other.fingerprint && program == other.program && origin == other.origin
            && vault == other.vault && kind == other.kind && host == other.host
    }

    /// The same regardless of where the form goes: what two that are alike have in common.
    var anyForm: GrantKey {
        var key = self
        key.form = nil
        return key
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
            name: Hex.text(Randomness.bytes(4)),
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
