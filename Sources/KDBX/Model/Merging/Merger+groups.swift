// SPDX-License-Identifier: Apache-2.0

import XMLTree

extension Merger {
    /// Groups that only they have come over without their entries; of those that both have the later edit stands.
    mutating func mergeGroups() {
        var groups = [theirs.rootGroup]
        while let group = groups.popLast() {
            if let own = counterpart(of: group) {
                if theirs.modified(group) > ours.modified(own) {
                    let moved = ours.moved(own)
                    assign(group, to: own, except: ["UUID", "Entry", "Group"])
                    // Where it is, is a matter of its own.
                    ours.setTime("LocationChanged", of: own, to: moved)
                }
            } else if let id = theirs.identifier(of: group) {
                add(group, id)
            }
            groups += theirs.document.children(of: group, named: "Group").reversed()
        }
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
        hasChanged = true
    }

    /// What both have is where it was moved last.
    mutating func mergeLocations() {
        let groups = theirs.groupPlaces.filter { $0.value != theirs.rootGroup }
        for (id, group) in groups { mergeLocation(of: group, ours.groupPlaces[id]) }
        for (id, entry) in theirs.entryPlaces { mergeLocation(of: entry, ours.entryPlaces[id]) }
    }

    private mutating func mergeLocation(of element: Element, _ own: Element?) {
        guard let own, own != ours.rootGroup, theirs.moved(element) > ours.moved(own),
            let parent = theirs.document.parent(of: element).flatMap({ counterpart(of: $0) })
        else { return }
        if ours.document.parent(of: own) != parent {
            // Two groups that each side moved into the other: ours stays.
            guard !isAncestor(own, of: parent) else { return }
            ours.place(own, in: parent)
        }
        ours.setTime("LocationChanged", of: own, to: theirs.moved(element))
        hasChanged = true
    }

    private func isAncestor(_ element: Element, of other: Element) -> Bool {
        var current: Element? = other
        while let ancestor = current {
            if ancestor == element { return true }
            current = ours.document.parent(of: ancestor)
        }
        return false
    }
}
