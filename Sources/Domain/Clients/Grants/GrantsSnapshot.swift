// SPDX-License-Identifier: Apache-2.0

import SecretService

/// The grants in the keyring, as one reading found them, by the fingerprint of the client's key.
struct GrantsSnapshot: Sendable {
    /// The items, oldest first; there is more than one if somebody has duplicated it.
    var items: [String: [KeyringItem]] = [:]
    /// What could be read.
    private(set) var grants: [String: [Grant]] = [:]
    /// Why not all of a key's grants could be read.
    private(set) var sealed: [String: KeyringError] = [:]

    /// Nothing has been read.
    init() {}

    /// Sorts what was found, oldest first.
    init(_ found: [KeyringItem], _ opened: OpenedSecrets) {
        for item in found {
            guard let fingerprint = item.attributes["fingerprint"] else { continue }
            if opened.locked.contains(item.path) {
                sealed[fingerprint] = .itemLocked
            } else if let secret = opened.secrets[item.path] {
                if let stored = StoredGrant.decode(secret, fingerprint: fingerprint) {
                    grants[fingerprint, default: []] += stored
                } else {
                    sealed[fingerprint] = .failed(Self.unreadable)
                }
            } else {
                continue  // It is gone by now.
            }
            items[fingerprint, default: []].append(item)
        }
    }

    /// Notes what is stored for a key now.
    mutating func put(_ kept: [Grant], in item: KeyringItem?, fingerprint: String) {
        items[fingerprint] = item.map { [$0] }
        grants[fingerprint] = kept
        sealed[fingerprint] = nil
    }

    private static let unreadable =
        "what is kept for this client was not written by Keybell; `keybell revoke` deletes it with the client's key"
}
