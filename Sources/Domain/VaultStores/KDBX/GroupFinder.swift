// SPDX-License-Identifier: Apache-2.0

import KDBX
import UnicodeText
import Vault

/// Finds the groups of new logins in a database, and makes those that are missing.
///
/// Each group is looked into once, however many logins are added.
struct GroupFinder {
    /// What is in a group, by the names.
    private struct Content {
        var groups: [String: Identifier] = [:]
        /// Whether a name has a slash, so that a path can't be told apart from it.
        var hasSlash = false
    }

    private var contents: [Identifier: Content] = [:]

    /// The group for a new login; a slash in the name of one below the root is part of the name, unless it is a path.
    ///
    /// - Throws: `unwritable`, `damaged` for a root that has no UUID.
    mutating func group(
        for draft: LoginDraft,
        in database: inout Database,
        at now: Timestamp
    ) throws(KDBXError) -> Identifier {
        guard var group = database.root.id else { throw .damaged(.document) }
        var names = [draft.group]
        if draft.isGroupPath {
            if let known = find(draft.group, in: database) { return known }
            names = draft.group.split(separator: "/").map { String($0) }
            if names.count > 1, names.first == database.root.name { names.removeFirst() }
        }
        for name in names {
            let key = name.composed
            if let known = content(of: group, in: database).groups[key] {
                group = known
            } else {
                let made = try database.addGroup(name, to: group, at: now)
                contents[group, default: Content()].groups[key] = made
                contents[made] = Content()
                group = made
            }
        }
        return group
    }

    /// The group of a path from below the root, or from the root.
    private mutating func find(_ path: String, in database: Database) -> Identifier? {
        guard let root = database.root.id, !path.isEmpty else { return nil }
        let (path, start) = (path.composed, database.root.name.composed + "/")
        if let found = find(Self.names(path[...]), below: root, in: database) { return found }
        guard path.utf8.starts(with: start.utf8) else { return nil }
        let rest = String(decoding: path.utf8.dropFirst(start.utf8.count), as: UTF8.self)
        return find(Self.names(rest[...]), below: root, in: database)
    }

    private static func names(_ path: Substring) -> ArraySlice<Substring> {
        path.split(separator: "/", omittingEmptySubsequences: false)[...]
    }

    private mutating func find(
        _ names: ArraySlice<Substring>,
        below group: Identifier,
        in database: Database
    ) -> Identifier? {
        let content = content(of: group, in: database)
        for count in 1...max(1, content.hasSlash ? names.count : 1) where count <= names.count {
            let name = names.prefix(count).joined(separator: "/")
            guard let inner = content.groups[name] else { continue }
            if count == names.count { return inner }
            if let found = find(names.dropFirst(count), below: inner, in: database) { return found }
        }
        return nil
    }

    private mutating func content(of group: Identifier, in database: Database) -> Content {
        if let known = contents[group] { return known }
        var content = Content()
        for inner in database.group(group)?.groups ?? [] where !inner.isRecycled {
            guard let id = inner.id else { continue }
            let name = inner.name.composed
            // Of two with the same name the first counts, as everywhere.
            content.groups[name] = content.groups[name] ?? id
            if name.utf8.contains(UInt8(ascii: "/")) { content.hasSlash = true }
        }
        contents[group] = content
        return content
    }
}
