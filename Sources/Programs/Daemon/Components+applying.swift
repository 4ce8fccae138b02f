// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import Clients
import ConcurrencyTools
import DisplayText
import Linux
import Logging
import Operations
import SessionWatch
import Settings
import Vault
import VaultStores

// Another configuration takes the place of the one in force.
extension Components {
    /// Puts a configuration in force, one at a time: nothing of it can fail.
    ///
    /// Vaults that it has, too, stay as they are; requests that are under way are answered by what held when they came,
    /// and questions wait on. Vaults that it lacks are closed, and so are the questions about them.
    func apply(_ new: Configuration) async {
        let former = vaults.value
        let stores = await maker.vaults(of: new, keeping: former)
        let added = stores.filter { store in !former.contains { $0 === store } }
        let removed = former.filter { store in !stores.contains { $0 === store } }
        await prepare(added, new.lock)

        configuration.replace(with: new)
        audit.require(new.audit.isRequired)
        await approvals.apply(new.approval.approvalLimits)
        await display.apply(new.notifierOptions)
        await session.apply(new.lock.sessionOptions)
        if !stores.elementsEqual(former, by: ===) { vaults.replace(with: stores) }
        let hash = await handler.value.hash()
        handler.replace(with: handler.value.under(new.policy, over: maker.set(of: stores)))
        tellHash(was: hash, is: await handler.value.hash())
        for store in removed { await close(store) }
    }

    /// Makes vaults ready for the first client that asks.
    func prepare(_ stores: [any VaultStore], _ lock: LockSettings) async {
        let isScreenLocked = await approvals.isScreenLocked
        for store in stores {
            if let store = store as? KeyringStore {
                // As if it had been there when the screen was locked.
                if isScreenLocked, lock.onScreenLock { await store.lock() }
                // Read before the first client asks, or it might be told a Hash that the keyring then takes back. Nobody
                // is asked for that, and what is locked stays so.
                await store.settle()
            }
            // From the disk once, and from memory while it serves.
            _ = await store.hash()
        }
    }

    private func tellHash(was former: String?, is now: String?) {
        guard let former, former != now else { return }
        logger.notice(
            "another vault is the first, so that clients are told another Hash: their keys hold, but a client that knows the old one may ask to connect again",
            metadata: ["was": "\(former)", "is": "\(now ?? "not known before it is opened")"]
        )
    }

    private func close(_ store: any VaultStore) async {
        let wasLocked = await store.status().isLocked
        await store.close()
        await grants.endSessions(ofVault: store.name)
        await approvals.end(.vault(store.name))
        guard !wasLocked else { return }
        await audit.keep(
            .locked,
            [.vault: PlainText.field(store.name), .reason: "it is no longer in the configuration"]
        )
    }
}
