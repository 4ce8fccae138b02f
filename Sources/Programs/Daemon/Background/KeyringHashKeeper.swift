// SPDX-License-Identifier: Apache-2.0

import Clients
import ConcurrencyTools
import Vault
import VaultStores

/// Keeps the keyring vault's Hash beyond the state folder once a client is let in: clients are told it.
struct KeyringHashKeeper: Sendable {
    let vaults: CurrentValue<[any VaultStore]>
    let clients: ClientRegistry

    func run() async {
        let (clientNews, vaultNews) = (clients.changes(), vaults.changes())
        await keep()
        await withTaskGroup(of: Void.self) { group in
            for news in [clientNews, vaultNews] {
                group.addTask { for await _ in news { await keep() } }
            }
        }
    }

    private func keep() async {
        // A keyring that can't be read now will do another time.
        guard let known = try? await clients.list(), !known.isEmpty else { return }
        for store in vaults.value { await (store as? KeyringStore)?.keepIdentity() }
    }
}
