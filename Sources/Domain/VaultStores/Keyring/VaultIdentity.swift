// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecureMemory
import Vault

/// The two names that make up a keyring vault's Hash, as root group and recycle bin do for a KDBX file.
struct VaultIdentity: Hashable, Sendable {
    /// Stands for the root group.
    let root: LoginID
    /// Stands for the recycle bin.
    let recycleBin: LoginID

    /// A new vault's identity.
    static func random() -> VaultIdentity {
        VaultIdentity(root: .random(), recycleBin: .random())
    }

    /// What clients know the vault by: 40 hex digits.
    var hash: String { VaultHash.of(root: root.hex, recycleBin: recycleBin.hex) }

    /// A name for a group, the same at every start.
    func group(_ name: String) -> LoginID? {
        LoginID(Digest.sha256(root.bytes + Array("/group/\(name)".utf8)).prefix(16))
    }
}

// MARK: - In the keyring

extension VaultIdentity {
    /// What stands in the attribute `uuid` of the item that keeps the identity; no login has it.
    static let itemName = "vault"
    static let itemLabel = "Keybell vault"

    /// The attributes of that item, of the schema `org.keybell.LoginExtra`; its secret is an empty object.
    var attributes: [String: String] {
        [LoginItem.Attribute.uuid: Self.itemName, "root": root.hex, "recycle-bin": recycleBin.hex]
    }

    /// Reads that item's attributes; nil for any other item.
    init?(attributes: [String: String]) {
        guard attributes[LoginItem.Attribute.uuid] == Self.itemName,
            let root = attributes["root"].flatMap({ LoginID(hex: $0) }),
            let recycleBin = attributes["recycle-bin"].flatMap({ LoginID(hex: $0) })
        else { return nil }
        self.init(root: root, recycleBin: recycleBin)
    }
}
