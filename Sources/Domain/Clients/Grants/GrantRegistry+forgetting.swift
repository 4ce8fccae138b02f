// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Logging
import SecretService

// What no longer counts, and is deleted as soon as the keyring does that.
extension GrantRegistry {
    /// What is forgotten and the keyring still has: it no longer counts, and is deleted once that can be done without asking
    /// the person, or they forget it again.
    package func undeletedGrants() -> [Grant] {
        let stored = snapshot.grants.values.joined().filter(forgotten.covers)
        let byName = Dictionary((stored + forgotten.known).map { ($0.name, $0) }) { first, _ in first }
        return byName.values.sorted { $0.name < $1.name }
    }

    /// Whether what is forgotten and isn't deleted yet no longer counts after a restart either.
    ///
    /// What couldn't be written to the state folder is tried at once.
    package func staysForgotten() async -> Bool { await forgetting.outlastsRestart() }

    /// Forgets one grant by its name.
    ///
    /// - Returns: The grant; nil where there is none.
    /// - Throws: Why it can't be read, or why it couldn't be deleted; in both cases it no longer counts all the same.
    package func forget(fingerprint: String, name: String) async throws(ClientError) -> Grant? {
        var known = table.grants(of: fingerprint).first { $0.name == name }
        var error: KeyringError?
        // What is known counts no more from now on, not only once a keyring that hangs has answered.
        if known == nil {
            error = await load()
            known = table.grants(of: fingerprint).first { $0.name == name }
        }
        guard let known = known ?? undeletedGrants().first(where: { $0.isNamed(name, fingerprint) }) else {
            guard let error = error ?? snapshot.sealed[fingerprint], name.utf8.count <= Self.longestName
            else {
                return nil
            }
            try await forgetUnread(name, of: fingerprint)
            throw .keyring(error)
        }
        let beingStored = pending.removeValue(forKey: name)
        _ = table.forget(fingerprint: fingerprint, name: name)
        changeBroadcast.send(())
        guard !known.isForSession || beingStored != nil else { return known }
        forgetting.change { $0.add(known) }
        try await write(fingerprint)
        return known
    }

    /// Forgets what can't be read: if there is a grant of that name, it doesn't count once it can be.
    private func forgetUnread(_ name: String, of fingerprint: String) async throws(ClientError) {
        forgetting.change { $0.add(name, of: fingerprint) }
        try await write(fingerprint)
    }

    /// No grant has a longer name; `forgotten.json` has room for many of those.
    private static let longestName = 64

    /// Forgets everything that was decided for a key that is revoked or overwritten.
    ///
    /// - Parameters:
    ///   - fingerprint: The key's.
    ///   - mayAsk: False for what the person hasn't asked for: what can't be deleted without asking them is deleted later.
    /// - Throws: Why it couldn't be deleted; it no longer counts all the same.
    package func forget(fingerprint: String, mayAsk: Bool = true) async throws(ClientError) {
        if table.forget(fingerprint: fingerprint) { changeBroadcast.send(()) }
        pending = pending.filter { $0.value.key.fingerprint != fingerprint }
        forgetting.change { $0.addAll(of: fingerprint) }
        try await write(fingerprint, mayAsk: mayAsk)
    }

    // MARK: - Deleting

    /// Deletes what is forgotten, a key's after the other's.
    func deleteAll() async {
        for fingerprint in forgotten.fingerprints {
            do throws(ClientError) {
                try await write(fingerprint, mayAsk: false)
            } catch {
                // One that hangs or isn't there would fail for each of them.
                guard error.isOfOneItem else { break }
            }
        }
        guard hasFailedToDelete else { return }
        // Once for all of them.
        hasFailedToDelete = false
        noteFailure()
    }

    /// Has the keyring read again after a write that failed: nobody knows how much of it was done.
    func noteFailure() {
        cache.forget()
        failedAt = cache.changes
    }
}

extension ClientError {
    /// Whether the keyring refuses something about this one item, so that it may do the same for others.
    fileprivate var isOfOneItem: Bool {
        switch self {
        case .keyring(.itemLocked), .keyring(.dismissed), .keyring(.notFound), .keyring(.failed): true
        default: false
        }
    }
}

extension Grant {
    fileprivate func isNamed(_ name: String, _ fingerprint: String) -> Bool {
        self.name == name && key.fingerprint == fingerprint
    }
}
