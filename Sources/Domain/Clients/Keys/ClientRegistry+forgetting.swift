// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import DisplayText
import KeePassHTTP
import Logging
import SecretService

// What no longer counts, and is deleted as soon as the keyring does that.
extension ClientRegistry {
    /// Whether a client is revoked and its key couldn't be deleted yet.
    package func isBeingDeleted(_ id: String) -> Bool {
        PlainName(cleaning: id).map { forgotten.covers($0, nil) } ?? false
    }

    /// Whether what is revoked and isn't deleted yet no longer counts after a restart either.
    ///
    /// What couldn't be written to the state folder is tried at once.
    package func staysRevoked() async -> Bool { await forgetting.outlastsRestart() }

    /// Has a key of an Id count no more, from now on; without a fingerprint whatever key it has.
    func forget(_ id: PlainName, _ fingerprint: String?) {
        forgetting.change { $0.add(id, fingerprint) }
        lastRead.removeAll { $0.id == id.text && (fingerprint == nil || $0.fingerprint == fingerprint) }
        cache.change { [forgotten] in $0.leaveOut(forgotten) }
    }

    /// Has a key that is about to be stored not count, for the next daemon either, until it is let in.
    ///
    /// - Throws: That the state folder can't keep it.
    func leaveOut(_ id: PlainName, _ fingerprint: String) async throws(KeyringError) {
        forget(id, fingerprint)
        guard await forgetting.isKept() else { throw forgetting.unwritable }
    }

    /// Has a key count that the keyring has, for the next daemon too.
    ///
    /// - Throws: That the state folder can't keep it: the next daemon would delete the key, so that it doesn't count for this
    ///   one.
    func letIn(_ id: PlainName, _ fingerprint: String, notAfter time: Int) async throws(KeyringError) {
        guard forgotten.covers(id, fingerprint) else { return }
        forgetting.change { $0.letIn(id, fingerprint, notAfter: time) }
        guard await !forgetting.isKept() else { return }
        forget(id, fingerprint)
        throw forgetting.unwritable
    }

    // MARK: - Deleting

    /// Deletes the items of an Id, whatever key they have.
    func deleteItems(of id: PlainName) async throws(KeyringError) {
        let time = forgotten.count
        for item in try await keyring.items(schema: ClientItem.schema) where ClientItem.name(item) == id {
            try await keyring.deleteIfThere(item)
        }
        forgetting.change { $0.areDeleted([id], notAfter: time) }
    }

    /// Deletes what is forgotten, after the writes that came before.
    func deleteAll() async {
        await writes.join { [weak self] in
            do throws(KeyringError) {
                try await self?.deleteItems()
            } catch {
                await self?.noteUndeleted(error)
            }
        }.value
    }

    /// Deletes all that is forgotten; what the keyring doesn't have is done with.
    private func deleteItems() async throws(KeyringError) {
        let (forgotten, ids) = (forgotten, forgotten.ids)
        let items = try await keyring.items(schema: ClientItem.schema)
        let theirs = items.filter { ClientItem.name($0).map(ids.contains) ?? false }
        let opened = try await keyring.openSecrets(of: theirs)
        var (left, failure): (Set<PlainName>, KeyringError?) = ([], nil)
        for item in theirs {
            guard let id = ClientItem.name(item) else { continue }
            let key = opened.secrets[item.path].flatMap { ClientKey(base64: $0) }
            if key == nil, !forgotten.covers(id, nil) { left.insert(id) }
            guard forgotten.covers(id, key?.fingerprint) else { continue }
            do throws(KeyringError) {
                try await keyring.deleteIfThere(item, mayAsk: false)
            } catch {
                left.insert(id)
                failure = error
                // Each of the others would wait as long.
                if error == .deadline { throw error }
            }
        }
        forgetting.change { $0.areDeleted(ids.subtracting(left), notAfter: forgotten.count) }
        if let failure { throw failure }
    }

    private func noteUndeleted(_ error: KeyringError) {
        logger.debug("a key that doesn't count isn't deleted yet", metadata: ["why": "\(error.advice)"])
    }
}
