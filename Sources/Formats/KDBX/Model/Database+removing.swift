// SPDX-License-Identifier: Apache-2.0

import XMLTree

extension Database {
    /// Moves an entry into another group.
    /// - Parameters:
    ///   - id: The entry.
    ///   - group: Where to.
    ///   - now: The time of the move.
    /// - Throws: `notFound`.
    package mutating func move(_ id: Identifier, to group: Identifier, at now: Timestamp) throws(KDBXError) {
        guard let entry = entryPlaces[id], let target = groupPlaces[group] else { throw .notFound }
        let former = document.parent(of: entry).flatMap { identifier(of: $0) }
        guard former != group else { return }
        place(entry, in: target)
        setTime("LocationChanged", of: entry, to: now)
        // An element of 4.1; an older file does not have it.
        if version >= .v4_1, let former {
            document.setText(of: entry, child: "PreviousParentGroup", to: former.base64)
        }
    }

    /// Deletes an entry for good and notes that it was, so that no merge brings it back.
    /// - Parameters:
    ///   - id: The entry.
    ///   - now: The time of the deletion.
    /// - Throws: `notFound`.
    package mutating func delete(_ id: Identifier, at now: Timestamp) throws(KDBXError) {
        guard let entry = entryPlaces.removeValue(forKey: id) else { throw .notFound }
        document.remove(entry)
        noteDeletions([id: now])
    }

    /// Puts an element last among its kind: entries stand before groups.
    mutating func place(_ element: Element, in group: Element) {
        let isEntry = document.name(of: element) == "Entry"
        let firstGroup = isEntry ? document.firstOfLast(named: "Group", in: group) : nil
        document.move(element, to: group, before: firstGroup)
    }

    /// What was deleted, and when.
    var deletions: [Identifier: Timestamp] {
        guard let list = document.descendant(of: document.root, "Root", "DeletedObjects") else { return [:] }
        var deletions: [Identifier: Timestamp] = [:]
        for object in document.children(of: list, named: "DeletedObject") {
            guard let id = identifier(of: object) else { continue }
            let time = document.text(of: object, child: "DeletionTime").flatMap { Timestamp($0) }
            deletions[id] = max(time ?? Timestamp(unix: .min), deletions[id] ?? Timestamp(unix: .min))
        }
        return deletions
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

    /// Takes notes of deletions away, for what is there again.
    mutating func forgetDeletions(of ids: Set<Identifier>) {
        guard !ids.isEmpty, let list = document.descendant(of: document.root, "Root", "DeletedObjects") else {
            return
        }
        for object in document.children(of: list, named: "DeletedObject") {
            if let id = identifier(of: object), ids.contains(id) { document.remove(object) }
        }
    }
}
