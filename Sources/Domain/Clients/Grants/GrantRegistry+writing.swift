// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Logging
import SecretService

// How the keyring is made to hold what is decided.
extension GrantRegistry {
    /// Stores what is to be kept for a key, with `new`, after the writes that came before; what was forgotten goes.
    ///
    /// - Parameters:
    ///   - fingerprint: The key's.
    ///   - new: What is to be kept besides.
    ///   - mayAsk: False for what the person hasn't asked for: where the provider would ask them it fails.
    /// - Throws: Why it couldn't be stored or deleted; that is logged, and what is to be deleted is tried again.
    func write(
        _ fingerprint: String,
        adding new: [Grant] = [],
        mayAsk: Bool = true
    ) async throws(ClientError) {
        let outcome = writes.join {
            await Result { () async throws(KeyringError) in
                try await self.store(new, fingerprint, mayAsk: mayAsk)
            }
        }
        do throws(KeyringError) {
            try await outcome.value.get()
        } catch {
            // What is deleted again and again was told when it first failed.
            logger.log(
                level: isDeleting && !mayAsk ? .debug : .error,
                "a decision could not be kept",
                metadata: ["why": "\(error.advice)"]
            )
            forgetAllowed(deniedBy: new, fingerprint)
            deleteLater(anew: mayAsk)
            throw .keyring(error)
        }
    }

    /// What a denial that couldn't be stored would have replaced doesn't count after this session either: the person is asked
    /// then.
    private func forgetAllowed(deniedBy new: [Grant], _ fingerprint: String) {
        let denials = new.filter { !$0.allows }
        let stored = (snapshot.grants[fingerprint] ?? []) + table.grants(of: fingerprint)
        let replaced = stored.filter { former in
            !former.isForSession && former.allows && denials.contains { $0.replaces(former) }
        }
        guard !replaced.isEmpty else { return }
        for grant in replaced {
            _ = table.forget(fingerprint: fingerprint, name: grant.name)
            forgotten.add(grant)
        }
        keepForgotten()
    }

    private func store(_ new: [Grant], _ fingerprint: String, mayAsk: Bool) async throws(KeyringError) {
        defer { for grant in new { pending[grant.name] = nil } }
        // Without knowing what is there, writing would make a second item.
        if let error = await load() {
            guard case .forgottenUnknown = error, new.isEmpty, forgotten[fingerprint]?.isAll == true else {
                throw error
            }
            // Whatever was forgotten before, all of this key's goes.
            return try await deleteUnread(fingerprint, mayAsk: mayAsk)
        }
        if !new.isEmpty { try await endForgettingAll(fingerprint, mayAsk: mayAsk) }
        let former = forgotten[fingerprint]
        // It has been deleted meanwhile.
        if new.isEmpty, former == nil { return }
        // Nobody may overwrite what couldn't be read, unless all of it is to go.
        if let error = snapshot.sealed[fingerprint], former?.isAll != true { throw error }
        let added = new.filter { pending[$0.name] != nil }
        var kept = GrantTable(grants: table.grants(of: fingerprint).filter { !$0.isForSession })
        for grant in added { kept.remember(grant) }
        do throws(KeyringError) {
            try await put(kept.grants, fingerprint, mayAsk: mayAsk)
        } catch {
            // Nobody knows how much of it was done, or will be: a keyring that hangs may do it after the person has been told
            // that it isn't kept, has forgotten it, or has denied the same for good.
            for grant in added where grant.allows { forgotten.add(grant.name, of: fingerprint) }
            if added.contains(where: \.allows) { keepForgotten() }
            if isDeleting, new.isEmpty, !mayAsk { hasFailedToDelete = true } else { noteFailure() }
            throw error
        }
        // A reading that runs may have seen what was there before.
        cache.change { $0 = snapshot }
        if let former { noteDeleted(fingerprint, since: former) }
        for grant in added { _ = table.forget(fingerprint: fingerprint, name: grant.name) }
        table.adopt(kept.grants.filter { !forgotten.covers($0) }, fingerprint: fingerprint)
    }

    /// Ends, in the state folder too, that everything granted to a key is forgotten: the next daemon would take what is granted
    /// to it now for that.
    private func endForgettingAll(_ fingerprint: String, mayAsk: Bool) async throws(KeyringError) {
        if forgotten[fingerprint]?.isAll == true { try await store([], fingerprint, mayAsk: mayAsk) }
        if let forgottenFile, await forgottenFile.stillHasAll(of: fingerprint) {
            throw .stillForgotten(forgottenFile.path)
        }
    }

    /// Deletes what the keyring has for a key, where it isn't known what was forgotten before, so that nothing is read.
    private func deleteUnread(_ fingerprint: String, mayAsk: Bool) async throws(KeyringError) {
        let former = forgotten[fingerprint]
        for item in try await keyring.items(schema: Self.schema, attributes: ["fingerprint": fingerprint]) {
            try await keyring.deleteIfThere(item, mayAsk: mayAsk)
        }
        // A reading that runs may have seen what was there before.
        cache.forget()
        if let former { noteDeleted(fingerprint, since: former) }
    }

    /// The keyring has nothing any more of what was forgotten of a key, unless more was meanwhile.
    private func noteDeleted(_ fingerprint: String, since former: ForgottenGrants.OfKey) {
        guard forgotten[fingerprint]?.count == former.count else { return }
        forgotten.isDeleted(fingerprint)
        keepForgotten()
    }

    private func put(_ kept: [Grant], _ fingerprint: String, mayAsk: Bool) async throws(KeyringError) {
        var surplus = snapshot.items[fingerprint] ?? []
        var item: KeyringItem?
        if !kept.isEmpty {
            let secret = StoredGrant.encode(kept)
            if let newest = surplus.popLast() {
                try await keyring.change(newest, secret: secret, mayAsk: mayAsk)
                item = newest
            } else {
                item = try await keyring.store(
                    schema: Self.schema,
                    label: "Keybell grants: \(fingerprint)",
                    attributes: ["fingerprint": fingerprint],
                    secret: secret
                )
            }
        }
        for item in surplus { try await keyring.deleteIfThere(item, mayAsk: mayAsk) }
        snapshot.put(kept, in: item, fingerprint: fingerprint)
    }
}
