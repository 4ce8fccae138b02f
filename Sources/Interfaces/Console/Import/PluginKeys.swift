// SPDX-License-Identifier: Apache-2.0

import DisplayText
import KDBX
import KeePassHTTP
import SecureMemory
import Vault

/// The keys that the KeePassHttp plugin keeps in a KeePass file: fields of an entry of its own.
struct PluginKeys: Sendable {
    /// A field of that entry, by the Id that its client goes by.
    struct Field: Sendable {
        let id: String
        /// Nil for what can't be a key.
        let key: ClientKey?
    }

    /// In the order of the file.
    let fields: [Field]
    /// What clients know the file by, as the plugin told them.
    let hash: String

    private static let entry: [UInt8] = [
        0x34, 0x69, 0x7A, 0x40, 0x8A, 0x5B, 0x41, 0xC0, 0x9F, 0x36, 0x89, 0x7D, 0x62, 0x3E, 0xCB, 0x31,
    ]
    private static let mostKeys = 1000
    private static let prefix = "AES Key: "

    /// Takes the keys out of an opened file.
    init(_ database: Database) throws(ConsoleError) {
        guard let id = Identifier(Self.entry), let entry = database.entry(id) else {
            let double = database.entries.first { $0.text("Title") == "KeePassHttp Settings" }
            throw .refused(Self.missing(double))
        }
        let strings = entry.strings.filter { $0.field.name.hasPrefix(Self.prefix) }
        // A list too long for the person to look through isn't a list of their clients.
        guard strings.count <= Self.mostKeys else {
            throw .refused(
                "The entry \"KeePassHttp Settings\" of this file holds \(strings.count) keys; at most \(Self.mostKeys) are imported. Delete those that nobody uses, in KeePass among the fields of that entry."
            )
        }
        fields = strings.map { string in
            Field(
                id: String(string.field.name.dropFirst(Self.prefix.count)),
                key: entry.secret(of: string).flatMap { ClientKey(base64: $0) }.flatMap {
                    $0.isGuessable ? nil : $0
                }
            )
        }
        hash = VaultHash.of(
            root: (database.root.id ?? .none).hexText,
            recycleBin: (database.recycleBin ?? .none).hexText
        )
        guard !fields.isEmpty else {
            throw .refused(
                "The entry \"KeePassHttp Settings\" of this file holds no client's key. If KeePass serves your browser with another file, name that one; else connect the browser anew."
            )
        }
    }

    /// Why there is nothing to import; an entry that only has the title of the plugin's is named.
    private static func missing(_ double: Entry?) -> String {
        let cure =
            "If KeePass serves your browser with another file, name that one; else connect the browser anew."
        guard let double else {
            return
                "There is no entry \"KeePassHttp Settings\" in this file, so no client's key to import. \(cure)"
        }
        let own = Hex.text(Self.entry).uppercased()
        let other = double.id?.hexText ?? "none"
        return
            "The entry \"KeePassHttp Settings\" of this file isn't the plugin's, which has the uuid \(own): this one's is "
            + "\(other), as a copied or imported entry's is, and no client's key in it was ever in use here. \(cure)"
    }
}
