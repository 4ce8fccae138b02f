// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Synchronization
import Vault

/// The vaults that the configuration no longer has, as long as something that was saved in them isn't where it is kept.
final class ClosedVaults: Sendable {
    private let stores = Mutex<[any VaultStore]>([])

    /// Those whose saves the daemon's end has to wait for.
    var unsettled: [any VaultStore] { stores.withLock { $0 } }

    /// Holds a vault that was closed until all is settled; one of which something is in memory alone, until the daemon ends.
    func hold(_ store: any VaultStore) {
        stores.withLock { $0.append(store) }
        Task(executorPreference: MainLoop.executor) { [self] in
            await store.savesAreDone()
            guard await store.status().unkept == nil else { return }
            stores.withLock { $0.removeAll { $0 === store } }
        }
    }
}
