// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import XMLTree

extension Merger {
    /// Wanted entries that only they have come over; of two different states the later stays, and the other becomes
    /// history.
    mutating func mergeEntries() {
        // The groups are all there by now.
        var firstGroups: [Element: Element?] = [:]
        for entry in theirs.entries {
            guard let id = entry.id, isWanted(id, entry.element) else { continue }
            if let own = ours.entryPlaces[id] {
                merge(entry.element, due: due[id] ?? [], into: own)
            } else {
                let found = theirs.document.parent(of: entry.element).flatMap { counterpart(of: $0) }
                let parent = found ?? ours.rootGroup
                let firstGroup = firstGroups[parent] ?? ours.document.firstOfLast(named: "Group", in: parent)
                firstGroups[parent] = .some(firstGroup)
                let copy = adopt(entry.element)
                ours.document.move(copy, to: parent, before: firstGroup)
                ours.entryPlaces[id] = copy
                added.insert(id)
                hasChanged = true
            }
        }
    }

    /// Whether an entry is taken over.
    ///
    /// An entry whose UUID is a stand-in is only taken over into the same entry: where the file doesn't have that UUID
    /// any more, it may have the entry under another. One that ours deleted later stays deleted.
    func isWanted(_ id: Identifier, _ entry: Element) -> Bool {
        guard due[id] != nil else { return false }
        if ours.entryPlaces[id] != nil { return true }
        guard !theirs.replacementIDs.contains(id) else { return false }
        return deletions[id].map { max(theirs.modified(entry), theirs.moved(entry)) > $0 } ?? true
    }

    private mutating func merge(
        _ entry: Element,
        due: Set<DueState>,
        into own: Element
    ) {
        let isNewer = theirs.modified(entry) > ours.modified(own)
        let isEqual =
            digests.digest(of: own, in: ours, .ours) == digests.digest(of: entry, in: theirs, .theirs)
        var states = [Element]()
        let theirHistory = theirs.document.child(of: entry, named: "History")
        if let theirHistory { states = theirs.document.children(of: theirHistory, named: "Entry") }
        if !due.isEmpty {
            guard let removed = removed(of: [entry] + states, due, isEqual, in: own) else { return }
            states.removeAll { removed.contains(theirs.modified($0)) }
        }
        var former: Element?
        if !isEqual {
            if isNewer {
                let state = ours.copyOfState(own, from: ours)
                assign(entry, to: own, except: ["UUID", "History"])
                // Its place is a matter of its own.
                ours.setTime("LocationChanged", of: own, to: ours.moved(state))
                former = state
            } else {
                states.insert(entry, at: 0)
            }
        } else if isNewer {
            ours.setTime("LastModificationTime", of: own, to: theirs.modified(entry))
            hasChanged = true
        }
        keep(former, states, due, inHistoryOf: own)
    }

    /// Which of their states don't come over.
    ///
    /// The order of a history doesn't tell what was made of what, since a merge may have put a state into it: that another
    /// program has removed something follows from a state alone that is known to have been made after it.
    ///
    /// - Parameters:
    ///   - states: Theirs, the present one first.
    ///   - due: What ours has to have.
    ///   - isEqual: Whether the present ones say the same.
    ///   - own: The entry in ours.
    /// - Returns: The times of those that ours has, or had; nil if it lacks nothing that is due.
    private mutating func removed(
        of states: [Element],
        _ due: Set<DueState>,
        _ isEqual: Bool,
        in own: Element
    ) -> Set<Timestamp>? {
        var known = KnownStates(of: own, in: ours)
        // Of the same second there may be several.
        var isKnown: [Timestamp: Bool] = [:]
        for (index, state) in states.enumerated() {
            let (time, digest) = (theirs.modified(state), digests.digest(of: state, in: theirs, .theirs))
            let isHere =
                index == 0 && isEqual
                || known.contains(digest, at: time) { digests.digest(of: $0, in: ours, .ours) }
            isKnown[time] = isHere && isKnown[time] ?? true
        }
        let missing = due.filter { state in
            let found = state.times.compactMap { isKnown[$0] }
            return !found.isEmpty && !found.contains(true)
        }
        guard !missing.isEmpty else { return nil }
        return Set(due.subtracting(missing).map(\.modified)).subtracting(missing.map(\.modified))
    }

    /// Puts a state of ours and some of theirs into a history, unless they are there already, or are the present one.
    private mutating func keep(
        _ former: Element?,
        _ states: [Element],
        _ due: Set<DueState>,
        inHistoryOf own: Element
    ) {
        guard former != nil || !states.isEmpty else { return }
        var known = KnownStates(of: own, in: ours)
        var kept: [Element] = []
        if let former, insert(former, false, &known) { kept.append(former) }
        for state in states where insert(state, true, &known) {
            let copy = adopt(state)
            if let history = ours.document.child(of: copy, named: "History") { ours.document.remove(history) }
            kept.append(copy)
        }
        guard !kept.isEmpty else { return }
        let before = history(of: own)
        ours.addToHistory(of: own, kept)
        ours.pruneHistory(of: own, except: Set(due.flatMap(\.times)))
        // The database may keep none of them.
        if history(of: own) != before { hasChanged = true }
    }

    private func history(of own: Element) -> [Element] {
        ours.document.child(of: own, named: "History").map { Array(ours.document.children(of: $0)) } ?? []
    }

    /// Notes a state as kept; false where an equal one is.
    private mutating func insert(_ state: Element, _ isTheirs: Bool, _ known: inout KnownStates) -> Bool {
        let digest =
            isTheirs
            ? digests.digest(of: state, in: theirs, .theirs) : digests.digest(of: state, in: ours, .ours)
        let time = isTheirs ? theirs.modified(state) : ours.modified(state)
        return known.insert(digest, at: time) { digests.digest(of: $0, in: ours, .ours) }
    }
}
