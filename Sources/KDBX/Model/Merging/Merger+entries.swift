// SPDX-License-Identifier: Apache-2.0

import Secrecy
import XMLTree

extension Merger {
    /// Entries that only they have come over; of two different states the later stands, the other is history.
    mutating func mergeEntries() {
        for entry in theirs.entries {
            guard let id = entry.id else { continue }
            if let own = ours.entryPlaces[id] {
                merge(entry.element, into: own)
            } else {
                let parent = theirs.document.parent(of: entry.element).flatMap { counterpart(of: $0) }
                let copy = adopt(entry.element)
                ours.place(copy, in: parent ?? ours.rootGroup)
                ours.entryPlaces[id] = copy
                added.insert(copy)
                hasChanged = true
            }
        }
    }

    private mutating func merge(_ entry: Element, into own: Element) {
        let isNewer = theirs.modified(entry) > ours.modified(own)
        if !hasSameState(own, entry) {
            if isNewer {
                let former = ours.copyOfState(own, from: ours)
                assign(entry, to: own, except: ["UUID", "History"])
                // Where it is, is a matter of its own.
                ours.setTime("LocationChanged", of: own, to: ours.moved(former))
                keep(former, inHistoryOf: own)
            } else {
                keepTheirs(entry, inHistoryOf: own)
            }
        } else if isNewer {
            ours.setTime("LastModificationTime", of: own, to: theirs.modified(entry))
            hasChanged = true
        }
        if let history = theirs.document.child(of: entry, named: "History") {
            for state in theirs.document.children(of: history, named: "Entry") {
                keepTheirs(state, inHistoryOf: own)
            }
        }
    }

    /// Puts a state of theirs into a history, unless it is there, or is the present one.
    private mutating func keepTheirs(_ state: Element, inHistoryOf own: Element) {
        // Looked at before it is copied: nearly all of them are there.
        guard !isKept(state, ofTheirs: true, inHistoryOf: own) else { return }
        let copy = adopt(state)
        if let history = ours.document.child(of: copy, named: "History") { ours.document.remove(history) }
        keep(copy, inHistoryOf: own)
    }

    private mutating func keep(_ state: Element, inHistoryOf own: Element) {
        guard !isKept(state, ofTheirs: false, inHistoryOf: own) else { return }
        ours.addToHistory(of: own, state)
        ours.pruneHistory(of: own)
        hasChanged = true
    }

    private func isKept(_ state: Element, ofTheirs: Bool, inHistoryOf own: Element) -> Bool {
        let side = ofTheirs ? theirs : ours
        let time = side.modified(state)
        let history = ours.document.child(of: own, named: "History")
        let states = history.map { ours.document.children(of: $0, named: "Entry") } ?? []
        return (states + [own]).contains { known in
            ours.modified(known) == time && ours.hasSameState(known, state, in: side)
        }
    }

    private func hasSameState(_ own: Element, _ entry: Element) -> Bool {
        ours.hasSameState(own, entry, in: theirs)
    }
}

extension Database {
    /// Whether two entries say the same, apart from when they were edited, used and moved, and from their histories.
    func hasSameState(_ entry: Element, _ other: Element, in database: Database) -> Bool {
        guard strings(of: entry) == database.strings(of: other),
            attachments(of: entry) == database.attachments(of: other),
            expiry(of: entry) == database.expiry(of: other)
        else { return false }
        let mine = otherParts(of: entry)
        let theirs = database.otherParts(of: other)
        guard mine.count == theirs.count else { return false }
        return zip(mine, theirs).allSatisfy { document.isEqual($0, to: $1, in: database.document) }
    }

    private func strings(of entry: Element) -> [String: SecretBytes] {
        var values: [String: SecretBytes] = [:]
        for string in document.children(of: entry, named: "String") {
            guard let key = document.text(of: string, child: "Key"),
                let value = document.child(of: string, named: "Value"), let secret = secret(in: value)
            else { continue }
            // Programs differ in whether they write a standard field that is empty.
            if !secret.isEmpty { values[key] = secret }
        }
        return values
    }

    private func attachments(of entry: Element) -> [String: [UInt8]] {
        var contents: [String: [UInt8]] = [:]
        for binary in document.children(of: entry, named: "Binary") {
            guard let key = document.text(of: binary, child: "Key"),
                let value = document.child(of: binary, named: "Value")
            else { continue }
            contents[key] = attachment(at: value) ?? []
        }
        return contents
    }

    private func expiry(of entry: Element) -> Timestamp? { Entry(database: self, element: entry).expires }

    /// Icon, colours, tags, auto-type, custom data and what nobody here knows, in the order of names.
    private func otherParts(of entry: Element) -> [Element] {
        let compared: Set = ["UUID", "Times", "String", "Binary", "History", "PreviousParentGroup"]
        return document.children(of: entry)
            .filter { !compared.contains(document.name(of: $0)) && document.contentSize(of: $0) > 0 }
            .sorted { document.name(of: $0) < document.name(of: $1) }
    }
}
