// SPDX-License-Identifier: Apache-2.0

import DisplayText
package import KeePassHTTP
package import Vault

/// Why a request is not served.
///
/// The one place where that becomes a status and a sentence.
package enum Refusal: Error, Equatable, Sendable {
    /// Not a valid request.
    case invalid(RequestError)
    /// The signature doesn't fit, or a field doesn't decrypt, or the Nonce may not come again.
    case unverified
    /// A change that can't be noted down, so that nobody could tell if it came again.
    case unrecordable
    /// More changes have come within a day than can be remembered.
    case tooManyChanges
    /// No grant covers it, and nobody is to be asked: `ask = "granted"`.
    case notGranted
    /// Logins that would go out without a record of it.
    case unrecorded
    /// A key that anybody could guess.
    case guessableKey
    /// No vault is open, or the keyring that holds the clients' keys is locked.
    case locked
    /// The keyring can't be reached or used; the sentence says what to do.
    case keyring(String)
    /// A search that can't be carried out.
    case search(SearchError)
    /// A vault can't do what was asked of it.
    case vault(VaultError)
    /// The person said no, now or within the quiet time.
    case denied
    /// The person allowed it, and did not confirm that where `confirm_with` asks.
    case unconfirmed
    /// The person has muted the program: whatever it asks is denied unseen, before anything is looked at.
    case muted
    /// Nobody answered in time.
    case expired
    /// Nobody answered in time, and nothing had shown the question.
    case unseen
    /// The question was taken back: its program ended, or Keybell is stopping.
    case withdrawn
    /// The entry that was to be changed has become a different one while the person was asked.
    case changedMeanwhile
    /// The client has been restricted to something else while the request was on its way.
    case restrictedMeanwhile
    /// More questions wait than Keybell shows at once.
    case tooMany
    /// A change that may not be made through the protocol.
    case forbidden(String)
    /// The first vault, whose name not everybody is to learn, has never been opened, so that nobody knows its Hash.
    case neverOpened
    /// Anything else that went wrong while the vault's Hash is unknown; the sentence says what.
    case beforeOpening(String)
    /// The keyring was unlocked for this program meanwhile, so that its old key may be good again.
    case unlockedMeanwhile

    /// The HTTP status of the reply to a request of this type; nil where that isn't known.
    ///
    /// A client that can't be let in is told so in an answer of the protocol, as when it is denied.
    package func status(for type: RequestType?) -> Int {
        switch self {
        case .keyring where type == .associate: 200
        case .invalid: 400
        case .locked, .keyring, .neverOpened, .beforeOpening: 503
        case .vault(let error): error.isLock ? 503 : 200
        default: 200
        }
    }

    /// Whether something that is locked is the reason.
    var isLock: Bool {
        switch self {
        case .locked: true
        case .vault(let error): error.isLock
        default: false
        }
    }

    /// The `Error` field: a sentence that a person can act on, without a secret or a path in it.
    package var sentence: String {
        switch self {
        case .invalid(let error): error.sentence
        case .unverified: VerificationFailure.sentence
        case .unrecordable:
            "Nothing was changed, since Keybell could not note the request down in its state folder. `keybell doctor` and Keybell's log say why."
        case .tooManyChanges:
            "More changes were asked for within a day than Keybell remembers, so it makes none for this client before tomorrow."
        case .notGranted:
            "Nothing of this is granted to this client, and nobody is asked (ask = \"granted\" in config.toml): `keybell grants` lists what is."
        case .unrecorded:
            "Nothing was handed out, since Keybell could not record it: its state folder is full or can't be written. `keybell doctor` says more."
        case .guessableKey: "Anybody could guess this key: let the client make a random one."
        case .locked: Self.lockedVault
        case .keyring(let advice): advice
        case .search(let error): error.sentence
        case .vault(let error): error.isLock ? Self.lockedVault : Self.sentence(for: error)
        case .denied, .muted: Self.denial
        case .unconfirmed: "You did not confirm it in the window that asked. Try again."
        case .expired:
            "Nobody answered the question in time. Answer it where it is shown, or with `keybell watch`, then try again."
        case .unseen:
            "Nothing is known to have shown you the question in time. Run `keybell watch` in a terminal and try again; `keybell doctor` says what is missing."
        case .withdrawn: "The question was withdrawn before it was answered. Try again."
        case .changedMeanwhile:
            "Nothing was saved, since the entry was changed while you were asked about it. Try again."
        case .restrictedMeanwhile:
            "What this client is restricted to was changed again and again meanwhile."
        case .tooMany: "Too many questions are waiting"
        case .forbidden(let sentence): sentence
        case .neverOpened: "The first vault of Keybell has never been opened: run `keybell unlock`."
        case .beforeOpening(let sentence): sentence
        case .unlockedMeanwhile: "The keyring has just been unlocked. Try again."
        }
    }

    /// Why what the person allowed could not be carried out, for them to read.
    ///
    /// - Parameter vault: The vault's name; nil for the one that keeps the clients' keys.
    /// - Returns: A sentence; nil where somebody's word is the reason.
    func failure(of vault: String?) -> String? {
        let name = vault.map { PlainText.name($0) } ?? "The vault"
        return switch self {
        case .denied, .muted, .unconfirmed, .expired, .unseen, .withdrawn, .tooMany, .notGranted,
            .unlockedMeanwhile, .restrictedMeanwhile:
            nil
        case .vault(.notUnlocked(let failure)): failure.sentence(vault: name)
        case .locked, .vault(.locked): "\(name) is locked."
        case .unverified: "The client's key is not there any more."
        default: sentence
        }
    }

    /// The same while a vault has never been opened, so that no Hash can be told: what is to be done about that, unless
    /// something else is to be done first.
    var beforeOpening: Refusal {
        switch self {
        case .denied, .unconfirmed, .expired, .unseen, .withdrawn, .tooMany, .muted, .keyring,
            .unlockedMeanwhile, .restrictedMeanwhile,
            .notGranted, .unrecorded, .unrecordable, .tooManyChanges,
            .forbidden, .guessableKey, .vault(.unavailable),
            .vault(.refused):
            .beforeOpening(sentence)
        default: .neverOpened
        }
    }

    /// What is said where the person has said no.
    package static let denial = "Denied"
    /// What is said while a vault is locked.
    package static let lockedVault = "Database locked"
    /// What is said where there is no such entry.
    package static let unknownEntry = "There is no such entry."

    private static func sentence(for error: VaultError) -> String {
        switch error {
        case .locked, .notUnlocked, .unconfirmed: lockedVault
        case .notFound: unknownEntry
        case .unchanged: "Nothing would change."
        case .unavailable(let text), .refused(let text): text
        case .passwordUnavailable:
            "Keybell could not get the vault's password: run `keybell unlock` in a terminal, which says why."
        case .failed: "The vault could not be read or written. Keybell's log says why."
        }
    }
}

extension VaultError {
    /// Whether the vault, or something in it, has to be unlocked first.
    var isLock: Bool {
        switch self {
        case .locked, .notUnlocked, .unconfirmed: true
        case .notFound, .unchanged, .unavailable, .passwordUnavailable, .failed, .refused: false
        }
    }
}
