// SPDX-License-Identifier: Apache-2.0

import SecretService

extension Keyring {
    /// Deletes an item; one that somebody else has deleted is as good.
    func deleteIfThere(_ item: KeyringItem, mayAsk: Bool = true) async throws(KeyringError) {
        do throws(KeyringError) {
            try await delete(item, mayAsk: mayAsk)
        } catch .notFound {
            return
        } catch {
            throw error
        }
    }
}
