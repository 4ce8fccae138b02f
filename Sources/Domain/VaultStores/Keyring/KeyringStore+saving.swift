// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Logging
import SecretService
import SecureMemory
package import Vault

extension KeyringStore {
    package func preview(_ draft: LoginDraft) async throws(VaultError) -> SavePreview {
        guard let id = draft.id else {
            _ = try await opened()
            return try SavePreview(draft, stored: nil)
        }
        guard let stored = try await opened().index.login(id) else { throw .notFound }
        try checkIsOwn(stored)
        return try SavePreview(draft, stored: stored)
    }

    /// Says what a draft does, its secrets compared.
    private func changes(_ draft: LoginDraft) async throws(VaultError) -> SavePreview {
        guard let id = draft.id else {
            _ = try await opened()
            return try SavePreview(draft, stored: nil, secrets: nil)
        }
        guard let stored = try await opened().index.login(id) else { throw .notFound }
        try checkIsOwn(stored)
        return try SavePreview(draft, stored: stored, secrets: try await secrets(of: id))
    }

    package func save(_ draft: LoginDraft) async throws(VaultError) -> LoginID {
        let outcome = await saves.join {
            await Result { () async throws(VaultError) in try await self.saveNow(draft) }
        }.value
        switch outcome {
        case .failure(.failed(let reason)), .failure(.unavailable(let reason)):
            logger.error("A login can't be saved", metadata: ["vault": "\(name)", "reason": "\(reason)"])
        default: break
        }
        return try outcome.get()
    }

    private func saveNow(_ draft: LoginDraft) async throws(VaultError) -> LoginID {
        let changes = try await changes(draft)
        guard !changes.isUnchanged else { throw .unchanged }
        let id: LoginID
        if let stored = changes.stored {
            try await change(stored, by: draft)
            id = stored.id
        } else {
            id = .random()
            let items: [KeyringItem]
            do throws(AddingFailure) { items = try await storeNew(draft, id) } catch { throw error.reason }
            await refresh(items.map(\.path))
        }
        await keepIdentityNow()
        return id
    }

    /// Keeps the vault's identity in the keyring, where something of Keybell's is kept: it then outlives the state.
    ///
    /// Nothing is asked, and if the keyring is locked now, another time will do.
    package func keepIdentity() async {
        await saves.join { await self.keepIdentityNow() }.value
    }

    private func keepIdentityNow() async {
        do throws(VaultError) {
            guard try await opened().identityItem == nil, let attributes = identity?.attributes else {
                return
            }
            let item = try await asking { () async throws(KeyringError) in
                try await self.keyring.store(
                    schema: LoginItem.extraSchema,
                    label: VaultIdentity.itemLabel,
                    attributes: attributes,
                    secret: LoginExtra().json
                )
            }
            await refresh([item.path])
        } catch {
            logger.notice("The vault's identity is not in the keyring yet", metadata: ["reason": "\(error)"])
        }
    }

    private func change(_ stored: Login, by draft: LoginDraft) async throws(VaultError) {
        let before = try await secrets(of: stored.id)
        let snapshot = try await opened()
        guard let item = snapshot.item(stored.id) else { throw .notFound }
        let login = stored.changed(by: draft, fields: before.fields)
        let formerExtra = snapshot.extra(stored.id)
        if let formerExtra, formerExtra.content == nil {
            throw .refused("The item that belongs to this login holds something that isn't Keybell's.")
        }
        let content = try formerExtra?.content?.opened()
        var extra = content ?? LoginExtra()
        extra.settings = login.settings
        extra.fields = before.fields.changed(by: draft)
        let password = draft.password.flatMap { $0 == before.password ? nil : $0 }
        if password != nil { extra.retire(before.password, at: now()) }
        // The former password is safe before the new one takes its place.
        let written =
            extra == content ? nil : try await write(extra, for: login, over: formerExtra?.item)

        var attributes = item.attributes
        attributes[LoginItem.Attribute.uuid] = stored.id.hex
        if login.title != stored.title { attributes[LoginItem.Attribute.title] = login.title }
        if login.username != stored.username { attributes[LoginItem.Attribute.username] = login.username }
        if login.url != stored.url { attributes[LoginItem.Attribute.url] = login.url }
        let changed = attributes
        do throws(VaultError) {
            try await asking { () async throws(KeyringError) in
                try await self.keyring.change(
                    item,
                    label: login.title == stored.title ? nil : login.title,
                    attributes: changed == item.attributes ? nil : changed,
                    secret: password
                )
            }
        } catch {
            await refresh([item.path])
            if let written {
                var former = content ?? LoginExtra()
                // There is no telling how much of it was done.
                if password != nil, !(await isStill(before.password, of: item)) {
                    former.retire(before.password, at: now())
                }
                await putBack(former, into: written)
            }
            throw error
        }
        await refresh([item.path, written?.path].compactMap(\.self))
    }

    /// Whether an item has this password for certain.
    private func isStill(_ password: SecretBytes, of item: KeyringItem) async -> Bool {
        do throws(KeyringError) {
            return try await keyring.secret(of: item) == password
        } catch {
            return false
        }
    }

    /// Takes back what a failed save wrote beside the login: it must not be released to more hosts, for example.
    ///
    /// An extra that wasn't there stays as an empty one: to delete it, some providers ask the person.
    private func putBack(_ former: LoginExtra, into item: KeyringItem) async {
        do throws(KeyringError) {
            try await keyring.change(item, secret: former.json)
        } catch {
            logger.error(
                "What a failed save had changed beside a login could not be taken back",
                metadata: ["reason": "\(error)"]
            )
        }
        await refresh([item.path])
    }

    /// Stores an extra, in place if there was one; makes none that says nothing.
    func write(
        _ extra: LoginExtra,
        for login: Login,
        over former: KeyringItem?
    ) async throws(VaultError) -> KeyringItem? {
        guard former != nil || !extra.isEmpty else { return nil }
        return try await asking { () async throws(KeyringError) -> KeyringItem in
            if let former {
                try await self.keyring.change(former, secret: extra.json)
                return former
            }
            return try await self.keyring.store(
                schema: LoginItem.extraSchema,
                label: "Keybell extra: \(login.title)",
                attributes: [LoginItem.Attribute.uuid: login.id.hex],
                secret: extra.json
            )
        }
    }
}
