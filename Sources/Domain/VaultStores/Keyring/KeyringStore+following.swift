// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Logging
import SecretService
import SecureMemory
import Vault

// What happens in the keyring, kept up with item by item.
extension KeyringStore {
    func follow() {
        guard follower == nil else { return }
        let events = self.events
        follower = Task(executorPreference: MainLoop.executor) { [weak self] in
            for await event in events { await self?.takeIn(event) }
        }
    }

    /// What is reported is taken in before anybody reads on: whoever has just stored a login finds it here.
    ///
    /// What is reported while something is being taken in is taken in together: all logins are indexed anew each time,
    /// and an import reports thousands.
    func takeIn(_ event: KeyringEvent) {
        switch event {
        case .itemsChanged(let path?): takeIn([path])
        case .manyItemsChanged(let paths): takeIn(paths)
        case .itemsChanged(nil), .locked, .unlocked, .providerLeft, .providerAppeared:
            untaken = []
            forget()
            changeBroadcast.send(())
        }
    }

    func takeIn(_ paths: Set<String>) {
        let isAwaited = !untaken.isEmpty
        untaken.formUnion(paths)
        guard !isAwaited, !paths.isEmpty else { return }
        updates.join {
            if await self.refresh(self.nextUntaken()) { self.changeBroadcast.send(()) }
        }
    }

    /// Logs once for each login why it isn't there.
    func tellUnreadable() {
        guard let snapshot else { return }
        for id in snapshot.unreadable.subtracting(toldUnreadable).sorted(by: { $0.hex < $1.hex }) {
            logger.warning(
                "A login is left out: what belongs to it in the keyring (an item of schema org.keybell.LoginExtra with its uuid) can't be read, and may deny it to a host. Put that item's JSON right, or delete it",
                metadata: ["uuid": "\(id.hex)"]
            )
        }
        toldUnreadable = snapshot.unreadable
    }

    /// All that is to be looked at now.
    private func nextUntaken() -> [String] {
        defer { untaken = [] }
        return Array(untaken)
    }

    /// Looks at some items again; false if there is nothing to report.
    @discardableResult
    func refresh(_ paths: [String]) async -> Bool {
        guard !paths.isEmpty else { return false }
        // A keyring that never rests is read anew at the next request.
        for _ in 1...4 {
            if let isOurs = await refreshOnce(paths) { return isOurs }
        }
        forget()
        return true
    }

    /// - Returns: Whether one is ours; nil if something else happened meanwhile, so that it has to be done again.
    private func refreshOnce(_ paths: [String]) async -> Bool? {
        guard snapshot != nil else {
            // Whatever is being read may be without them: they are looked at when it has been.
            missed.formUnion(paths)
            // If the last reading failed, whoever follows the vault tries again: nothing else tells them that a keyring
            // that was too busy for a while is at rest.
            return !isReading && lastLook?.state != .locked
        }
        let outcome = await Result {
            [keyring] () async throws(KeyringError) -> (
                items: [String: KeyringItem], secrets: [String: SecretBytes]
            ) in
            let items = try await keyring.items(at: paths)
            let secrets = try await keyring.secrets(
                of: items.values.filter { $0.schema == LoginItem.extraSchema }
            )
            return (items, secrets)
        }
        guard case .success(let found) = outcome else {
            forget()
            return true
        }
        guard let snapshot, let identity else { return true }
        let ours = paths.filter { path in
            found.items[path].map(snapshot.isOfUse) == true || snapshot.knows(path)
        }
        guard !ours.isEmpty else { return false }
        let hasLogin = { (items: [String: KeyringItem], path: String) in
            items[path]?.schema == LoginItem.schema
        }
        let areOthers = ours.contains { hasLogin(found.items, $0) != hasLogin(snapshot.items, $0) }
        let before = cache.changes
        // Puts all logins in order anew: not on the thread that serves.
        let updated = await arranging {
            var updated = snapshot
            updated.update(
                ours,
                to: found.items,
                extras: found.secrets.compactMapValues { SealedExtra(json: $0) },
                identity: identity
            )
            return updated
        }
        guard self.snapshot != nil else { return true }
        guard before == cache.changes else { return nil }
        cache.change { $0 = updated }
        keepNames()
        tellUnreadable()
        if areOthers { lookForOrphans() }
        return true
    }
}
