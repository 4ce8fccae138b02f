// SPDX-License-Identifier: Apache-2.0

import Kernel
import Logging
import SecretService
import Vault

// What happens in the keyring, kept up with item by item.
extension KeyringStore {
    func follow() {
        guard follower == nil else { return }
        let events = self.events
        follower = Task(executorPreference: TaskQueue.shared) { [weak self] in
            for await event in events { await self?.takeIn(event) }
        }
    }

    /// What is told of is taken in before anybody reads on: who has just stored a login finds it here.
    private func takeIn(_ event: KeyringEvent) async {
        let work = Task(executorPreference: TaskQueue.shared) { await self.happened(event) }
        taking = work
        await work.value
        taking = nil
    }

    private func happened(_ event: KeyringEvent) async {
        switch event {
        case .itemsChanged(let path?):
            guard await refresh(path) else { return }
        case .itemsChanged(nil), .locked, .unlocked, .providerLeft, .providerAppeared:
            forget()
        }
        news.send(())
    }

    /// Looks at one item again; false if it is none of ours.
    @discardableResult
    func refresh(_ path: String) async -> Bool {
        guard shelf != nil else {
            // Whatever is being read may be without it.
            generation += 1
            return false
        }
        let outcome = await Result { [keyring] () async throws(KeyringError) -> (KeyringItem?, LoginExtra?) in
            guard let item = try await keyring.item(at: path) else { return (nil, nil) }
            guard item.schema == LoginItem.extraSchema else { return (item, nil) }
            let secret = try await keyring.secrets(of: [item])[path]
            return (item, secret.flatMap { LoginExtra(json: $0) })
        }
        guard case .success((let item, let extra)) = outcome else {
            forget()
            return true
        }
        guard var shelf else { return true }
        let isOurs = item.map { [LoginItem.schema, LoginItem.extraSchema].contains($0.schema) } ?? false
        guard isOurs || shelf.knows(path) else { return false }
        let former = shelf.items[path]
        shelf.update(path, to: item, extra: extra, identity: identity())
        self.shelf = shelf
        generation += 1
        keepNames()
        if item == nil, let former { await deleteExtra(of: former) }
        return true
    }

    /// Deletes what belonged to a login that is gone for good.
    private func deleteExtra(of item: KeyringItem) async {
        guard let id = item.attributes[LoginItem.Attribute.uuid].flatMap({ LoginID(hex: $0) }),
            let extra = shelf?.extra(id)
        else { return }
        do throws(KeyringError) {
            // Some providers delete and make an item where others change it.
            let same = try await keyring.items(
                schema: LoginItem.schema,
                attributes: [LoginItem.Attribute.uuid: item.attributes[LoginItem.Attribute.uuid] ?? ""]
            )
            if same.isEmpty { try await keyring.delete(extra.item) }
        } catch {
            logger.notice("What belonged to a deleted login is left", metadata: ["reason": "\(error)"])
        }
    }
}
