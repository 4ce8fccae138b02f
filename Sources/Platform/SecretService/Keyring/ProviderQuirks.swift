// SPDX-License-Identifier: Apache-2.0

import DBus

/// What differs between the providers of the Secret Service; found by calling the real ones on Debian 12.
///
/// | | gnome-keyring 42 | KeePassXC 2.7.4 | KWallet 5.103 |
/// | --- | --- | --- | --- |
/// | no collection yet | headless: no `default` alias | no database with an exposed group is open: no alias | no wallet yet: no alias; `CreateCollection` would raise its wizard |
/// | tells of a lock | `CollectionChanged`, `PropertiesChanged` | `ItemDeleted` for each item, then `CollectionChanged` | `CollectionChanged` |
/// | tells of an unlock | the same | `CollectionChanged` | `CollectionChanged` |
/// | a locked collection | lists its items, attributes hashed | is empty, its label is the file's name | lists its items |
/// | starts | as its password came with the login | as the person opens the database | locked, even with the wallet open |
/// | a store | one `ItemCreated` | some 6 `ItemCreated` and 38 `ItemChanged` | `ItemChanged`, `ItemCreated` |
/// | another secret | tells nobody | `ItemChanged` | `ItemChanged` |
/// | other attributes | `ItemChanged` | `ItemChanged`; those that are left out stay | tells nobody |
/// | an item's path | a number for good | the entry's UUID | a number until it restarts |
/// | an item's attributes | are what was stored | and the entry's own fields, protected ones among them, its title, user name, URL, notes and group | are what was stored |
/// | items locked by themselves | no | until confirmed, each time for each connection | no |
/// | a prompt belongs to | whoever calls `Prompt` | whoever calls `Prompt` | the session |
/// | an encrypted session | is ours | is ours | is lost now and then, as other programs end; one of 256 is refused |
/// | says of a lost session | `NoSession` | `NoSession` | `UnknownObject`, `InvalidObjectPath` |
/// | an empty label | is fine | is fine | is refused |
/// | a label with a slash | is fine | is fine | is a folder: a change spoils the secret |
/// | a killed provider | has lost nothing | has lost what was stored in the last moment | has lost some seconds |
///
/// So every lock and unlock comes as a signal that ``Keyring`` heeds, and a cached secret costs no call: `Locked` need
/// not be asked for at each request. Whatever is read from the bus is read after looking at `Locked`.
enum ProviderQuirks {
    /// What KeePassXC adds to each entry's own attributes.
    private static let added: Set = ["Notes", "Path", "Title", "URL", "UserName", "Uuid"]

    /// Takes away what KeePassXC adds, which is nothing that another program has stored and changes with the entry.
    ///
    /// An item of KeePassXC is known by its `Uuid`, which is the end of its path. An entry's own fields are attributes, too,
    /// protected ones like any other.
    ///
    /// - Returns: What it says of the entry; nil where it is another provider's item.
    static func takeEntry(from attributes: inout [String: String], path: ObjectPath) -> KeyringEntry? {
        guard let uuid = attributes["Uuid"], !uuid.isEmpty, path.text.hasSuffix("/" + uuid) else {
            return nil
        }
        let all = attributes
        attributes = all.filter { !added.contains($0.key) }
        let title = all["Title"] ?? ""
        let place = (all["Path"] ?? "").utf8
        // The group's path, a slash, the title.
        let end = title.utf8.count + 1
        let group = place.count > end ? String(Substring(place.dropFirst().dropLast(end))) : ""
        return KeyringEntry(
            uuid: uuid,
            title: title,
            username: all["UserName"] ?? "",
            url: all["URL"] ?? "",
            group: group,
            fields: attributes.filter {
                $0.key.hasPrefix("KP2A_URL") || $0.key.hasPrefix("URL") || $0.key == settings
            }
        )
    }

    /// The field in which the KeePassHttp plugin keeps who may have an entry.
    private static let settings = "KeePassHttp Settings"

    /// Whether an item may be an entry of KeePassXC's: see ``mayReturn(_:)``.
    static func mayBeEntry(_ path: String) -> Bool { mayReturn(path) }

    /// Whether many items are read faster property by property than by `GetAll`.
    ///
    /// gnome-keyring goes through the whole collection for each property of an item, also for those that nobody wants: of
    /// 3,000 items it gives three properties in half the time that it takes for all six. Its items have numbers.
    static func readsFasterByParts(_ paths: [ObjectPath]) -> Bool {
        guard paths.count > 64, let name = paths.first?.text.split(separator: "/").last else { return false }
        return UInt32(name) != nil
    }

    /// Whether an item that is gone may just have been moved out of sight, and come back as it was.
    ///
    /// KeePassXC shows one group to others; what is moved elsewhere, to its bin too, is told as deleted. Its items are named
    /// by a UUID, those of the other providers by a number.
    static func mayReturn(_ path: String) -> Bool {
        guard let name = path.split(separator: "/").last else { return false }
        return name.utf8.count == 32 && name.allSatisfy(\.isHexDigit)
    }

    /// The attributes to set once more, emptied, since the provider has kept them though they were left out.
    ///
    /// KeePassXC only ever adds to an entry. Whoever reads attributes takes an empty one for none.
    static func leftovers(of former: [String: String], in now: [String: String], wanted: [String: String])
        -> [String: String]
    {
        let left = former.keys.filter { wanted[$0] == nil && now[$0]?.isEmpty == false }
        return Dictionary(uniqueKeysWithValues: left.map { ($0, "") })
    }

    /// Whether a new label may spoil the secret, so that it has to be set again.
    ///
    /// KWallet takes what stands before a slash for a folder, and whatever moves to another folder is read as a
    /// map's bytes from then on.
    static func losesSecret(from former: String, to label: String) -> Bool {
        former.contains("/") || label.contains("/")
    }

    /// Whether an error's text says that the provider doesn't know our session any more.
    ///
    /// KWallet has no error of that name: it says "no such object" where a secret is read or set, and "invalid object path"
    /// where an item is made. Its text isn't translated.
    static func saysSessionIsLost(_ message: String) -> Bool {
        message.hasPrefix("Can't find session ")
    }

    /// A label that every provider takes: KWallet refuses an empty one.
    static func label(_ label: String) -> String {
        label.isEmpty ? "Untitled" : label
    }
}
