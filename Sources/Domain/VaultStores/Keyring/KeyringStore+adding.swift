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
        let end = Cancellation()
        // In a task of its own: what was stored has to be taken back when whoever waits is cancelled.
        let adding = additions.join {
            await Result { () async throws(AddingFailure) in try await self.addNow(drafts, until: end) }
        }
        let outcome = await withTaskCancellationHandler {
            await adding.value
        } onCancel: {
            end.cancel()
        }
        return try outcome.get()
    }

    private func addNow(
        _ drafts: [SealedDraft],
        until end: Cancellation
    ) async throws(AddingFailure) -> [LoginID] {
        var stored: [Stored] = []
        do throws(AddingFailure) {
            for sealed in drafts {
                guard !end.isCancelled, !isEnding else { throw AddingFailure(.unavailable(Self.ended)) }
                // Other saves needn't wait until all are stored. Nor does a lock of the vault end it: it has been allowed.
                let isFirst = stored.isEmpty
                stored.append(
                    try await saves.join {
                        await Result { () async throws(AddingFailure) in
                            try await self.store(sealed, opens: isFirst)
                        }
                    }.value.get()
                )
            }
        } catch {
            let left = await takeBack(stored)
            throw AddingFailure(error.reason, added: left, isUndecided: error.isUndecided)
        }
        await refresh(stored.flatMap { $0.items.map(\.path) })
        await keepIdentity()
        return stored.map(\.id)
    }

    private static let ended = "It was ended before all logins were stored."

    private func store(_ sealed: SealedDraft, opens: Bool) async throws(AddingFailure) -> Stored {
        let (draft, id): (LoginDraft, LoginID)
        do throws(VaultError) {
            if opens { _ = try await opened() }
            (draft, id) = (try sealed.opened(), .random())
            if let refusal = draft.additionRefusal { throw VaultError.refused(refusal) }
        } catch {
            throw AddingFailure(error)
        }
        return (id, try await storeNew(draft, id))
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

    /// Stores a new login; one that can't be stored leaves nothing.
    ///
    /// - Returns: Its items, the login itself last.
    /// - Throws: Why it isn't stored, or isn't known to be.
    func storeNew(_ draft: LoginDraft, _ id: LoginID) async throws(AddingFailure) -> [KeyringItem] {
        do throws(VaultError) {
            return try await storeItems(draft, id)
        } catch {
            // A provider may have stored some of it though it says that it has failed.
            throw AddingFailure(error, isUndecided: !(await deleteItems(of: id)))
        }
    }

    private func storeItems(_ draft: LoginDraft, _ id: LoginID) async throws(VaultError) -> [KeyringItem] {
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
        let item = try await asking { () async throws(KeyringError) in
            try await self.keyring.store(
                schema: LoginItem.schema,
                label: title,
                attributes: attributes,
                secret: draft.password ?? SecretBytes(utf8: "")
            )
        }
        return [extraItem, item].compactMap(\.self)
    }

    /// Deletes what the keyring has of a login; nobody is asked.
    ///
    /// - Returns: Whether it is known to have nothing of it now.
    private func deleteItems(of id: LoginID) async -> Bool {
        do throws(KeyringError) {
            for schema in [LoginItem.schema, LoginItem.extraSchema] {
                let items = try await keyring.items(
                    schema: schema,
                    attributes: [LoginItem.Attribute.uuid: id.hex]
                )
                for item in items { try await keyring.delete(item, mayAsk: false) }
            }
            return true
        } catch {
            logger.notice(
                "Whether the keyring has a login that it failed to store isn't known",
                metadata: ["reason": "\(error)"]
            )
            return false
        }
    }
}
