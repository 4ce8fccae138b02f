// SPDX-License-Identifier: Apache-2.0

import KDBX
import SecureMemory
import Vault

/// A database as clients may see it: its logins by host, and each one's secrets when they are wanted.
struct KDBXSnapshot: Sendable {
    private static let noSettings = EntrySettings()

    let database: Database
    let index: LoginIndex

    /// Looks through a database once.
    ///
    /// - Parameters:
    ///   - database: What is looked through.
    ///   - mostPathBytes: How much the paths of all groups may take together; beyond that, only the groups' own names
    ///     are kept.
    init(_ database: Database, mostPathBytes: Int = 16 << 20) {
        self.database = database
        index = LoginIndex(Self.logins(of: database, mostPathBytes: mostPathBytes))
    }

    /// Opens the secrets of a login; nil if it may not be handed out at all.
    func secrets(of id: LoginID) -> LoginSecrets? {
        guard index.login(id) != nil, let entry = database.entry(Identifier(id)) else { return nil }
        return Self.secrets(of: entry)
    }

    /// Opens the former states of a login; nil if it may not be handed out at all.
    func history(of id: LoginID) -> [FormerLogin]? {
        guard let login = index.login(id), let entry = database.entry(Identifier(id)) else { return nil }
        return entry.history.map { state in
            var former = login
            former.title = state.text("Title") ?? ""
            former.username = state.text("UserName") ?? ""
            former.url = state.text("URL") ?? ""
            former.furtherURLs = []
            former.fieldNames = state.fields.map(\.name).filter(Self.isOwn)
            former.tags = state.tags
            return FormerLogin(login: former, secrets: Self.secrets(of: state))
        }
    }

    private static func secrets(of entry: Entry) -> LoginSecrets {
        var fields: [String: SecretBytes] = [:]
        // Of two with the same name the first counts, as everywhere.
        for string in entry.strings where isOwn(string.field.name) && fields[string.field.name] == nil {
            fields[string.field.name] = entry.secret(of: string)
        }
        let none = SecretBytes(utf8: "")
        return LoginSecrets(
            password: entry.secret("Password") ?? none,
            fields: fields,
            notes: entry.secret("Notes") ?? none
        )
    }

    /// Whether both are states of one database, where one of them has what was saved.
    func isOf(_ other: KDBXSnapshot, but saved: KDBXSaves) -> Bool {
        database.isSame(as: other.database, but: saved.entries)
    }

    /// Whether a string is one of an entry's own string fields, not one of those that every entry has.
    private static func isOwn(_ fieldName: String) -> Bool {
        switch fieldName {
        case "Title", "UserName", "Password", "URL", "Notes", EntrySettings.fieldName: false
        default: true
        }
    }

    /// What all entries of a group have in common.
    private struct GroupFacts {
        let group: Group
        /// The names from the root down, its own included, as the KeePassHttp plugin gives them; of an absurdly long
        /// path only the end, since each nested group has a path of its own, and so does each entry in a reply.
        let path: String
        /// The names from below the root down, its own included; nil where that isn't all of the path.
        let names: [String]?
        let isSearchable: Bool
        let isRecycled: Bool
        let browser: BrowserSettings

        static let longest = 1024

        static func longest(_ path: String) -> String {
            guard path.utf8.count > longest else { return path }
            return String(decoding: path.utf8.suffix(longest).drop { $0 & 0xC0 == 0x80 }, as: UTF8.self)
        }

        func inner(_ group: Group, bin: Identifier?) -> GroupFacts {
            let isSearchable =
                switch group.text("EnableSearching").lowercased() {
                case "true": true
                case "false": false
                default: self.isSearchable
                }
            let path = path + "/" + group.name
            let longest = Self.longest(path)
            return GroupFacts(
                group: group,
                path: longest,
                names: longest.utf8.count == path.utf8.count ? names.map { $0 + [group.name] } : nil,
                isSearchable: isSearchable,
                isRecycled: isRecycled || bin != nil && group.id == bin,
                browser: BrowserSettings(group, in: browser)
            )
        }
    }

