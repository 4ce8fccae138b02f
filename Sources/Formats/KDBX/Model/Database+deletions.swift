// SPDX-License-Identifier: Apache-2.0

import XMLTree

extension Database {

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
