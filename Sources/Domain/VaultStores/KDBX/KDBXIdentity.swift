// SPDX-License-Identifier: Apache-2.0

import Ciphers
import KDBX
import Linux
import SecureMemory
import Vault

/// The Hash of a KDBX vault as clients came to know it, kept in the state folder and known while it is locked.
struct KDBXIdentity: Codable, Equatable, Sendable {
    /// The root group, in upper-case hex.
    let root: String
    /// The recycle bin when the vault was first seen, zeros if there was none.
    let recycleBin: String

    /// From what a database says now; nil for one that a program has broken.
    init?(_ database: Database) {
        guard let root = database.root.id else { return nil }
        self.root = root.hexText
        recycleBin = (database.recycleBin ?? .none).hexText
    }

    /// What clients know the vault by: 40 hex digits.
    var hash: String { VaultHash.of(root: root, recycleBin: recycleBin) }

    /// The file that keeps it, named by the vault's path, so that a vault may be renamed; a vault without one is pinned
    /// when it is opened.
    static func file(of vault: String, in folder: String) -> StateFile<KDBXIdentity> {
        StateFile(name(of: vault, ending: "json"), in: folder)
    }

    /// The name of something about a vault in the state folder.
    static func name(of vault: String, ending: String) -> String {
        "kdbx-vault-\(Hex.text(Digest.sha256(Array(vault.utf8)).prefix(8))).\(ending)"
    }
}
