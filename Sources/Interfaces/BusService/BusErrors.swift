// SPDX-License-Identifier: Apache-2.0

import Approval
import BusInterface
import Clients
import DBus
import SecretService
import Vault

// The one place where what went wrong inside becomes the name of an error on the bus.

extension DBusError {
    init(_ error: AnswerError) {
        switch error {
        case .unknownRequest:
            self.init(name: KeybellBusError.unknownRequest, message: "No such request waits.")
        case .invalidAnswer(let reason):
            self.init(name: KeybellBusError.invalidAnswer, message: reason)
        case .unconfirmed(let error):
            self.init(
                name: KeybellBusError.unconfirmed,
                message:
                    "The allow doesn't count, for it was not confirmed, and the request still waits. \(error.reason)"
            )
        case .unclearAsker:
            self.init(
                name: KeybellBusError.notAllowed,
                message: "Just now it can't be found out who asks: answer once more, or in the notification."
            )
        case .notAllowed:
            self.init(
                name: KeybellBusError.notAllowed,
                message:
                    "A program can't answer its own request, nor one of a program that can't be found out: answer it in a notification, or with keybell on another terminal."
            )
        }
    }

    init(_ error: AgentError) {
        self =
            switch error {
            case .noName: .invalidArgs("An agent has a name.")
            case .longName(let limit): .invalidArgs("An agent's name has at most \(limit) characters.")
            case .tooMany(let limit):
                DBusError(
                    name: Name.limitsExceeded,
                    message: "There are \(limit) agents already: `keybell status` lists them."
                )
            }
    }

    init(_ error: ClientError) {
        switch error {
        case .unknown: self.init(name: KeybellBusError.notFound, message: error.advice)
        case .badName, .mistakable, .taken, .inUse: self.init(name: Name.invalidArgs, message: error.advice)
        case .keyring(let cause), .allowMayReturn(let cause): self.init(cause)
        }
    }

    init(_ error: KeyringError) {
        switch error {
        case .locked, .itemLocked, .dismissed, .noDisplay:
            self.init(name: KeybellBusError.locked, message: error.advice)
        default: self.init(name: KeybellBusError.unavailable, message: error.advice)
        }
    }

    init(_ error: VaultError) {
        switch error {
        case .locked, .unconfirmed:
            self.init(name: KeybellBusError.locked, message: "The vault is locked.")
        case .notUnlocked(let failure):
            self.init(name: KeybellBusError.locked, message: failure.sentence(vault: "The vault"))
        case .notFound: self.init(name: KeybellBusError.notFound, message: "There is no such login.")
        case .unavailable(let text), .passwordUnavailable(let text):
            self.init(name: KeybellBusError.unavailable, message: text)
        case .failed(let text), .refused(let text): self = .failed(text)
        case .unchanged: self = .failed("Nothing has changed.")
        }
    }

    /// The caller is in a sandbox, or its program is asking for something.
    static func notAllowed(_ message: String) -> DBusError {
        DBusError(name: KeybellBusError.notAllowed, message: message)
    }

    static func notFound(_ message: String) -> DBusError {
        DBusError(name: KeybellBusError.notFound, message: message)
    }
}
