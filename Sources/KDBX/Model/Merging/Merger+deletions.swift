// SPDX-License-Identifier: Apache-2.0

import XMLTree

extension Merger {
    /// What either side deleted goes, unless it was changed or moved later; then the note of its deletion goes.
    mutating func mergeDeletions() {
        let own = ours.deletions
        let deletions = own.merging(theirs.deletions) { max($0, $1) }
        var revived: Set<Identifier> = []
        for (id, time) in deletions {
            guard let entry = ours.entryPlaces[id] else { continue }
            if isDeleted(entry, at: time) {
                ours.document.remove(entry)
                ours.entryPlaces[id] = nil
                hasChanged = true
            } else {
                revived.insert(id)
            }
        }
        revived.formUnion(deleteGroups(deletions))
        for (id, time) in deletions where !revived.contains(id) && own[id] != time {
            ours.noteDeletion(of: id, at: time)
            hasChanged = true
        }
        ours.forgetDeletions(of: revived)
    }

    /// Deletes groups from the inside out: one that still has something in it stays.
    private mutating func deleteGroups(_ deletions: [Identifier: Timestamp]) -> Set<Identifier> {
        var left = deletions.filter { ours.groupPlaces[$0.key] != nil }
        var hasDeleted = true
        while hasDeleted {
            hasDeleted = false
            for (id, time) in left {
                guard let group = ours.groupPlaces[id], group != ours.rootGroup, isDeleted(group, at: time),
                    ours.document.child(of: group, named: "Entry") == nil,
                    ours.document.child(of: group, named: "Group") == nil
                else { continue }
                ours.document.remove(group)
                ours.groupPlaces[id] = nil
                left[id] = nil
                (hasDeleted, hasChanged) = (true, true)
            }
        }
        return Set(left.keys)
    }

    private func isDeleted(_ element: Element, at time: Timestamp) -> Bool {
        max(ours.modified(element), ours.moved(element)) <= time
    }
}
