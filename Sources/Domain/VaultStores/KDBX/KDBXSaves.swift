// SPDX-License-Identifier: Apache-2.0

import Ciphers
import KDBX

/// What Keybell has saved in a vault since it was opened, and what it had saved before and has merged since.
///
/// It goes with a state of the vault, and says of that what it has in it, so that two states can be compared without
/// being opened.
struct KDBXSaves: Equatable, Sendable {
    /// So many saves are remembered over an unlock: what a program deletes without a word of it in the file comes back
    /// only as long as that.
    static let most = 256

    /// One save.
    struct Save: Hashable, Sendable {
        let entry: Identifier
        /// When the state was made that has to be in the vault's file, as the entry or in its history: what was saved, or
        /// one that was made of that later; nil where that isn't known.
        var modified: Timestamp?
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

    /// Adds a save.
    ///
    /// - Parameters:
    ///   - entry: The entry.
    ///   - modified: When its new state was made.
    ///   - former: When the state was made that is its newest former one now, if there is any.
    mutating func add(_ entry: Identifier, at modified: Timestamp?, over former: Timestamp? = nil) {
        if let former { replace(former, by: modified, of: entry) }
        saves[UInt64.random(in: .min ... .max)] = Save(entry: entry, modified: modified)
    }

    /// Adds what was merged.
    mutating func add(_ other: KDBXSaves) {
        saves.merge(other.saves) { own, _ in own }
    }

    private mutating func replace(_ former: Timestamp, by modified: Timestamp?, of entry: Identifier) {
        for (mark, save) in saves where save.entry == entry && save.modified == former {
            saves[mark]?.modified = modified
        }
    }

    /// Puts into a database what it has to have of these saves.
    ///
    /// Where another program has gone on from what was saved, its state is the one that has to be there from now on: what
    /// it removes from the history after that doesn't come back.
    ///
    /// - Parameters:
    ///   - database: The database.
    ///   - state: A state of it that has all these saves.
    /// - Returns: Whether anything was missing.
    mutating func merge(into database: inout Database, from state: Database) -> Bool {
        let outcome = database.merge(due, from: state)
        follow(database) { outcome.known.contains($0) }
        return outcome.hasChanged
    }

    /// Notes that the vault's file has it all now: what its settings leave no room for in a history may go from there.
    ///
    /// - Parameter database: What is in the file.
    /// - Returns: The entries of which the histories have more than they may.
    mutating func areWritten(in database: Database) -> Int {
        let former = due.filter { id, due in database.entry(id)?.modified.map { due != [$0] } ?? false }.keys
        let long = Set(former.filter(database.hasLongHistory))
        follow(database) { long.contains($0) }
        return long.count
    }

    private mutating func follow(_ database: Database, where isDue: (Identifier) -> Bool) {
        for (mark, save) in saves where save.modified != nil && isDue(save.entry) {
            saves[mark]?.modified = database.entry(save.entry)?.modified ?? save.modified
        }
    }

    /// Whether a database has it all, as far as that can be told without another state that has.
    func isIn(_ database: Database) -> Bool {
        !isEmpty && saves.values.allSatisfy { $0.modified != nil } && database.hasTimes(due)
    }

    /// The times of the states that have to be in the file; of an entry of which one isn't known, none.
    private var due: [Identifier: Set<Timestamp>] {
        var due: [Identifier: Set<Timestamp>] = [:]
        for save in saves.values {
            due[save.entry, default: []].formUnion([save.modified].compactMap(\.self))
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
