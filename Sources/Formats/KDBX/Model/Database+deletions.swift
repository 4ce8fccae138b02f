// SPDX-License-Identifier: Apache-2.0

import XMLTree

extension Database {
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

    /// Removes notes of deletions, for what is there again.
    mutating func forgetDeletions(of ids: Set<Identifier>) {
        guard !ids.isEmpty, let list = document.descendant(of: document.root, "Root", "DeletedObjects") else {
            return
        }
        for object in document.children(of: list, named: "DeletedObject") {
            if let id = identifier(of: object), ids.contains(id) { document.remove(object) }
        }
    }
}
