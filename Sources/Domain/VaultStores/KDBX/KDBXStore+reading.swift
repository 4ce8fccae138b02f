// SPDX-License-Identifier: Apache-2.0

import Ciphers
import ConcurrencyTools
import SecureMemory
package import Vault

// What is read of an open vault: all of it from memory.
extension KDBXStore {
    package func index() async throws(VaultError) -> LoginIndex {
        _ = try snapshot()
        if poll.isNeeded {
            // After that, what is known is served.
            try? await withDeadline(poll.timeout) {
                if await self.poll.findsAnother() { await self.fileChanged() }
            }
        }
        return try snapshot().index
    }

    package func state() async throws(VaultError) -> VaultState {
        let snapshot = try snapshot()
        // Off the serving thread, and independent of the saves: a vault can be large.
        return await Task(executorPreference: Self.coding) {
            VaultState(index: snapshot.index, codes: snapshot.codes(key: Self.codeKey))
        }.value
    }

    private static let coding = TaskQueue(label: "org.keybell.kdbx.coding")
    private static let codeKey = Randomness.secret(32)

    package func secrets(of id: LoginID) async throws(VaultError) -> LoginSecrets {
        guard let secrets = try snapshot().secrets(of: id) else { throw .notFound }
        return secrets
    }

    package func history(of id: LoginID) async throws(VaultError) -> [FormerLogin] {
        guard let history = try snapshot().history(of: id) else { throw .notFound }
        return history
    }

    package func preview(_ draft: LoginDraft) async throws(VaultError) -> SavePreview {
        try snapshot().preview(draft)
    }
}
