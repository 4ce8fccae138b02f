// SPDX-License-Identifier: Apache-2.0

/// Why the keyring didn't do what it was asked.
package enum KeyringError: Error, Hashable, Sendable {
    /// Nobody owns the Secret Service's bus name, and nothing could be started for it.
    case noProvider
    /// The provider has no collection of the configured name, or no default one.
    case noDefaultCollection
    /// The collection is locked; only `Keyring.unlock` may change that.
    case locked
    /// The collection is open, but not this item: the provider wants the person's word for each.
    case itemLocked
    /// The provider or the person didn't answer in time.
    case deadline
    /// The person closed the provider's prompt.
    case dismissed
    /// The provider's prompt ended without having been shown: its prompter has no display.
    case noDisplay
    /// There is no such item any more.
    case notFound
    /// The provider has lost our encrypted session, and several new ones as well.
    case noSession
    /// The provider has no encrypted session, so that a secret would pass over the bus in plain text.
    case unencrypted
    /// What doesn't count any more of what is stored there isn't known; what comes of that, and why.
    case forgottenUnknown(String)
    /// The file that says what doesn't count can't be written, so that nothing new may be stored; its path.
    case forgottenUnwritable(String)
    /// The provider refused, in its own words.
    case failed(String)

    /// What opens gnome-keyring where there is no display, and makes its default collection where there is none: it takes
    /// the password from its standard input, and the place of a daemon that runs; it stays when the terminal closes.
    package static let unlockCommand =
        "`stty -echo; head -n 1 | tr -d '\\n' | gnome-keyring-daemon --daemonize --replace --unlock; stty echo`"

    /// A sentence that tells a person what to do.
    package var advice: String {
        switch self {
        case .noProvider:
            "No Secret Service is running: start gnome-keyring, KWallet or KeePassXC (with its Secret Service enabled)."
        case .noDefaultCollection:
            "The Secret Service has no such collection: create a default keyring in Seahorse, KWalletManager or KeePassXC, "
                + "or name an existing one as [keyring] collection."
        case .locked:
            "The keyring is locked: run `keybell unlock keyring` and try again."
        case .itemLocked:
            "The keyring asks you before it gives this item: run `keybell unlock` and allow it there, or turn off "
                + "“Confirm when passwords are retrieved by clients” in KeePassXC's Secret Service Integration."
        case .deadline:
            "The Secret Service did not answer in time: look for a prompt that is waiting, or restart it."
        case .dismissed:
            "The prompt of the Secret Service was closed: try again and answer it."
        case .noDisplay:
            "The keyring is locked, and there is no display for its prompt. Unlock it where you are logged in to a "
                + "desktop, or type its password in a terminal of this session: " + Self.unlockCommand
        case .notFound:
            "The item is no longer in the keyring."
        case .noSession:
            "The Secret Service has forgotten Keybell's session: try again."
        case .unencrypted:
            "The Secret Service has no encrypted sessions, so that Keybell gives it no secret and takes none: use "
                + "gnome-keyring, KWallet or KeePassXC, or a version of it that has them."
        case .forgottenUnknown(let reason):
            reason + (reason.hasSuffix("?") ? "" : ".")
        case .forgottenUnwritable(let path):
            "\(path), which says what doesn't count, can't be written, and without that nothing new is kept for good."
        case .failed(let reason):
            "The Secret Service refused: \(reason)"
        }
    }
}

extension KeyringError: CustomStringConvertible {
    /// The advice; it never holds a secret.
    package var description: String { advice }
}
