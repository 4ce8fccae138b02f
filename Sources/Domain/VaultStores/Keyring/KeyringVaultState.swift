// SPDX-License-Identifier: Apache-2.0

import Linux
import Vault

/// What a keyring vault keeps in the state folder; there is no secret in it.
struct KeyringVaultState: Codable, Equatable, Sendable {
    /// A name that was made up for an item which has none.
    struct Derived: Codable, Equatable, Sendable {
        /// What the item said when it was last seen.
        var digest: String
        /// Where it was.
        var path: String
        /// The name, in hex.
        var uuid: String
    }

    /// The vault's two names, in hex.
    var root: String
    var recycleBin: String
    /// Whether it hasn't been checked yet if the keyring knows other ones: then the state was lost, or never existed.
    var isProvisional: Bool
    var derived: [Derived] = []
    /// The names of logins that are gone, in hex, of which something is left, and since when, in seconds since 1970.
    var orphans: [String: Int64]?

    /// The identity that is kept; nil if the file was tampered with.
    var identity: VaultIdentity? {
        guard let root = LoginID(hex: root), let bin = LoginID(hex: recycleBin) else { return nil }
        return VaultIdentity(root: root, recycleBin: bin)
    }

    /// Since when a login has been gone of which something is left; now for one that isn't noted yet.
    ///
    /// A clock that was ahead doesn't keep it for ever, and no number in the file is too large to calculate with.
    func orphaned(_ id: LoginID, now: Int64) -> Int64 {
        min(max(orphans?[id.hex] ?? now, 0), now)
    }

    /// The file that keeps it: a vault without one, or with one that was tampered with, starts over from what the
    /// keyring knows.
    static func file(in folder: String) -> StateFile<KeyringVaultState> {
        StateFile("keyring-vault.json", in: folder, longest: 16 << 20)
    }

    /// The state of a vault with this identity.
    init(_ identity: VaultIdentity, isProvisional: Bool) {
        root = identity.root.hex
        recycleBin = identity.recycleBin.hex
        self.isProvisional = isProvisional
    }
}
