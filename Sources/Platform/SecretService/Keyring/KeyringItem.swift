// SPDX-License-Identifier: Apache-2.0

/// An item of the keyring as the bus shows it: all but its secret.
package struct KeyringItem: Hashable, Sendable {
    /// The attribute in which libsecret, and so everybody, keeps an item's schema.
    package static let schemaAttribute = "xdg:schema"

    /// Where it is on the bus.
    ///
    /// Goes stale when the provider restarts; attributes are what identifies an item.
    package let path: String
    /// The schema's name, empty if it has none.
    package let schema: String
    /// What Seahorse shows.
    package let label: String
    /// What it is found by, without the schema.
    package let attributes: [String: String]
    /// When it was made, in seconds since 1970.
    package let created: UInt64
    /// What KeePassXC tells of the entry that it shows as this item; nil with any other provider.
    package let entry: KeyringEntry?

    /// Whether it may be there again, as it was, once it is told as deleted: its provider shows a part of what it has.
    package var mayReturn: Bool { ProviderQuirks.mayReturn(path) }

    /// An item of these parts.
    package init(
        path: String,
        schema: String,
        label: String,
        attributes: [String: String],
        created: UInt64,
        entry: KeyringEntry? = nil
    ) {
        self.path = path
        self.schema = schema
        self.label = label
        self.attributes = attributes
        self.created = created
        self.entry = entry
    }

    /// The same without attributes.
    package var withoutAttributes: KeyringItem {
        KeyringItem(path: path, schema: schema, label: label, attributes: [:], created: created, entry: entry)
    }
}

/// An entry of KeePassXC's as its item shows it.
package struct KeyringEntry: Hashable, Sendable {
    /// Its uuid in hex.
    package let uuid: String
    /// Its title, user name and URL.
    package let title: String, username: String, url: String
    /// The group that holds it, from the one on that is shown, which is empty.
    package let group: String
    /// Its own fields of those names that KeePass and its kin give meaning to: where it belongs, and who may have it.
    package let fields: [String: String]

    /// An entry of these parts.
    package init(
        uuid: String,
        title: String,
        username: String,
        url: String,
        group: String,
        fields: [String: String] = [:]
    ) {
        self.uuid = uuid
        self.title = title
        self.username = username
        self.url = url
        self.group = group
        self.fields = fields
    }
}

/// What can be said about our collection without asking the person anything.
package enum CollectionState: String, Sendable, Hashable {
    /// Nobody offers the Secret Service.
    case noProvider
    /// The Secret Service has no such collection.
    case noCollection
    /// The collection is locked.
    case locked
    /// The collection is open.
    case unlocked
}

/// What happened in the keyring from outside, or by our own hand.
package enum KeyringEvent: Hashable, Sendable {
    /// A provider has taken the bus name; nothing known of the former one holds.
    case providerAppeared
    /// The provider has left the bus.
    case providerLeft
    /// Our collection was locked.
    case locked
    /// Our collection was unlocked, or came into being unlocked.
    case unlocked
    /// The item at this path was made, changed or deleted; with nil, any may have been.
    case itemsChanged(path: String?)
    /// The items at these paths were made, changed or deleted: more than are told of one by one.
    case manyItemsChanged(paths: Set<String>)
}
