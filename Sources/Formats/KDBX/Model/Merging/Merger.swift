// SPDX-License-Identifier: Apache-2.0

import XMLTree

extension Database {
    /// Takes some states of entries over from another state of the same database, where they are missing here.
    ///
    /// Nothing is taken from another database.
    ///
    /// Entries are known by their UUIDs. One that is missing here comes over with the groups that it needs, unless it
    /// was deleted here later than it was last changed there. Of two different states of an entry the later one stays,
    /// and the other goes to its history, whatever room the settings leave there for it; of two from the same second
    /// this side's stays. Everything else stays as it is here: other entries, where things stand, groups, settings,
    /// deletions, and how the file is encrypted.
    ///
    /// Nothing is taken over of an entry that has all that is due. Of one that hasn't, all comes over but what was removed
    /// from its history here.
    ///
    /// - Parameters:
    ///   - due: The entries that are taken over, each with those of its states that this side has to have; without any, all
    ///     that the other side has of it.
    ///   - other: The other state; in another version of the format, if need be.
    /// - Returns: Whether anything was taken over.
    @discardableResult
    package mutating func merge(_ due: [Identifier: Set<DueState>], from other: Database) -> Bool {
        guard !due.isEmpty, isSame(as: other, but: Set(due.keys)) else { return false }
        var merger = Merger(ours: self, theirs: other, due: due)
        merger.mergeGroups()
        merger.mergeEntries()
        merger.forgetDeletions()
        merger.raiseVersion()
        self = merger.ours
        return merger.hasChanged
    }

    /// Looks for states of entries, as far as the times tell.
    ///
    /// - Parameter due: Each entry's.
    /// - Returns: Whether it has had all of them, or notes that the entry was deleted after that.
    package func hasTimes(of due: [Identifier: Set<DueState>]) -> Bool {
        let deletions = deletions
        return due.allSatisfy { id, due in
            guard let entry = entryPlaces[id] else {
                return deletions[id].map { deleted in
                    due.allSatisfy { $0.times.allSatisfy { $0 <= deleted } }
                } ?? false
            }
            let times = times(ofStates: entry)
            return due.allSatisfy { $0.times.contains(where: times.contains) }
        }
    }

    /// Whether an entry, or its history, has a state of a time; of one whose time isn't known, whether the entry is there.
    package func hasState(_ id: Identifier, of time: Timestamp?) -> Bool {
        guard let entry = entryPlaces[id] else { return false }
        return time.map { times(ofStates: entry).contains($0) } ?? true
    }

    private func times(ofStates entry: Element) -> Set<Timestamp> {
        let history = document.child(of: entry, named: "History")
        let former = history.map { document.children(of: $0, named: "Entry").map(modified) } ?? []
        return Set(former + [modified(entry)])
    }
}

extension Database {
    /// Whether another one is a state of this one, by the UUIDs of their root groups and entries.
    ///
    /// Some programs make all databases from one template, so that all have the same root group.
    ///
    /// - Parameters:
    ///   - other: The other one.
    ///   - added: Entries that one of them may have been without; where it has no other, the root group decides alone.
    /// - Returns: False also where they have entries, and none in common.
    package func isSame(as other: Database, but added: Set<Identifier> = []) -> Bool {
        guard identifier(of: rootGroup) == other.identifier(of: other.rootGroup) else { return false }
        if other.entryPlaces.keys.contains(where: { entryPlaces[$0] != nil }) { return true }
        guard hasEntries(but: added), other.hasEntries(but: added) else { return true }
        let (gone, othersGone) = (deletions, other.deletions)
        return entryPlaces.keys.contains { othersGone[$0] != nil }
            || other.entryPlaces.keys.contains { gone[$0] != nil }
    }

    /// Whether it has entries with a UUID of their own besides these.
    private func hasEntries(but added: Set<Identifier>) -> Bool {
        entryPlaces.keys.contains { !added.contains($0) && !replacementIDs.contains($0) }
    }
}

