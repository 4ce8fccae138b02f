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
                merge(entry.element, due: due[id] ?? [], into: own, id)
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
        due: Set<Timestamp>,
        into own: Element,
        _ id: Identifier
    ) {
        let isNewer = theirs.modified(entry) > ours.modified(own)
        let isEqual =
            digests.digest(of: own, in: ours, .ours) == digests.digest(of: entry, in: theirs, .theirs)
        var states = [Element]()
        let theirHistory = theirs.document.child(of: entry, named: "History")
        if let theirHistory { states = theirs.document.children(of: theirHistory, named: "Entry") }
        if !due.isEmpty {
            guard let missing = lacking(of: [entry] + states, due, isEqual, in: own) else {
                known.insert(id)
                return
            }
            states = states.filter(missing.contains)
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

    /// The states that ours lacks of theirs, the present one first: each up to the one before that both have.
    ///
    /// Nil if it has all that are due; `isEqual` says whether the present ones say the same.
    private mutating func lacking(
        of states: [Element],
        _ due: Set<Timestamp>,
        _ isEqual: Bool,
        in own: Element
    ) -> Set<Element>? {
        var known = KnownStates(of: own, in: ours)
        var (missing, isAnyDue, isInGap): (Set<Element>, Bool, Bool) = ([], false, false)
        let timed = states.enumerated().map { (time: theirs.modified($0.element), index: $0.offset) }
        // The latest first; of the same second the one that comes later in the history, and the present one before all.
        for (time, index) in timed.sorted(by: { left, right in
            (left.time, left.index == 0 ? Int.max : left.index)
                > (right.time, right.index == 0 ? Int.max : right.index)
        }) {
            let digest = digests.digest(of: states[index], in: theirs, .theirs)
            let isKnown =
                index == 0 && isEqual
                || known.contains(digest, at: time) { digests.digest(of: $0, in: ours, .ours) }
            guard !isKnown else {
                isInGap = false
                continue
            }
            if due.contains(time) { isAnyDue = true }
            isInGap = isInGap || index == 0 || due.contains(time)
            if isInGap { missing.insert(states[index]) }
        }
        return isAnyDue ? missing : nil
    }

    /// Puts a state of ours and some of theirs into a history, unless they are there already, or are the present one.
    private mutating func keep(
        _ former: Element?,
        _ states: [Element],
        _ due: Set<Timestamp>,
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
        ours.pruneHistory(of: own, except: due)
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
