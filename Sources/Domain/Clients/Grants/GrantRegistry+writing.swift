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
                do throws(KeyringError) {
                    try await self.store(new, fingerprint, mayAsk: mayAsk)
                } catch {
                    await self.forgetUnconfirmed(new, fingerprint)
                    throw error
                }
            }
        }
        do throws(KeyringError) {
            try await outcome.value.get()
        } catch {
            // What is deleted again and again was told when it first failed.
            logger.log(
                level: forgetting.isDeleting && !mayAsk ? .debug : .error,
                new.isEmpty
                    ? "what was forgotten could not be deleted from the keyring"
                    : "a decision could not be kept",
                metadata: ["why": "\(error.advice)"]
            )
            deleteLater(anew: mayAsk)
            throw await mayAllowReturn(deniedBy: new, fingerprint) ? .allowMayReturn(error) : .keyring(error)
        }
    }

    /// Has what the keyring may have of a write that failed, or may get yet, count for this session at most.
    ///
    /// Neither an allow that was to be stored counts after it, nor one that a denial was to replace: the person is asked.
    private func forgetUnconfirmed(_ new: [Grant], _ fingerprint: String) {
        let replaced = allowed(deniedBy: new, fingerprint)
        guard !replaced.isEmpty || !forgotten.unconfirmed.isEmpty else { return }
        for grant in replaced { _ = table.forget(fingerprint: fingerprint, name: grant.name) }
        forgetting.change { forgotten in
            for grant in forgotten.unconfirmed { forgotten.add(grant.name, of: fingerprint) }
            forgotten.unconfirmed = []
            for grant in replaced { forgotten.add(grant) }
        }
    }

    /// The allows for good that denials replace.
    private func allowed(deniedBy new: [Grant], _ fingerprint: String) -> [Grant] {
        let denials = new.filter { !$0.allows }
        guard !denials.isEmpty else { return [] }
        return ((snapshot.grants[fingerprint] ?? []) + table.grants(of: fingerprint)).filter { former in
            !former.isForSession && former.allows && denials.contains { $0.replaces(former) }
        }
    }

    /// Whether an allow that a denial was to replace may count again, after a denial that couldn't be stored: it isn't known
    /// whether the keyring has one, or the state folder can't keep that it is forgotten.
    private func mayAllowReturn(deniedBy new: [Grant], _ fingerprint: String) async -> Bool {
        let denials = new.filter { !$0.allows }
        guard !denials.isEmpty else { return false }
        guard hasRead, snapshot.sealed[fingerprint] == nil else { return true }
        let isReplaced = forgotten.known.contains { former in
            former.allows && denials.contains { $0.replaces(former) }
        }
        guard isReplaced else { return false }
        return await !forgetting.isKept()
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
        // It has been deleted meanwhile.
        if new.isEmpty, forgotten[fingerprint] == nil { return }
        // Nobody may overwrite what couldn't be read, unless all of it is to go.
        if let error = snapshot.sealed[fingerprint], forgotten[fingerprint]?.isAll != true { throw error }
        try await noteUnconfirmed(new.filter { pending[$0.name] != nil }, fingerprint)
        let former = forgotten[fingerprint]
        let added = new.filter { pending[$0.name] != nil }
        var kept = GrantTable(grants: table.grants(of: fingerprint).filter { !$0.isForSession })
        for grant in added { kept.remember(grant) }
        do throws(KeyringError) {
            try await put(kept.grants, fingerprint, mayAsk: mayAsk)
        } catch {
            // Nobody knows how much of it was done, or will be.
            if forgetting.isDeleting, new.isEmpty, !mayAsk { hasFailedToDelete = true } else { noteFailure() }
            throw error
        }
        // A reading that runs may have seen what was there before.
        cache.change { $0 = snapshot }
        if let former { noteDeleted(fingerprint, since: former) }
        var failure: KeyringError?
        do throws(KeyringError) { try await confirm(added) } catch { failure = error }
        // One that can't be confirmed counts for this session alone.
        for grant in added where !forgotten.covers(grant) {
            _ = table.forget(fingerprint: fingerprint, name: grant.name)
        }
        table.adopt(kept.grants.filter { !forgotten.covers($0) }, fingerprint: fingerprint)
        if let failure { throw failure }
    }

    /// Has the state folder take what is about to be stored, and what that denies, for forgotten until it is confirmed.
    ///
    /// - Throws: That it can't, for an allow. A denial is stored all the same: where that works it is all that is needed.
    private func noteUnconfirmed(_ added: [Grant], _ fingerprint: String) async throws(KeyringError) {
        let unconfirmed = added.filter(\.allows) + allowed(deniedBy: added, fingerprint)
        guard !unconfirmed.isEmpty else { return }
        forgetting.change { $0.unconfirmed = unconfirmed }
        guard await !forgetting.isKept(), added.contains(where: \.allows) else { return }
        forgetting.change { $0.unconfirmed = [] }
        throw forgetting.unwritable
    }

    /// The keyring has stored what it was to: the next daemon is to go by that.
    ///
    /// - Throws: That the state folder can't keep an allow's confirmation: it doesn't count beyond this session.
    private func confirm(_ added: [Grant]) async throws(KeyringError) {
        guard !forgotten.unconfirmed.isEmpty else { return }
        forgetting.change { $0.unconfirmed = [] }
        let allows = added.filter(\.allows)
        guard !allows.isEmpty, await !forgetting.isKept() else { return }
        forgetting.change { forgotten in
            for grant in allows { forgotten.add(grant.name, of: grant.key.fingerprint) }
        }
        throw forgetting.unwritable
    }

    /// Ends, in the state folder too, that everything granted to a key is forgotten: the next daemon would take what is granted
    /// to it now for that.
    private func endForgettingAll(_ fingerprint: String, mayAsk: Bool) async throws(KeyringError) {
        if forgotten[fingerprint]?.isAll == true { try await store([], fingerprint, mayAsk: mayAsk) }
        if await forgetting.fileStillHasAll(of: fingerprint) { throw forgetting.unwritable }
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
        forgetting.change { $0.isDeleted(fingerprint) }
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
