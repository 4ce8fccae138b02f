// SPDX-License-Identifier: Apache-2.0

import DisplayText
import KeePassHTTP
import SecretService
import SecureMemory

/// How a client stands in the keyring: one item, its attributes in plain text, the key's base64 as its secret.
package enum ClientItem {
    /// The items' schema.
    package static let schema = "org.keybell.ClientKey"

    /// The attributes' names.
    enum Attribute {
        static let id = "id"
        static let database = "database"
        static let program = "program"
        static let origin = "origin"
        static let created = "created"
        static let hmac = "hmac"
        static let lastUsed = "last-used"
        static let extensionName = "extension"
        static let vaults = "vaults"
        static let groups = "groups"
        static let hosts = "hosts"
    }

    /// What Seahorse shows of a client that the person hasn't named.
    static func label(for id: String) -> String { "Keybell client: \(id)" }

    /// The attributes of a key that is new.
    static func attributes(
        id: String,
        program: String,
        origin: String?,
        database: String,
        created: UInt64
    ) -> [String: String] {
        var attributes = [
            Attribute.id: id, Attribute.program: program, Attribute.database: database,
            Attribute.created: String(created),
        ]
        attributes[Attribute.origin] = origin
        return attributes
    }

    /// The Id of an item, in the one form that it is known by however the item has it; nil if it has none.
    static func name(_ item: KeyringItem) -> PlainName? {
        item.attributes[Attribute.id].flatMap { PlainName(cleaning: $0) }
    }

    /// Reads a client; nil if the item has no Id.
    static func client(_ item: KeyringItem, key: ClientKey) -> Client? {
        guard let id = name(item)?.text, let written = item.attributes[Attribute.id] else { return nil }
        let number = { (name: String) in item.attributes[name].flatMap { UInt64($0) } }
        let isNamed = ![label(for: id), label(for: written)].contains(item.label)
        return Client(
            id: id,
            name: isNamed ? PlainName(cleaning: item.label)?.text : nil,
            fingerprint: key.fingerprint,
            created: number(Attribute.created) ?? item.created,
            lastUsed: number(Attribute.lastUsed),
            program: item.attributes[Attribute.program] ?? "",
            origin: item.attributes[Attribute.origin].flatMap { $0.isEmpty ? nil : $0 },
            extensionName: item.attributes[Attribute.extensionName].flatMap { PlainName(cleaning: $0)?.text },
            database: item.attributes[Attribute.database] ?? "",
            usesHmac: item.attributes[Attribute.hmac].map { !$0.isEmpty && $0 != "0" } ?? false,
            restriction: restriction(item.attributes)
        )
    }
}

/// A client with its key, as cached.
struct KnownClient: Sendable {
    let item: KeyringItem
    let key: ClientKey
    let client: Client
    let nonceOwner: NonceOwner

    init(item: KeyringItem, key: ClientKey, client: Client) {
        (self.item, self.key, self.client) = (item, key, client)
        nonceOwner = NonceOwner(fingerprint: client.fingerprint)
    }
}

/// All clients of the keyring, as read at one time.
struct ClientsSnapshot: Sendable {
    /// The newest of each Id.
    private var byID: [PlainName: KnownClient] = [:]
    /// Every item of our schema, those that can't be read among them.
    let paths: Set<String>
    /// Ids that more than one item claims.
    private(set) var doubles: Set<PlainName> = []
    /// Ids whose item the keyring keeps locked though it is open itself: known, but nobody can be verified.
    private var locked: Set<PlainName> = []

    /// All that can be verified, in no order.
    var all: some Collection<KnownClient> { byID.values }

    /// The client of an Id in any of its forms.
    subscript(id: String) -> KnownClient? { PlainName(cleaning: id).flatMap { byID[$0] } }

    /// Whether the keyring keeps the item of this Id locked.
    func isLocked(_ id: String) -> Bool { PlainName(cleaning: id).map(locked.contains) ?? false }

    /// Whether the keyring keeps any item locked.
    var hasLocked: Bool { !locked.isEmpty }

    /// Whether an item has this Id, readable or not.
    func holds(_ id: String) -> Bool { self[id] != nil || isLocked(id) }

    /// Orders what was read.
    ///
    /// - Parameters:
    ///   - items: Every item of our schema, oldest first.
    ///   - opened: Their secrets.
    ///   - forgotten: Whose keys don't count.
    ///   - recent: What clients are restricted to, whatever their items say.
    init(
        _ items: [KeyringItem],
        _ opened: OpenedSecrets,
        without forgotten: ForgottenKeys,
        restricted recent: RecentRestrictions = RecentRestrictions()
    ) {
        let secrets = opened.secrets
        paths = Set(items.map(\.path))
        for item in items where opened.locked.contains(item.path) {
            if let name = ClientItem.name(item), !forgotten.covers(name, nil) { locked.insert(name) }
        }
        for item in items {
            guard let key = secrets[item.path].flatMap({ ClientKey(base64: $0) }),
                let name = ClientItem.name(item), var client = ClientItem.client(item, key: key),
                !forgotten.covers(name, client.fingerprint)
            else { continue }
            if let restriction = recent[name, client.fingerprint] { client.restriction = restriction }
            if let other = byID[name] {
                doubles.insert(name)
                guard (other.client.created, other.item.created) <= (client.created, item.created) else {
                    continue
                }
            }
            byID[name] = KnownClient(item: item, key: key, client: client)
        }
        // Of two items the one that can't be read might be the one that counts.
        for name in locked { byID[name] = nil }
    }

    /// Leaves out those whose keys don't count any more.
    mutating func leaveOut(_ forgotten: ForgottenKeys) {
        for id in forgotten.ids {
            if forgotten.covers(id, byID[id]?.client.fingerprint) { byID[id] = nil }
            if forgotten.covers(id, nil) { locked.remove(id) }
        }
    }
}
