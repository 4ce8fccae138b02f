// SPDX-License-Identifier: Apache-2.0

import DisplayText
package import SecretService

/// Why something could not be done about a client, its key or what it was granted.
package enum ClientError: Error, Hashable, Sendable {
    /// No client has this Id.
    case unknown(String)
    /// This can't be an Id or a name: empty, too long, or with something in it that isn't seen.
    case badName
    /// This name may be taken for another one; what to take instead.
    case mistakable(suggestion: String?)
    /// Another key has this Id than the one that was to be replaced.
    case taken(String)
    /// Another client has this Id, or is shown under this name.
    case inUse(String)
    /// The keyring didn't do its part.
    case keyring(KeyringError)
    /// A denial for good couldn't be stored, and an allow that it was to replace may count again.
    case allowMayReturn(KeyringError)

    /// Whether the keyring, or what is asked for in it, is locked.
    package var isLock: Bool { [.keyring(.locked), .keyring(.itemLocked)].contains(self) }

    /// The same as ``advice`` for a client, which learns no path.
    package var publicAdvice: String {
        switch self {
        case .keyring(.forgottenUnknown), .keyring(.forgottenUnwritable):
            "A file of Keybell's state can't be used: `keybell doctor` says which."
        default: advice
        }
    }

    /// A sentence that tells a person what to do.
    package var advice: String {
        switch self {
        case .unknown(let id): "There is no client \(PlainText.quoted(id)): `keybell clients` lists them."
        case .badName:
            "A name has 1 to \(PlainName.longest) characters, none of them invisible, and no spaces at its ends."
        case .mistakable(let suggestion):
            "This name may be taken for another one: it mixes scripts, has characters that look like plainer ones, or is another client's in letters of another script."
                + (suggestion.map { " \(PlainText.quoted($0)) would do." } ?? "")
        case .taken(let id):
            "Another client was given the name \(PlainText.quoted(id)) just now. Try again, or choose another."
        case .inUse(let name):
            "Another client is called \(PlainText.quoted(name)) already: `keybell clients` lists them."
        case .keyring(let error): error.advice
        case .allowMayReturn(let error):
            "What you had allowed for good before may count again after this session, or after a restart of Keybell. \(error.advice)"
        }
    }
}
