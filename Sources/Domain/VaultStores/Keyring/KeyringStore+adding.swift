// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Logging
import SecretService
import SecureMemory
package import Vault

// New logins. A keyring stores one item after the other, so where one of many can't be stored, those before it are deleted.
extension KeyringStore {
    /// A login that was stored, with its items: what belongs to it first.
    private typealias Stored = (id: LoginID, items: [KeyringItem])

    package func add(_ drafts: [SealedDraft]) async throws(AddingFailure) -> [LoginID] {
        guard !drafts.isEmpty else { return [] }
        var stored: [Stored] = []
        do throws(VaultError) {
            _ = try await opened()
            for sealed in drafts {
                let (draft, id) = (try sealed.opened(), LoginID.random())
                if let refusal = draft.additionRefusal { throw VaultError.refused(refusal) }
                // Other saves needn't wait until all are stored. Nor does a lock of the vault end it: it has been allowed.
                let outcome = await saves.join {
                    await Result { () async throws(VaultError) in try await self.storeNew(draft, id) }
                }.value
                if case .failure = outcome { await deleteItems(of: id) }
                stored.append((id, try outcome.get()))
            }
        } catch {
            throw AddingFailure(error, added: await takeBack(stored))
        }
        await refresh(stored.flatMap { $0.items.map(\.path) })
        await keepIdentity()
        return stored.map(\.id)
    }

    /// Deletes logins that were just stored.
    ///
    /// - Returns: Those that are still there, by their places.
    private func takeBack(_ stored: [Stored]) async -> [Int: LoginID] {
        var left: [Int: LoginID] = [:]
        for (place, login) in stored.enumerated().reversed() {
            do throws(KeyringError) {
                // The login first: without what belongs to it, it would be open to other hosts.
                for item in login.items.reversed() { try await keyring.delete(item, mayAsk: false) }
            } catch .notFound {
                // Somebody else was quicker.
            } catch {
                left[place] = login.id
            }
        }
        if !left.isEmpty {
            logger.warning(
                "Logins that were stored before another couldn't be are left in the keyring",
                metadata: ["logins": "\(left.count)"]
            )
        }
        await refresh(stored.flatMap { $0.items.map(\.path) })
        return left
    }

    /// Stores a new login.
    ///
    /// - Returns: Its items, the login itself last.
    func storeNew(_ draft: LoginDraft, _ id: LoginID) async throws(VaultError) -> [KeyringItem] {
        var login = Login(id: id, title: "").changed(by: draft, fields: [:])
        if login.title.isEmpty { login.title = PageAddress(loose: login.url)?.hostAndPort ?? login.url }
        let extra = LoginExtra(settings: login.settings, fields: [String: SecretBytes]().changed(by: draft))
        // The extra first: without its login it is nothing, and a login without it would be open to other hosts.
        let extraItem = try await write(extra, for: login, over: nil)
        let attributes = [
            LoginItem.Attribute.uuid: id.hex, LoginItem.Attribute.title: login.title,
            LoginItem.Attribute.username: login.username, LoginItem.Attribute.url: login.url,
            LoginItem.Attribute.group: draft.group,
        ]
        let title = login.title
        do throws(VaultError) {
            let item = try await asking { () async throws(KeyringError) in
                try await self.keyring.store(
                    schema: LoginItem.schema,
                    label: title,
                    attributes: attributes,
                    secret: draft.password ?? SecretBytes(utf8: "")
                )
            }
            return [extraItem, item].compactMap(\.self)
        } catch {
            if let extraItem {
                // The login's own error is what counts.
                try? await keyring.delete(extraItem, mayAsk: false)
            }
            throw error
        }
    }

    /// Deletes what a provider has stored of a login though it says that it has failed.
    private func deleteItems(of id: LoginID) async {
        do throws(KeyringError) {
            for schema in [LoginItem.schema, LoginItem.extraSchema] {
                let items = try await keyring.items(
                    schema: schema,
                    attributes: [LoginItem.Attribute.uuid: id.hex]
                )
                for item in items { try await keyring.delete(item, mayAsk: false) }
            }
        } catch {
            logger.notice(
                "Whether the keyring has a login that it failed to store isn't known",
                metadata: ["reason": "\(error)"]
            )
        }
    }
}
