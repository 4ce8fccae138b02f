// SPDX-License-Identifier: Apache-2.0

import Ciphers
import KDBX

/// What Keybell has saved in a vault since it was opened, and what it had saved before and has merged since.
///
/// It goes with a state of the vault, and says of that what it has in it, so that two states can be compared without
/// being opened.
struct KDBXSaves: Equatable, Sendable {
    /// Beyond so many, only those are remembered whose states the vault still has.
    static let most = 256
    /// Beyond so many, only the latest of these.
    static let mostOfAll = 1 << 15

    /// One save.
    struct Save: Hashable, Sendable {
        let entry: Identifier
        /// When the state was made that has to be in the vault's file, as the entry or in its history; nil where that isn't
        /// known.
        let modified: Timestamp?
        /// When Keybell's last state of the entry was made in a database that had this save: where the file has that one,
        /// and this save not any more, another program has removed it on purpose.
        var successor: Timestamp?
        /// Whether Keybell has saved another password of the entry since: then this one's is as little needed as the
        /// vault's settings say.
        var isReplaced = false
    }

    /// By a random number for each: the state that has it has all that was saved then, in an entry or its history,
    /// unless that was deleted later.
    private(set) var saves: [UInt64: Save] = [:]

    /// Nothing, or what was noted of a state.
    init(_ saves: [UInt64: Save] = [:]) { self.saves = saves }

    var isEmpty: Bool { saves.isEmpty }
    /// How many saves there were.
    var count: Int { saves.count }
    /// The entries.
    var entries: Set<Identifier> { Set(saves.values.map(\.entry)) }

    /// Adds saves, made in a database that has all the others.
    ///
    /// - Parameters:
    ///   - entries: The entries.
    ///   - replacesPassword: Whether they got another password.
    ///   - modified: When the new state of each was made.
    mutating func add(
        _ entries: [Identifier],
        replacesPassword: Bool = true,
        at modified: (Identifier) -> Timestamp?
    ) {
        let times = Dictionary(entries.map { ($0, modified($0)) }) { $1 }
        for (mark, save) in saves {
            guard let time = times[save.entry] else { continue }
            saves[mark]?.successor = time ?? save.successor
            if replacesPassword { saves[mark]?.isReplaced = true }
        }
        for (entry, time) in times {
            saves[UInt64.random(in: .min ... .max)] = Save(entry: entry, modified: time)
        }
    }

    /// Forgets what no state of the vault can bring back any more, and beyond that the oldest.
    ///
    /// - Parameters:
    ///   - database: A state that has all of it, but for what was dropped from histories.
    ///   - most: How many may be left.
    mutating func forget(notIn database: Database, most: Int = mostOfAll) {
        let gone = saves.filter { !database.hasState($0.value.entry, of: $0.value.modified) }.keys
        for mark in gone { saves[mark] = nil }
        guard count > most else { return }
        let never = Timestamp(unix: .min)
        let byAge = saves.sorted { ($0.value.modified ?? never) < ($1.value.modified ?? never) }
        for (mark, _) in byAge.dropLast(most) { saves[mark] = nil }
    }

    /// When those states of an entry were made whose password nobody has replaced by Keybell.
    func unreplaced(of entry: Identifier) -> Set<Timestamp> {
        Set(saves.values.filter { $0.entry == entry && !$0.isReplaced }.compactMap(\.modified))
    }

    /// Adds what was merged.
    mutating func add(_ other: KDBXSaves) {
        saves.merge(other.saves) { own, other in
            var save = own
            save.successor = [own.successor, other.successor].compactMap(\.self).max()
            save.isReplaced = own.isReplaced || other.isReplaced
            return save
        }
    }

    /// Puts into a database what it has to have of these saves.
    ///
    /// What another program removes from a history stays removed only where a later save of Keybell's shows that: whether
    /// what another program has written was made of a save, or merged with it, can't be told.
    ///
    /// - Parameters:
    ///   - database: The database.
    ///   - state: A state of it that has all these saves.
    /// - Returns: Whether anything was missing.
    func merge(into database: inout Database, from state: Database) -> Bool {
        database.merge(due, from: state)
    }

    /// Whether a database has it all, as far as that can be told without another state that has.
    func isIn(_ database: Database) -> Bool {
        !isEmpty && saves.values.allSatisfy { $0.modified != nil } && database.hasTimes(of: due)
    }

    /// The states that have to be in the file; of an entry of which the time of one isn't known, none.
    private var due: [Identifier: Set<DueState>] {
        var due: [Identifier: Set<DueState>] = [:]
        for save in saves.values {
            let state = save.modified.map { DueState($0, before: save.successor) }
            due[save.entry, default: []].formUnion([state].compactMap(\.self))
        }
        for save in saves.values where save.modified == nil { due[save.entry] = [] }
        return due
    }

    /// Whether a state that has all these saves is known to have those of the other, too.
    ///
    /// Of saves of which nothing is known that can't be told.
    func contains(_ other: KDBXSaves) -> Bool {
        !other.isEmpty && other.saves.keys.allSatisfy { saves[$0] != nil }
    }
}
