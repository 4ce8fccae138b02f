// SPDX-License-Identifier: Apache-2.0

package import KeePassHTTP

/// What came of verifying a request.
package enum VerificationOutcome: Sendable {
    /// The client has the key, and everything that it sent decrypts.
    case verified(VerifiedMessage, Client, OpenedFields)
    /// It hasn't, or something doesn't decrypt, or it repeats what it may not repeat. All reasons look the same.
    case refused
    /// A change that can't be noted down, so that nobody could tell if it came again.
    case unrecordable
    /// A change that there is no room to note down, since too many came within a day.
    case tooManyChanges
    /// The keyring is locked, so nobody can be verified.
    case keyringLocked
    /// The keyring can't be read, so nobody can be verified.
    case keyringUnavailable(ClientError)
}
