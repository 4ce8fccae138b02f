// SPDX-License-Identifier: Apache-2.0

import DerivationProcess
import Logging
import Operations
import Passwords
import SecretService
import Settings
import Vault
import VaultStores

/// Makes the vaults of a configuration.
struct VaultMaker: Sendable {
    let keyring: Keyring
    let folders: Folders
    let logger: Logger

    /// The vaults in their order; those that were there before go on as they are, open or locked.
    ///
    /// - Parameters:
    ///   - configuration: What it says of them, and of how they are unlocked.
    ///   - former: The vaults of the configuration before.
    /// - Returns: One for each `[[vault]]`.
    func vaults(
        of configuration: Configuration,
        keeping former: [any VaultStore] = []
    ) async -> [any VaultStore] {
        var stores: [any VaultStore] = []
        for vault in configuration.vaults {
            switch vault.path {
            case let path? where vault.kind == .kdbx:
                stores.append(await file(vault, at: path, configuration, among: former))
            default:
                stores.append(await keyring(vault, among: former))
            }
        }
        return stores
    }

    /// The keyring as a vault: the one that is there already, told what to serve from now on, or a new one.
    private func keyring(_ vault: VaultSettings, among former: [any VaultStore]) async -> KeyringStore {
        let same = former.lazy.compactMap { $0 as? KeyringStore }.first { $0.name == vault.name }
        if let same {
            await same.serve(origins: Set(vault.origins))
            return same
        }
        return KeyringStore(
            name: vault.name,
            keyring: keyring,
            origins: Set(vault.origins),
            state: folders.state,
            logger: logger
        )
    }

    /// A vault in a file: the one that is there already, told how to be unlocked from now on, or a new one.
    private func file(
        _ vault: VaultSettings,
        at path: String,
        _ configuration: Configuration,
        among former: [any VaultStore]
    ) async -> KDBXStore {
        let unlock = configuration.unlock
        let otherVaults = Set(
            configuration.vaults.filter { $0.kind == .kdbx }.compactMap(\.path).filter { $0 != path }
        )
        let options = passwordOptions(of: vault, unlock)
        let same = former.lazy.compactMap { $0 as? KDBXStore }
            .first { $0.name == vault.name && $0.path == path }
        if let same, let passwords = await same.passwords as? VaultPasswordSource {
            await same.apply(
                keyFile: vault.keyFile,
                maximumSeconds: unlock.maximumKDFSeconds,
                maximumMemory: unlock.maximumKDFMemoryMiB,
                otherVaults: otherVaults,
                passwords: passwords.under(options)
            )
            return same
        }
        return KDBXStore(
            name: vault.name,
            path: path,
            keyFile: vault.keyFile,
            maximumSeconds: unlock.maximumKDFSeconds,
            maximumMemory: unlock.maximumKDFMemoryMiB,
            otherVaults: otherVaults,
            passwords: VaultPasswordSource(
                vault: vault.name,
                path: path,
                options: options,
                keyring: keyring,
                logger: logger
            ),
            makeDeriver: { DerivationProcess() },
            state: folders.state,
            logger: logger
        )
    }

    private func passwordOptions(
        of vault: VaultSettings,
        _ unlock: UnlockSettings
    ) -> VaultPasswordSource.Options {
        var options = VaultPasswordSource.Options()
        options.command = vault.passwordCommand
        options.fixed =
            switch vault.password {
            case .some(.none): VaultPasswordSource.Fixed.none
            case .empty: .empty
            case nil: nil
            }
        options.remembers = vault.remembersPassword
        options.pinentry = Pinentry(program: unlock.pinentry)
        options.tries = unlock.tries
        options.keyFile = vault.keyFile
        return options
    }
}
