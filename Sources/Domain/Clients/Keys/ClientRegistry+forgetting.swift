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
    package func staysRevoked() async -> Bool {
        let isKept = await forgottenFile?.isKept() ?? false
        return isKept || forgotten.isEmpty
    }

    /// Has a key of an Id count no more, from now on; without a fingerprint whatever key it has.
    func forget(_ id: PlainName, _ fingerprint: String?) {
        forgotten.add(id, fingerprint)
        lastRead.removeAll { $0.id == id.text && (fingerprint == nil || $0.fingerprint == fingerprint) }
        cache.change { [forgotten] in $0.leaveOut(forgotten) }
        keepForgotten()
    }

    /// What the daemon before couldn't delete counts for this one neither.
    ///
    /// - Throws: Why it isn't known what that is.
    func takeUpForgotten() async throws(KeyringError) {
        guard let former = try await forgottenFile?.takeUp() else { return }
        forgotten.add(former)
        // What was forgotten before that was known isn't written yet.
        if !forgotten.isEmpty { keepForgotten() }
    }

    /// Has the state folder keep what is forgotten now.
    func keepForgotten() {
        forgottenFile?.keep(ForgottenKeysRecord(forgotten))
    }

    /// Has a key that is about to be stored not count, for the next daemon either, until it is let in.
    ///
    /// - Throws: That the state folder can't keep it.
    func leaveOut(_ id: PlainName, _ fingerprint: String) async throws(KeyringError) {
        forget(id, fingerprint)
        guard let forgottenFile, await !forgottenFile.isKept() else { return }
        throw .forgottenUnwritable(forgottenFile.path)
    }

    /// Has a key count that the keyring has, for the next daemon too.
    ///
    /// - Throws: That the state folder can't keep it: the next daemon would delete the key, so that it doesn't count for this
    ///   one.
    func letIn(_ id: PlainName, _ fingerprint: String, notAfter time: Int) async throws(KeyringError) {
        guard forgotten.covers(id, fingerprint) else { return }
        forgotten.letIn(id, fingerprint, notAfter: time)
        keepForgotten()
        guard let forgottenFile, await !forgottenFile.isKept() else { return }
        forget(id, fingerprint)
        throw .forgottenUnwritable(forgottenFile.path)
    }

    // MARK: - Deleting

    /// Deletes the items of an Id, whatever key they have.
    func deleteItems(of id: PlainName) async throws(KeyringError) {
        let time = forgotten.count
        for item in try await keyring.items(schema: ClientItem.schema) where ClientItem.name(item) == id {
            try await keyring.deleteIfThere(item)
        }
        forgotten.areDeleted([id], notAfter: time)
        keepForgotten()
    }

    /// Tries to delete what is forgotten, without asking the person, unless that is being done; nobody waits for it.
    func deleteForgotten() {
        guard !forgotten.isEmpty, !isDeleting else { return }
        isDeleting = true
        writes.join { [weak self] in
            do throws(KeyringError) {
                try await self?.deleteAll()
            } catch {
                await self?.noteUndeleted(error)
            }
            await self?.deletionIsOver()
        }
    }

    /// Deletes all that is forgotten; what the keyring doesn't have is done with.
    private func deleteAll() async throws(KeyringError) {
        let (forgotten, ids) = (self.forgotten, self.forgotten.ids)
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
        self.forgotten.areDeleted(ids.subtracting(left), notAfter: forgotten.count)
        keepForgotten()
        if let failure { throw failure }
    }

    private func noteUndeleted(_ error: KeyringError) {
        logger.debug("a key that doesn't count isn't deleted yet", metadata: ["why": "\(error.advice)"])
    }

    private func deletionIsOver() {
        isDeleting = false
        deleteLater()
    }

    /// Has what couldn't be deleted tried again after a while: a keyring that has hung tells of no change.
    ///
    /// - Parameter isFirst: Whether it has just failed for the first time, so that the waits begin anew.
    func deleteLater(anew isFirst: Bool = false) {
        if isFirst || forgotten.isEmpty { retries.end() }
        guard !forgotten.isEmpty, !isDeleting else { return }
        retries.set { [weak self] in
            Task(executorPreference: MainLoop.executor) { await self?.deleteAgain() }
        }
    }

    private func deleteAgain() {
        retries.isOver()
        deleteForgotten()
    }
}
