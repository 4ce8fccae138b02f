// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import XMLTree

extension Database {
    /// Copies an entry as it is into its history, and drops what is too old or too large for the database's settings, but
    /// for the youngest of the states of some times that were there before, unless it has the entry's password.
    mutating func keepFormerState(of entry: Element, andPasswordOf kept: Set<Timestamp> = []) {
        let youngest = states(inHistoryOf: entry).filter { kept.contains(modified($0)) }
            .max { modified($0) < modified($1) }
        let isPresent = youngest.map { password(of: $0) == password(of: entry) } ?? true
        addToHistory(of: entry, [copyOfState(entry, from: self)])
        pruneHistory(of: entry, except: isPresent ? [] : Set(youngest.map { [modified($0)] } ?? []))
    }

    private func password(of state: Element) -> SecretBytes? {
        value("Password", of: state).flatMap { secret(in: $0) }
    }

    private func states(inHistoryOf entry: Element) -> [Element] {
        document.child(of: entry, named: "History").map { document.children(of: $0, named: "Entry") } ?? []
    }

    /// A copy of an entry without its history, not yet attached anywhere.
    mutating func copyOfState(_ entry: Element, from source: Database) -> Element {
        let copy = document.copy(entry, from: source.document)
        if let history = document.child(of: copy, named: "History") { document.remove(history) }
        return copy
    }

    /// Inserts each former state after all that aren't younger, those of the same time in their order.
    mutating func addToHistory(of entry: Element, _ states: [Element]) {
        let history = document.child(of: entry, named: "History") ?? document.append("History", to: entry)
        let present = document.children(of: history, named: "Entry")
        // The youngest up to each place: a history need not be in order, and each state goes before the first younger one.
        var youngest: [Timestamp] = []
        for state in present { youngest.append(max(modified(state), youngest.last ?? Timestamp(unix: .min))) }
        let added = states.map { (time: modified($0), state: $0) }.enumerated().sorted { left, right in
            (left.element.time, left.offset) < (right.element.time, right.offset)
        }
        var place = 0
        for (time, state) in added.map(\.element) {
            while place < present.count, youngest[place] <= time { place += 1 }
            document.move(state, to: history, before: place < present.count ? present[place] : nil)
        }
    }

    /// Drops the oldest states until there are no more, in number and size, than `Meta` says; -1 means no limit.
    ///
    /// Those of some times stay all the same.
    mutating func pruneHistory(of entry: Element, except kept: Set<Timestamp> = []) {
        for state in tooOld(inHistoryOf: entry) where !kept.contains(modified(state)) {
            document.remove(state)
        }
    }

    /// Whether an entry's history has more than the database's settings allow: another program may drop the oldest.
    package func hasLongHistory(_ id: Identifier) -> Bool {
        entryPlaces[id].map { !tooOld(inHistoryOf: $0).isEmpty } ?? false
    }

    private func tooOld(inHistoryOf entry: Element) -> ArraySlice<Element> {
        let states = states(inHistoryOf: entry)
        var first = 0
        if let text = meta("HistoryMaxItems"), let most = Int(text), most >= 0 {
            first = max(0, states.count - most)
        }
        guard let text = meta("HistoryMaxSize"), let most = Int(text), most >= 0 else {
            return states[..<first]
        }
        var left = most
        for index in states.indices[first...].reversed() {
            left -= document.contentSize(of: states[index])
            if left < 0 { return states[...index] }
        }
        return states[..<first]
    }
}
