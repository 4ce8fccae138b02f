// SPDX-License-Identifier: Apache-2.0

import KDBX
import Secrecy
import Vault

/// A database as clients may see it: its logins by host, and each one's secrets when they are wanted.
struct KDBXShelf: Sendable {
    /// The names of an entry's own parts, which are no string fields.
    private static let standardFields: Set<String> = ["Title", "UserName", "Password", "URL", "Notes"]

    private static let noSettings = EntrySettings()

    let database: Database
    let index: LoginIndex

    /// Looks through a database once.
    init(_ database: Database) {
        self.database = database
        index = LoginIndex(Self.logins(of: database))
    }

    /// Opens the secrets of a login; nil if it may not be handed out at all.
    func secrets(of id: LoginID) -> LoginSecrets? {
        guard index.login(id) != nil, let entry = Identifier(id.bytes).flatMap({ database.entry($0) }) else {
            return nil
        }
        var fields: [String: SecretBytes] = [:]
        for field in entry.fields where Self.isOwn(field.name) {
            fields[field.name] = entry.secret(field.name)
        }
        return LoginSecrets(password: entry.secret("Password") ?? SecretBytes(utf8: ""), fields: fields)
    }

    private static func isOwn(_ fieldName: String) -> Bool {
        !standardFields.contains(fieldName) && fieldName != EntrySettings.fieldName
    }

    /// What all entries of a group have in common.
    private struct Place {
        let group: Group
        let path: [String]
        let isSearchable: Bool
        let isRecycled: Bool

        func inner(_ group: Group, bin: Identifier?) -> Place {
            let isSearchable =
                switch group.text("EnableSearching").lowercased() {
                case "true": true
                case "false": false
                default: self.isSearchable
                }
            return Place(
                group: group,
                path: path + [group.name],
                isSearchable: isSearchable,
                isRecycled: isRecycled || bin != nil && group.id == bin
            )
        }
    }

    /// Group by group, so that what the groups say is looked up once for all their entries.
    private static func logins(of database: Database) -> [Login] {
        let (root, bin) = (database.root, database.recycleBin)
        var places = [Place(group: root, path: [], isSearchable: root.isSearchable, isRecycled: false)]
        var logins: [Login] = []
        while let place = places.popLast() {
            let group = LoginGroup(
                name: place.path.isEmpty ? place.group.name : place.path.joined(separator: "/"),
                id: place.group.id.flatMap { LoginID($0.bytes) }
            )
            logins += place.group.entries.compactMap { login($0, in: group, at: place) }
            places += place.group.groups.reversed().map { place.inner($0, bin: bin) }
        }
        return logins
    }

    private static func login(_ entry: Entry, in group: LoginGroup, at place: Place) -> Login? {
        guard let id = entry.id.flatMap({ LoginID($0.bytes) }) else { return nil }
        let names = entry.fields.map(\.name)
        let own = names.filter(isOwn)
        // Most have none, and asking for one that isn't there costs as much as for one that is.
        let settings = names.contains(EntrySettings.fieldName) ? entry.secret(EntrySettings.fieldName) : nil
        return Login(
            id: id,
            title: entry.text("Title") ?? "",
            username: entry.text("UserName") ?? "",
            url: entry.text("URL") ?? "",
            group: group,
            furtherURLs: own.filter(Login.isFurtherURL).sorted().compactMap { entry.text($0) },
            settings: settings.map(Self.settings) ?? noSettings,
            expires: entry.expires?.unix,
            isSearchable: place.isSearchable,
            isRecycled: place.isRecycled,
            fieldNames: own.sorted(),
            created: entry.created?.unix,
            modified: entry.modified?.unix
        )
    }

    private static func settings(_ json: SecretBytes) -> EntrySettings {
        EntrySettings(json: json.withSpan { span in span.indices.map { span[$0] } })
    }
}
