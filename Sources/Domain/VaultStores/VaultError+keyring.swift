// SPDX-License-Identifier: Apache-2.0

import SecretService
import Vault

extension VaultError {
    /// What a keyring error means for a vault in it.
    init(_ error: KeyringError) {
        switch error {
        case .locked: self = .locked
        case .itemLocked: self = .unconfirmed
        case .notFound: self = .notFound
        case .noProvider, .noDefaultCollection, .deadline, .dismissed, .noDisplay, .noSession, .unencrypted:
            self = .unavailable(error.advice)
        case .failed, .forgottenUnknown, .forgottenUnwritable: self = .failed(error.advice)
        }
    }
}
