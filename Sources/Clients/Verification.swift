// SPDX-License-Identifier: Apache-2.0

package import KeePassHTTP
package import SecretService

/// What came of verifying a request.
package enum Verification: Sendable {
    /// The client has the key; the conversation decrypts what it sent.
    case verified(Conversation, Client)
    /// It has not, or says what it may not say again. All reasons look the same.
    case refused
    /// The keyring is locked, so nobody can be verified.
    case keyringLocked
    /// The keyring can't be read, so nobody can be verified.
    case keyringUnavailable(KeyringError)
}
