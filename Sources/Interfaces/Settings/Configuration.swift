// SPDX-License-Identifier: Apache-2.0

package import Approval
package import Operations
package import Vault

/// Everything that the configuration file can say; each value here is checked.
package struct Configuration: Equatable, Sendable {
    /// `[http]`.
    package var http = HTTPSettings()
    /// `[[vault]]`, never empty: without any, the keyring.
    package var vaults = [VaultSettings.keyring]
    /// `[match]`, `[generate]`, `[access]`, `[save]`, `[fields]`, `[protocol]` and `[[client]]`: what the operations ask.
    package var policy = Policy()
    /// `[unlock]`, but `on_request`, which is part of the policy.
    package var unlock = UnlockSettings()
    /// `[lock]`.
    package var lock = LockSettings()
    /// `[approval]`.
    package var approval = ApprovalSettings()
    /// `[notify]`.
    package var notify = NotifySettings()
    /// `[audit]`.
    package var audit = AuditSettings()
    /// `[keyring]`.
    package var keyring = KeyringSettings()

    /// The configuration of an absent file.
    package init() {}
}

/// `[http]`: where the daemon listens, always on both loopback addresses.
package struct HTTPSettings: Equatable, Sendable {
    /// A certificate and its private key, both PEM files.
    package struct Certificate: Equatable, Sendable {
        /// The path of the certificate chain.
        package var file: String
        /// The path of the private key.
        package var privateKey: String
        /// What was in the file when it was read, each certificate in DER, so that one that is renewed in place is another.
        package var chain: [[UInt8]] = []
    }

    /// The port of plain HTTP.
    package var port = 19455
    /// The port of HTTPS, served where there is a certificate.
    package var tlsPort = 19456
    /// What HTTPS is served with.
    package var certificate: Certificate?
    /// Origins that may call in addition to those of browser extensions.
    package var allowedOrigins: [String] = []
}

/// One `[[vault]]`.
package struct VaultSettings: Equatable, Sendable {
    /// What a vault is kept in.
    package enum Kind: String, CaseIterable, Sendable {
        case keyring
        case kdbx
    }

    /// What opens a file instead of a password from somewhere.
    package enum Password: String, CaseIterable, Sendable {
        /// The key file alone.
        case none
        /// The empty password.
        case empty
    }

    /// What it is kept in.
    package var kind: Kind
    /// The name that prompts and commands use; no two are equal.
    package var name: String
    /// The file, absolute; nil for a keyring.
    package var path: String?
    /// The key file, absolute.
    package var keyFile: String?
    /// A program and its arguments that print the password.
    package var passwordCommand: [String]?
    /// What opens it without asking; nil for a password.
    package var password: Password?
    /// Whether the person's password is kept in the keyring.
    package var remembersPassword = false
    /// The other programs whose logins in the keyring are served, too.
    package var origins: [LoginOrigin] = []

    /// The vault of an absent file.
    package static let keyring = VaultSettings(kind: .keyring, name: "keyring")
}

/// `[unlock]`: how a vault's password is asked for.
package struct UnlockSettings: Equatable, Sendable {
    /// The program that asks.
    package var pinentry = "pinentry"
    /// How often a wrong password may be entered.
    package var tries = 3
    /// The longest key derivation that is worth starting.
    package var maximumKDFSeconds = 20
    /// The most memory that a key derivation may take.
    package var maximumKDFMemoryMiB = 2048
}

/// `[lock]`: when vaults lock by themselves.
package struct LockSettings: Equatable, Sendable {
    /// After this many minutes without a request; 0 = never.
    package var idleMinutes = 0
    /// When the screen is locked.
    package var onScreenLock = true
    /// When the machine goes to sleep.
    package var onSleep = true
}

/// `[approval]`: how the person is asked.
package struct ApprovalSettings: Equatable, Sendable {
    /// What closing a notification means.
    package enum Dismissal: String, CaseIterable, Sendable {
        case wait
        case deny
    }

    /// How an allow is confirmed once more.
    package enum Confirmation: String, CaseIterable, Sendable {
        case none = ""
        case pinentry
    }

    /// The queue's limits, with `timeout`, `retry_seconds` and `quiet_seconds` in them.
    package var limits = ApprovalLimits()
    /// Whether the built-in notifier shows requests.
    package var notifier = true
    /// What closing a notification means.
    package var dismissal = Dismissal.wait
    /// How an allow is confirmed once more.
    package var confirmation = Confirmation.none
    /// Which kinds are confirmed.
    package var confirmedKinds: [ApprovalKind] = []

    /// The limits as the queue gets them, with the kinds that are confirmed.
    package var approvalLimits: ApprovalLimits {
        var limits = limits
        limits.confirmedKinds = confirms ? Set(confirmedKinds) : []
        return limits
    }

    /// Whether anything is confirmed.
    package var confirms: Bool { confirmation != .none && !confirmedKinds.isEmpty }
}

/// `[notify]`: notifications that ask nothing.
package struct NotifySettings: Equatable, Sendable {
    /// Whether logins that were handed out without a question are announced.
    package var deliveries = true
}

/// `[audit]`: the record of what was handed out.
package struct AuditSettings: Equatable, Sendable {
    /// Whether nothing is handed out that can't be recorded.
    package var isRequired = true
}

/// `[keyring]`: where the clients' keys and the keyring vault are.
package struct KeyringSettings: Equatable, Sendable {
    /// The collection's alias or object path.
    package var collection = "default"
}
