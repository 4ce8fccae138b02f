// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Linux
import Logging
import SecretService
import Vault

// What the vault keeps outside the keyring: its identity, and names for items that have none.
extension KeyringStore {
    /// The vault's identity, made up at the first start; nil while what is kept of it can't be read.
    var identity: VaultIdentity? { known?.identity }

    /// The vault's Hash, if the keyring is known to keep no other.
    var settledHash: String? {
        guard let known, !known.isProvisional else { return nil }
        return known.identity?.hash
    }

    /// Reads the state if it isn't known yet; where that fails, it is tried again for whoever needs it next.
    func readState() async {
        guard known == nil else { return }
        do {
            let found = try await stateReading.content()
            if known == nil { take(found) }
        } catch {
            // Said by who reads it.
        }
    }

    private func take(_ found: KeyringVaultState?) {
        let kept = found.flatMap { $0.identity == nil ? nil : $0 }
        let state = kept ?? KeyringVaultState(.random(), isProvisional: true)
        known = state
        if state.isProvisional { keep(state) }
    }

    func keep(_ state: KeyringVaultState) {
        known = state
        // A slow disk holds up nobody; what comes later is written later.
        stateWriting.write(state)
    }

    /// Writes at once what couldn't be written before.
    func flushState() async {
        do {
            try await withDeadline(Self.diskTimeout) { [stateWriting] in _ = await stateWriting.flush() }
        } catch {
            logger.error("The vault's state takes too long to write")
        }
    }

    private static var diskTimeout: Duration { .seconds(5) }

    /// Takes the identity that the keyring knows, if ours was only made up because there was no state.
    func settleIdentity(_ extras: [KeyringItem]) {
        guard var state = known, state.isProvisional else { return }
        if let other = extras.lazy.compactMap({ VaultIdentity(attributes: $0.attributes) }).first,
            other != state.identity
        {
            logger.notice(
                "The state was lost; the vault's Hash is again the one that the keyring keeps",
                metadata: ["was": "\(state.identity?.hash ?? "unknown")", "is": "\(other.hash)"]
            )
            let former = state
            state = KeyringVaultState(other, isProvisional: false)
            state.derived = former.derived
            state.orphans = former.orphans
        }
        state.isProvisional = false
        keep(state)
    }

    /// Checks whether the keyring knows another identity, if ours was only made up: before anybody is told it.
    ///
    /// Asks the person nothing, and reads no login.
    package func settle() async {
        await readState()
        guard known?.isProvisional == true else { return }
        do throws(KeyringError) {
            settleIdentity(
                try await keyring.items(
                    schema: LoginItem.extraSchema,
                    attributes: [LoginItem.Attribute.uuid: VaultIdentity.itemName]
                )
            )
        } catch {
            logger.debug(
                "The keyring can't be asked for the vault's Hash yet",
                metadata: ["reason": "\(error)"]
            )
        }
    }

    /// Writes down the names that were made up for items, if there are new ones.
    func keepNames() {
        guard var state = known, let derived = snapshot?.derived, derived != state.derived else { return }
        state.derived = derived
        keep(state)
    }
}
