// SPDX-License-Identifier: Apache-2.0

extension VaultError: CustomStringConvertible {
    /// What happened, for a line of the log; never a secret.
    package var description: String {
        switch self {
        case .locked: "it is locked"
        case .notUnlocked(let failure): failure.sentence(vault: "it")
        case .unconfirmed: "the login was not confirmed"
        case .notFound: "there is no such login"
        case .unchanged: "nothing would change"
        case .unavailable(let text), .passwordUnavailable(let text), .failed(let text), .refused(let text):
            text
        }
    }
}

extension VaultError {
    /// The vault is closed for good.
    package static func leftOut(_ name: String) -> VaultError {
        .unavailable("The vault \(name) is no longer in the configuration.")
    }
}
