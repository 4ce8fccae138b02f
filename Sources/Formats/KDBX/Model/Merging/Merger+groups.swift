// SPDX-License-Identifier: Apache-2.0

import XMLTree

extension Merger {
    /// Groups that wanted entries need and that ours lacks come over, without what is in them.
    mutating func mergeGroups() {
        let needed = neededGroups()
        var groups = [theirs.rootGroup]
        while let group = groups.popLast() {
            guard needed.contains(group) else { continue }
            if counterpart(of: group) == nil, let id = theirs.identifier(of: group) { add(group, id) }
            groups += theirs.document.children(of: group, named: "Group").reversed()
        }
    }

    /// The groups of the entries that ours lacks, and those around them.
    private func neededGroups() -> Set<Element> {
        var needed: Set<Element> = []
        for id in due.keys {
            guard ours.entryPlaces[id] == nil, let entry = theirs.entryPlaces[id], isWanted(id, entry) else {
                continue
            }
            var group = theirs.document.parent(of: entry)
            while let current = group, needed.insert(current).inserted {
                group = theirs.document.parent(of: current)
            }
        }
        return needed
    }

    private mutating func add(_ group: Element, _ id: Identifier) {
        let parent = theirs.document.parent(of: group).flatMap { counterpart(of: $0) } ?? ours.rootGroup
        let shell = ours.document.append("Group", to: parent)
        for child in theirs.document.children(of: group)
        where !["Entry", "Group"].contains(theirs.document.name(of: child)) {
            let copy = adopt(child)
            ours.document.move(copy, to: shell)
        }
        ours.groupPlaces[id] = shell
        added.insert(id)
        hasChanged = true
    }
}
