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
        let wasScreenLocked = await prepare(added, new.lock)

        configuration.replace(with: new)
        audit.require(new.audit.isRequired)
        await approvals.apply(new.approval.approvalLimits)
        await display.apply(new.notifierOptions)
        await session.apply(new.lock.sessionOptions)
        if !stores.elementsEqual(former, by: ===) { vaults.replace(with: stores) }
        // From here on the session's events reach them, too; one that came before hasn't.
        await catchUp(added, wasScreenLocked, new.lock)
        let hash = await handler.value.hash()
        // By name: later it might take back a question about a new vault that has the name of a former one.
        for store in removed { await approvals.end(.leftOut(store.name)) }
        handler.replace(with: handler.value.under(new.policy, over: VaultSet(stores)))
        tellHash(was: hash, is: await handler.value.hash())
        for store in removed { await close(store) }
    }

    /// Makes vaults ready for the first client that asks.
    ///
    /// - Returns: Whether the screen was locked when it was looked at.
    @discardableResult
    func prepare(_ stores: [any VaultStore], _ lock: LockSettings) async -> Bool {
        let isScreenLocked = await approvals.isScreenLocked
        for store in stores {
            if let store = store as? KeyringStore {
                // As if it had been there when the screen was locked.
                if isScreenLocked, lock.onScreenLock { await store.suspend() }
                // Read before the first client asks, or it might be told a Hash that the keyring then takes back. Nobody
                // is asked for that, and what is locked stays so.
                await store.settle()
            }
            // From the disk once, and from memory while it serves.
            _ = await store.hash()
        }
        return isScreenLocked
    }

    /// Locks new vaults, or takes that back, where the screen was locked or unlocked while they were made ready.
    private func catchUp(_ stores: [any VaultStore], _ wasLocked: Bool, _ lock: LockSettings) async {
        let isLocked = await approvals.isScreenLocked
        guard isLocked != wasLocked else { return }
        for store in stores where store is KeyringStore {
            if !isLocked {
                await store.resume()
            } else if lock.onScreenLock {
                await store.suspend()
            }
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
        let wasLocked = await store.isLocked()
        await store.close()
        closed.hold(store)
        await grants.endSessions(ofVault: store.name)
        guard !wasLocked else { return }
        await audit.keep(
            .locked,
            [.vault: PlainText.field(store.name), .reason: "it is no longer in the configuration"]
        )
    }
}
