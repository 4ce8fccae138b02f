// SPDX-License-Identifier: Apache-2.0

import XMLTree

extension Merger {
    /// Groups that only they have come over without their entries; of those that both have the later edit stands.
    mutating func mergeGroups() {
        let needed = neededGroups()
        var groups = [theirs.rootGroup]
        while let group = groups.popLast() {
            if let needed, !needed.contains(group) { continue }
            if let own = counterpart(of: group) {
                if needed == nil, theirs.modified(group) > ours.modified(own) {
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

    /// The groups that single entries need which ours hasn't got; nil where everything is taken over.
    private func neededGroups() -> Set<Element>? {
        guard let wanted else { return nil }
        var needed: Set<Element> = []
        for id in wanted {
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
        added.insert(shell)
        hasChanged = true
    }

    /// What both have is where it was moved last, and what only they had is where they have it: in which group, and
    /// there behind the same neighbour.
    ///
    /// A change of order alone is a move, too: KeePass notes its time, and so it stands or falls like any other.
    mutating func mergeLocations() {
        var groups = [theirs.rootGroup]
        while let group = groups.popLast() {
            if let parent = counterpart(of: group) {
                for kind in ["Entry", "Group"] { mergeLocations(of: kind, in: group, parent) }
            }
            groups += theirs.document.children(of: group, named: "Group").reversed()
        }
    }

    private mutating func mergeLocations(of kind: String, in group: Element, _ parent: Element) {
        var neighbour: Element?
        for child in theirs.document.children(of: group, named: kind) {
            guard let own = ownPlace(of: child, kind) else { continue }
            let time = theirs.moved(child)
            let isLater = time > ours.moved(own)
            // Two groups that each side moved into the other: ours stays.
            if isLater || added.contains(own), !isAncestor(own, of: parent) {
                put(own, kind, in: parent, behind: neighbour)
                if isLater { ours.setTime("LocationChanged", of: own, to: time) }
                hasChanged = true
            }
            if ours.document.parent(of: own) == parent { neighbour = own }
        }
    }

    /// Where ours has what they have; of several with the same UUID the first is meant.
    private func ownPlace(of element: Element, _ kind: String) -> Element? {
        guard let id = theirs.identifier(of: element) else { return nil }
        let (theirPlaces, ourPlaces) =
            kind == "Entry"
            ? (theirs.entryPlaces, ours.entryPlaces) : (theirs.groupPlaces, ours.groupPlaces)
        guard theirPlaces[id] == element, let own = ourPlaces[id], own != ours.rootGroup else { return nil }
        return own
    }

    private mutating func put(_ own: Element, _ kind: String, in parent: Element, behind neighbour: Element?)
    {
        if let neighbour {
            ours.document.move(own, to: parent, before: ours.document.next(after: neighbour))
        } else if let first = ours.document.child(of: parent, named: kind) {
            ours.document.move(own, to: parent, before: first)
        } else {
            ours.place(own, in: parent)
        }
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
