// SPDX-License-Identifier: Apache-2.0

package import SecureMemory

/// Where a vault's password comes from: a command, the keyring, or the person.
///
/// A store asks for it while it unlocks, and says how the password did.
package protocol VaultPasswords: Sendable {
    /// A password to try.
    ///
    /// - Parameters:
    ///   - attempt: Which try this is, from 1 on; the next one follows a password that did not open the vault.
    ///   - reason: For whom it is unlocked, to be shown to the person.
    /// - Returns: What the person, the command or the keyring gave; empty is a password, too, and nil is none: the key
    ///   file alone.
    /// - Throws: `notUnlocked` if the person declines or the tries are used up, `unavailable` or `passwordUnavailable`
    ///   with what to do.
    func password(attempt: Int, for reason: UnlockReason) async throws(VaultError) -> SecretBytes?

    /// Why there can be no password for somebody who has nowhere to be asked for it, as a sentence that says what to do; nil
    /// where there may be one.
    func obstacle() async -> String?

    /// A password that the vault had before, to open what was saved then: the person alone can know it.
    ///
    /// - Parameters:
    ///   - attempt: Which try this is, from 1 on; the next one follows a password that opened none of it.
    ///   - reason: For whom the vault is unlocked.
    /// - Returns: What the person has typed; nil if they decline or can't be asked, or the tries are used up.
    func formerPassword(attempt: Int, for reason: UnlockReason) async -> SecretBytes?

    /// The password opened the vault: it may be remembered now, if the person wants that.
    func opened(with password: SecretBytes?) async
}

extension VaultPasswords {
    /// None that is known before it is tried.
    package func obstacle() async -> String? { nil }
}
