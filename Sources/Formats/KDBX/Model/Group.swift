// SPDX-License-Identifier: Apache-2.0

import XMLTree

/// A group as it was when it was asked for: a view into the database of that moment.
package struct Group: Sendable {
    let database: Database
    let element: Element

    /// What it is known by; nil in a file that a program has broken.
    package var id: Identifier? { database.identifier(of: element) }

    /// Its name.
    package var name: String { text("Name") }

    /// The group that it is in; nil for the root.
    package var parent: Group? {
        guard element != database.rootGroup, let parent = database.document.parent(of: element) else {
            return nil
        }
        return Group(database: database, element: parent)
    }

    /// The names from below the root down to it; empty for the root itself.
    package var path: [String] {
        var names: [String] = []
        var group: Group? = self
        while let current = group, let parent = current.parent {
            names.append(current.name)
            group = parent
        }
        return names.reversed()
    }

    /// The groups that are directly in it.
    package var groups: [Group] {
        database.document.children(of: element, named: database.names.group).map {
            Group(database: database, element: $0)
        }
    }

    /// The entries that are directly in it.
    package var entries: [Entry] {
        database.document.children(of: element, named: database.names.entry).map {
            Entry(database: database, element: $0)
        }
    }

    /// Whether entries in it are to be found by a search; what the groups around it say where it says nothing.
    package var isSearchable: Bool {
        switch text("EnableSearching").lowercased() {
        case "true": true
        case "false": false
        default: parent?.isSearchable ?? true
        }
    }

    /// Whether it is the recycle bin or in it.
    package var isRecycled: Bool {
        guard let bin = database.recycleBin else { return false }
        var group: Group? = self
        while let current = group {
            if current.id == bin { return true }
            group = current.parent
        }
        return false
    }

    /// An element's text as it stands in the file, for what has no name here.
    package func text(_ name: String) -> String {
        database.document.child(of: element, named: name).map { database.text(of: $0) } ?? ""
    }
}
