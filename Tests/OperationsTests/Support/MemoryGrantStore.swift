// SPDX-License-Identifier: Apache-2.0

import Clients
import Operations
import SecretService
import Synchronization

/// Standing decisions that are forgotten when the test ends.
actor MemoryGrantStore: GrantStore {
    private(set) var grants: [Grant] = []
    private let sessions = Mutex<UInt64>(0)

    nonisolated var session: GrantSession { GrantSession(number: sessions.withLock { $0 }) }

    func endSessions() {
        sessions.withLock { $0 += 1 }
        grants.removeAll(where: \.isForSession)
    }

    /// What is stored can't be read.
    private(set) var isUnreadable = false

    func decisions(on subjects: [GrantSubject]) -> [GrantDecision] {
        subjects.map { subject in
            switch grants.decision(on: subject.key, entry: subject.entry) {
            case false?: .denied
            case true? where !isUnreadable: .allowed
            default: isUnreadable ? .unknown : .undecided
            }
        }
    }

    func becomeUnreadable() { isUnreadable = true }

    func remember(_ decided: [Grant], in session: GrantSession?) throws(ClientError) {
        grants += decided.filter { !$0.isForSession || session == self.session }
        // What can't be read isn't written to, either.
        if isUnreadable, decided.contains(where: { !$0.isForSession }) { throw .keyring(.deadline) }
    }

    func remember(_ grant: Grant) { grants.append(grant) }

    /// What keeps grants from being deleted.
    private(set) var forgetTrouble: KeyringError?

    func failToForget(with error: KeyringError?) { forgetTrouble = error }

    func forget(fingerprint: String, mayAsk: Bool = true) throws(ClientError) {
        if let forgetTrouble { throw .keyring(forgetTrouble) }
        grants.removeAll { $0.key.fingerprint == fingerprint }
    }
}
