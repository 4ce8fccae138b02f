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
        let news = deletions.filter { id, time in !revived.contains(id) && own[id] != time }
        if !news.isEmpty { hasChanged = true }
        ours.noteDeletions(news)
        ours.forgetDeletions(of: revived)
    }

    /// Deletes groups from the inside out: one that still has something in it stays.
    private mutating func deleteGroups(_ deletions: [Identifier: Timestamp]) -> Set<Identifier> {
        var left = deletions.filter { ours.groupPlaces[$0.key] != nil }
        let groups = left.keys.compactMap { id in
            ours.groupPlaces[id].map { (depth: depth(of: $0), id: id, group: $0) }
        }
        for (_, id, group) in groups.sorted(by: { $0.depth > $1.depth }) {
            guard let time = left[id], group != ours.rootGroup, isDeleted(group, at: time),
                ours.document.child(of: group, named: "Entry") == nil,
                ours.document.child(of: group, named: "Group") == nil
            else { continue }
            ours.document.remove(group)
            ours.groupPlaces[id] = nil
            left[id] = nil
            hasChanged = true
        }
        return Set(left.keys)
    }

    private func depth(of element: Element) -> Int {
        var (depth, current) = (0, element)
        while let parent = ours.document.parent(of: current) { (depth, current) = (depth + 1, parent) }
        return depth
    }

    private func isDeleted(_ element: Element, at time: Timestamp) -> Bool {
        max(ours.modified(element), ours.moved(element)) <= time
    }
}
