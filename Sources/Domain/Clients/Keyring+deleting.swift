// SPDX-License-Identifier: Apache-2.0

import SecretService

extension Keyring {
    /// Deletes an item; one that somebody else has deleted is as good.
    func deleteIfThere(_ item: KeyringItem) async throws(KeyringError) {
        do throws(KeyringError) {
            try await delete(item)
        } catch .notFound {
            return
        } catch {
            throw error
        }
    }
}
