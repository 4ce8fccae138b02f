// SPDX-License-Identifier: Apache-2.0

import Ciphers
import ConcurrencyTools
import SecureMemory
package import Vault

// What is read of an open vault: all of it from memory.
extension KDBXStore {
    package func index() async throws(VaultError) -> LoginIndex {
        _ = try shelf()
        if look.isNeeded {
            // Later than that: what is known is served.
            try? await withDeadline(KDBXLook.patience) {
                if await self.look.findsAnother() { await self.fileChanged() }
            }
        }
        return try shelf().index
    }

    package func state() async throws(VaultError) -> VaultState {
        let shelf = try shelf()
        // Beside the thread that serves, and beside the saves: a vault can be large.
        return await Task(executorPreference: Self.coding) {
            VaultState(index: shelf.index, codes: shelf.codes(key: Self.codeKey))
        }.value
    }

    private static let coding = TaskQueue(label: "org.keybell.kdbx.coding")
    private static let codeKey = Randomness.secret(32)

    package func secrets(of id: LoginID) async throws(VaultError) -> LoginSecrets {
        guard let secrets = try shelf().secrets(of: id) else { throw .notFound }
        return secrets
    }

    package func history(of id: LoginID) async throws(VaultError) -> [FormerLogin] {
        guard let history = try shelf().history(of: id) else { throw .notFound }
        return history
    }

    package func preview(_ draft: LoginDraft) async throws(VaultError) -> SavePreview {
        try shelf().preview(draft)
    }
}