    /// Group by group, so that what the groups say is looked up and kept once for all their entries.
    private static func logins(of database: Database, mostPathBytes: Int) -> [Login] {
        let (root, bin) = (database.root, database.recycleBin)
        let groups = Self.groups(from: root)
        let inherited = InheritedSettings.of(groups.map { ($0.depth, BrowserSettings.hosts(of: $0.group)) })
        /// The groups around the one that is looked at, and itself.
        var around: [GroupFacts] = []
        var logins: [Login] = []
        var pathBytes = 0
        for ((depth, group), settings) in zip(groups, inherited) {
            around.removeLast(around.count - depth)
            let facts =
                around.last?.inner(group, bin: bin)
                ?? GroupFacts(
                    group: root,
                    path: GroupFacts.longest(root.name),
                    names: root.name.utf8.count <= GroupFacts.longest ? [] : nil,
                    isSearchable: root.isSearchable,
                    isRecycled: false,
                    browser: BrowserSettings(root, in: BrowserSettings())
                )
            around.append(facts)
            let (path, entries) = (facts.path, group.entries)
            if !entries.isEmpty { pathBytes += path.utf8.count }
            let isNamed = pathBytes <= mostPathBytes
            let named = LoginGroup(
                name: isNamed ? path : GroupFacts.longest("…/" + group.name),
                id: group.id.map { LoginID($0) },
                root: root.name,
                names: isNamed ? facts.names : nil
            )
            logins += entries.compactMap { login($0, in: named, facts, settings) }
        }
        return logins
    }

    /// All groups, each before those in it, with how many are around it.
    private static func groups(from root: Group) -> [(depth: Int, group: Group)] {
        var groups: [(depth: Int, group: Group)] = []
        var left = [(depth: 0, group: root)]
        while let next = left.popLast() {
            groups.append(next)
            left += next.group.groups.reversed().map { (next.depth + 1, $0) }
        }
        return groups
    }

    private static func login(
        _ entry: Entry,
        in group: LoginGroup,
        _ facts: GroupFacts,
        _ inherited: InheritedSettings?
    ) -> Login? {
        guard let id = entry.id.map({ LoginID($0) }) else { return nil }
        let strings = entry.strings
        // Of two with the same name the first counts, as everywhere.
        let byName = Dictionary(strings.map { ($0.field.name, $0) }) { first, _ in first }
        func text(_ name: String) -> String { byName[name].map { entry.text(of: $0) } ?? "" }
        let own = strings.map(\.field.name).filter(isOwn)
        // What the file protects is no address: where it matches is told without a question.
        let urls = byName.filter { Login.isFurtherURL($0.key) && !$0.value.field.isProtected }
            .mapValues { entry.text(of: $0) }
        let browser = BrowserSettings(entry, in: facts.browser)
        let written =
            byName[EntrySettings.fieldName] == nil ? noSettings : settings(text(EntrySettings.fieldName))
        let (url, further) = (text("URL"), urls.sorted { $0.key < $1.key }.map(\.value))
        var urlFields: [String: String] = [:]
        for name in Login.fieldNames(in: [url] + further) {
            // What the file protects is no part of an address.
            guard isOwn(name), let string = byName[name], !string.field.isProtected else { continue }
            urlFields[name] = entry.text(of: string)
        }
        return Login(
            id: id,
            title: text("Title"),
            username: text("UserName"),
            url: url,
            group: group,
            furtherURLs: further,
            settings: browser.hosts.joined(with: written),
            inherited: inherited,
            expires: entry.expires?.unix,
            isSearchable: facts.isSearchable,
            isRecycled: facts.isRecycled,
            fieldNames: own.sorted(),
            tags: entry.tags,
            hasNotes: strings.contains { $0.field.name == "Notes" && $0.hasValue },
            pages: browser.pages,
            urlFields: urlFields
        )
    }

    private static func settings(_ json: String) -> EntrySettings { EntrySettings(json: json.utf8) }
}

extension LoginID {
    /// What an entry or group of a database is called outside of it.
    init(_ identifier: Identifier) {
        self.init(high: identifier.head, low: identifier.tail)
    }
}

extension Identifier {
    /// What a file calls a login.
    init(_ id: LoginID) { self.init(head: id.high, tail: id.low) }
}