/// One merge, step by step.
struct Merger {
    var ours: Database
    let theirs: Database
    /// The entries that are taken over, and their states that ours has to have.
    let due: [Identifier: Set<DueState>]
    /// What was deleted in ours, and when.
    let deletions: [Identifier: Timestamp]
    var hasChanged = false
    /// What only they had, once it is in ours.
    var added: Set<Identifier> = []
    var digests = StateDigests()
    /// Our references to their attachments, once found out.
    private var references: [[UInt8]: String] = [:]
    private var attachments: AttachmentIndex?
    /// What may still come out of theirs.
    private var budget: InflationBudget
    /// What their groups are known by: an identifier may stand behind all that is in a group.
    private var identifiers: [Element: Identifier?] = [:]

    init(ours: Database, theirs: Database, due: [Identifier: Set<DueState>]) {
        self.ours = ours
        self.theirs = theirs
        self.due = due
        deletions = ours.deletions
        budget = theirs.inflationBudget
    }

    /// Where one of their groups is in ours; the roots are the same whatever they are called.
    mutating func counterpart(of group: Element) -> Element? {
        if group == theirs.rootGroup { return ours.rootGroup }
        let identifier = identifiers[group] ?? theirs.identifier(of: group)
        identifiers[group] = .some(identifier)
        return identifier.flatMap { ours.groupPlaces[$0] }
    }

    /// Copies an element of theirs, with its attachments and in our way of writing times; it stands nowhere yet.
    mutating func adopt(_ element: Element) -> Element {
        let copy = ours.document.copy(element, from: theirs.document)
        adoptAttachments(in: copy, from: element)
        if ours.version.isModern != theirs.version.isModern { rewriteTimes(in: copy) }
        return copy
    }

    /// Replaces what is in an element of ours by what is in theirs, except for children of some names.
    mutating func assign(_ source: Element, to target: Element, except kept: Set<String>) {
        for child in Array(ours.document.children(of: target))
        where !kept.contains(ours.document.name(of: child)) { ours.document.remove(child) }
        let first = ours.document.children(of: target).first { ours.document.name(of: $0) != "UUID" }
        for child in theirs.document.children(of: source)
        where !kept.contains(theirs.document.name(of: child)) {
            let copy = adopt(child)
            ours.document.move(copy, to: target, before: first)
        }
        hasChanged = true
    }

    /// A file with elements of 4.1 must say that it is 4.1.
    mutating func raiseVersion() {
        guard hasChanged, ours.version.major == theirs.version.major,
            ours.version < theirs.version
        else { return }
        ours.header.version = theirs.version
    }

    /// What is there again is no longer noted as deleted, or a program that synchronizes might delete it again.
    mutating func forgetDeletions() {
        ours.forgetDeletions(of: added.filter { deletions[$0] != nil })
    }

    private mutating func adoptAttachments(in copy: Element, from source: Element) {
        var pairs = [(copy, source)]
        while let (copy, source) = pairs.popLast() {
            if theirs.document.name(of: source) == "Value",
                let reference = theirs.document.attribute("Ref", of: source),
                let ours = ownReference(for: reference, at: source)
            {
                self.ours.document.setAttribute("Ref", of: copy, to: ours)
            }
            pairs += zip(
                Array(ours.document.children(of: copy)),
                Array(theirs.document.children(of: source))
            )
        }
    }

    private mutating func ownReference(for reference: String, at value: Element) -> String? {
        let key = Array(reference.utf8)
        if let known = references[key] { return known }
        // A reference to nothing stays as it was.
        guard let attachment = theirs.attachment(at: value, &budget) else { return nil }
        var index = attachments ?? AttachmentIndex(of: ours)
        let own = index.reference(to: attachment, in: &ours)
        (attachments, references[key]) = (index, own)
        return own
    }

    private mutating func rewriteTimes(in copy: Element) {
        var elements = [copy]
        while let element = elements.popLast() {
            let name = ours.document.name(of: element)
            if name.hasSuffix("Time") || name.hasSuffix("Changed"), ours.document.hasNoChildren(element),
                let time = Timestamp(ours.document.text(of: element))
            {
                ours.document.setText(of: element, to: time.text(for: ours.version))
            }
            elements += Array(ours.document.children(of: element))
        }
    }
}
