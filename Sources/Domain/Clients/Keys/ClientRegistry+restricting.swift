// SPDX-License-Identifier: Apache-2.0

import DisplayText
import SecretService
package import Vault

extension ClientRegistry {
    /// Restricts a client to a part of the vaults, or to nothing any more; from the return on that counts.
    ///
    /// - Parameters:
    ///   - id: The client's Id.
    ///   - fingerprint: Its key's; another key that has this Id by now is left alone.
    ///   - restriction: What it is restricted to.
    /// - Throws: What the keyring says.
    package func restrict(
        _ id: String,
        fingerprint: String,
        to restriction: ClientRestriction
    ) async throws(ClientError) {
        guard let name = PlainName(cleaning: id) else { throw .unknown(id) }
        let isThere = try await write { [self] () async throws(KeyringError) in
            let same = try await keyring.items(schema: ClientItem.schema).filter {
                ClientItem.name($0) == name
            }
            let opened = try await keyring.openSecrets(of: same)
            let snapshot = ClientsSnapshot(same, opened, without: await forgotten)
            guard !snapshot.isLocked(name.text) else { throw .itemLocked }
            guard snapshot[name.text]?.client.fingerprint == fingerprint else { return false }
            // The doubles, too: one of them counts once the newest is gone.
            for item in same {
                let attributes = ClientItem.attributes(item.attributes, restrictedTo: restriction)
                try await keyring.change(item, attributes: attributes)
            }
            return true
        }
        guard isThere else { throw .unknown(id) }
    }
}
