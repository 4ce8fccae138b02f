// SPDX-License-Identifier: Apache-2.0

import Clients
import Operations
import SecretService

/// Standing decisions that are forgotten when the test ends.
actor MemoryGrantStore: GrantStore {
    nonisolated let keepsGrants = true
    private(set) var grants: [Grant] = []

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

    func remember(_ decided: [Grant]) throws(KeyringError) {
        grants += decided
        // What can't be read isn't written to, either.
        if isUnreadable, decided.contains(where: { !$0.isForSession }) { throw .deadline }
    }

    func remember(_ grant: Grant) { grants.append(grant) }

    func forget(fingerprint: String) { grants.removeAll { $0.key.fingerprint == fingerprint } }
}
