// SPDX-License-Identifier: Apache-2.0

import KDBX
import UnicodeText
import Vault

/// Finds the groups of new logins in a database, and makes those that are missing.
///
/// Each group is looked into once, however many logins are added.
struct GroupFinder {
    /// What is in each group, by the names.
    private var contents: [Identifier: [String: Identifier]] = [:]

    /// The group for a new login; a slash in the name of one below the root is part of the name, unless it is a path, which
    /// leads to no group that has one in its name.
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
            names = LoginGroup.names(in: draft.group)
            if let known = find(names[...], below: group, in: database) { return known }
            if names.count > 1, names.first?.composed == database.root.name.composed {
                names.removeFirst()
                if let known = find(names[...], below: group, in: database) { return known }
            }
        }
        for name in names {
            let key = name.composed
            if let known = content(of: group, in: database)[key] {
                group = known
            } else {
                let made = try database.addGroup(name, to: group, at: now)
                contents[group, default: [:]][key] = made
                contents[made] = [:]
                group = made
            }
        }
        return group
    }

    /// The group of a path from below another one.
    private mutating func find(
        _ names: ArraySlice<String>,
        below group: Identifier,
        in database: Database
    ) -> Identifier? {
        var group = group
        for name in names {
            guard let inner = content(of: group, in: database)[name.composed] else { return nil }
            group = inner
        }
        return names.isEmpty ? nil : group
    }

    private mutating func content(of group: Identifier, in database: Database) -> [String: Identifier] {
        if let known = contents[group] { return known }
        var content: [String: Identifier] = [:]
        for inner in database.group(group)?.groups ?? [] where !inner.isRecycled {
            guard let id = inner.id else { continue }
            let name = inner.name.composed
            // Of two with the same name the first counts, as everywhere.
            content[name] = content[name] ?? id
        }
        contents[group] = content
        return content
    }
}
