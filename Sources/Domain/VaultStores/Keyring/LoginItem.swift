// SPDX-License-Identifier: Apache-2.0

import Ciphers
import SecretService
import SecureMemory
import Vault

/// How a login stands in the keyring: one item whose secret is the password, so that `secret-tool` reads it.
enum LoginItem {
    static let schema = "org.keybell.Login"
    static let extraSchema = "org.keybell.LoginExtra"

    /// The attributes' names; an item may lack any of them.
    enum Attribute {
        static let uuid = "uuid"
        static let title = "title"
        static let username = "username"
        static let url = "url"
        static let group = "group"
        static let all: Set = [uuid, title, username, url, group]
    }

    /// Reads a login out of an item.
    static func login(_ item: KeyringItem, id: LoginID, extra: SealedExtra?, identity: VaultIdentity) -> Login
    {
        let attribute = { (name: String) in item.attributes[name].flatMap { $0.isEmpty ? nil : $0 } }
        return Login(
            id: id,
            title: attribute(Attribute.title) ?? item.label,
            username: attribute(Attribute.username) ?? "",
            url: attribute(Attribute.url) ?? "",
            group: attribute(Attribute.group).map { LoginGroup(path: $0, id: identity.group($0)) },
            furtherURLs: extra?.furtherURLs ?? [],
            settings: extra?.settings ?? EntrySettings(),
            fieldNames: extra?.fieldNames ?? []
        )
    }

    /// The name that an item has of itself.
    ///
    /// Of what another program has stored that is what KeePassXC calls the entry: an attribute could name a login of
    /// Keybell's.
    static func ownName(_ item: KeyringItem) -> LoginID? {
        guard item.schema == schema || item.schema.isEmpty && item.entry == nil else {
            return OriginItem.id(item)
        }
        return item.attributes[Attribute.uuid].flatMap { LoginID(hex: $0) }
    }

    /// What an item says, as a short text by which to recognize it; no client learns it.
    static func digest(_ item: KeyringItem) -> String { digest(item.label, item.attributes) }

    /// The public part of that, as a short text to make a name from: nobody can use a name to check a guess at the rest
    /// of a URL, or at what another program has written to an item.
    static func publicDigest(_ item: KeyringItem) -> String {
        if let facts = OriginItem.publicFacts(item) { return digest(item.label, facts) }
        var attributes = item.attributes.filter { Attribute.all.contains($0.key) }
        attributes[Attribute.url] = attributes[Attribute.url].map { PublicURL.text(of: $0) }
        return digest(item.label, attributes)
    }

    private static func digest(_ label: String, _ attributes: [String: String]) -> String {
        let facts = [label] + attributes.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
        let text = facts.map { "\($0.utf8.count):\($0)" }.joined()
        return Hex.text(Digest.sha256(Array(text.utf8)))
    }
}
