// SPDX-License-Identifier: Apache-2.0

import XMLTree

extension Database {
    /// Takes over from another state of the same database what is newer there, as KeePass synchronizes.
    ///
    /// From another database, whose root group has another UUID, nothing is taken.
    ///
    /// Groups and entries are known by their UUIDs. What only one side has, both have afterwards, unless the other side
    /// deleted it later than it was last changed. Of two different states of an entry the later one stays, and the
    /// other goes to its history; of two of the same second this side's stays. Moves, the order of what is in a group,
    /// settings and custom data follow their own times. Nothing is lost but former states beyond what the database
    /// keeps.
    ///
    /// How the file is encrypted stays as it is on this side: to merge into a file, read it and merge what is in
    /// memory into that.
    /// - Parameters:
    ///   - other: The other state; in another version of the format, if need be.
    ///   - wanted: The entries that are taken over, with the groups that they need, and nothing else; nil for everything.
    /// - Returns: Whether anything was taken over.
    @discardableResult
    package mutating func merge(_ other: Database, only wanted: Set<Identifier>? = nil) -> Bool {
        guard isSame(as: other) else { return false }
        var merger = Merger(ours: self, theirs: other, wanted: wanted)
        merger.mergeGroups()
        merger.mergeEntries()
        if wanted == nil {
            merger.mergeLocations()
            merger.mergeDeletions()
            merger.mergeSettings()
        }
        merger.raiseVersion()
        self = merger.ours
        return merger.hasChanged
    }
}

extension Database {
    /// Whether another one is a state of this one, by the UUIDs of their root groups.
    package func isSame(as other: Database) -> Bool {
        identifier(of: rootGroup) == other.identifier(of: other.rootGroup)
    }
}

/// One merge, step by step.
struct Merger {
    var ours: Database
    let theirs: Database
    /// The entries that are taken over; nil for all.
    let wanted: Set<Identifier>?
    var hasChanged = false
    /// What only they had, once it is in ours.
    var added: Set<Element> = []
    var digests = StateDigests()
    /// Our references to their attachments, once found out.
    private var references: [[UInt8]: String] = [:]
    private var attachments: AttachmentIndex?
    /// What may still come out of theirs.
    private var budget: InflationBudget
    /// What their groups are known by: an identifier may stand behind all that is in a group.
    private var identifiers: [Element: Identifier?] = [:]

    init(ours: Database, theirs: Database, wanted: Set<Identifier>?) {
        self.ours = ours
        self.theirs = theirs
        self.wanted = wanted
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
        guard hasChanged || wanted == nil, ours.version.major == theirs.version.major,
            ours.version < theirs.version
        else { return }
        ours.header.version = theirs.version
        hasChanged = true
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
        // A reference to nothing stays what it was.
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
