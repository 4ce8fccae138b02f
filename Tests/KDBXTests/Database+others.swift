// SPDX-License-Identifier: Apache-2.0

import XMLTree

@testable import KDBX

// What Keybell never does to an entry, but other programs do.

extension Database {
    /// Takes over all entries of another state.
    @discardableResult
    mutating func merge(_ other: Database) -> Bool {
        merge(Set(other.entries.compactMap(\.id)), from: other)
    }

    /// Takes over all that another state has of some entries.
    mutating func merge(_ wanted: Set<Identifier>, from other: Database) -> Bool {
        merge(Dictionary(uniqueKeysWithValues: wanted.map { ($0, []) }), from: other)
    }

    /// Moves it into another group.
    mutating func move(_ id: Identifier, to group: Identifier, at now: Timestamp) throws {
        guard let entry = entryPlaces[id], let target = groupPlaces[group] else { throw KDBXError.notFound }
        let former = document.parent(of: entry).flatMap { identifier(of: $0) }
        place(entry, in: target)
        setTime("LocationChanged", of: entry, to: now)
        // An element of 4.1; an older file does not have it.
        if version >= .v4_1, let former {
            document.setText(of: entry, child: "PreviousParentGroup", to: former.base64)
        }
    }

    /// Deletes it for good, and notes that it was.
    mutating func delete(_ id: Identifier, at now: Timestamp) throws {
        guard let entry = entryPlaces.removeValue(forKey: id) else { throw KDBXError.notFound }
        document.remove(entry)
        noteDeletions([id: now])
    }

    /// Puts an element last among its kind: entries stand before groups.
    mutating func place(_ element: Element, in group: Element) {
        let isEntry = document.name(of: element) == "Entry"
        let firstGroup = isEntry ? document.firstOfLast(named: "Group", in: group) : nil
        document.move(element, to: group, before: firstGroup)
    }

    /// Adds to the list of deletions, or sets the times of earlier notes.
    mutating func noteDeletions(_ deletions: [Identifier: Timestamp]) {
        guard !deletions.isEmpty, let root = document.child(of: document.root, named: "Root") else { return }
        let list =
            document.child(of: root, named: "DeletedObjects") ?? document.append("DeletedObjects", to: root)
        var left = deletions
        for object in document.children(of: list, named: "DeletedObject") {
            guard let id = identifier(of: object), let time = left.removeValue(forKey: id) else { continue }
            document.setText(of: object, child: "DeletionTime", to: time.text(for: version))
        }
        // In whatever order, but the same each time.
        for (id, time) in left.sorted(by: { ($0.key.head, $0.key.tail) < ($1.key.head, $1.key.tail) }) {
            let object = document.append("DeletedObject", to: list)
            document.append("UUID", to: object, text: id.base64)
            document.append("DeletionTime", to: object, text: time.text(for: version))
        }
    }
}
