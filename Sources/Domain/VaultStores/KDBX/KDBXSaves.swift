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

    /// The entries.
    private(set) var entries: Set<Identifier> = []
    /// A random number for each save: the state that has it has all that was saved then, in an entry or its history,
    /// unless that was deleted later.
    private(set) var marks: Set<UInt64> = []

    /// Nothing, or what was noted of a state.
    init(entries: Set<Identifier> = [], marks: Set<UInt64> = []) {
        (self.entries, self.marks) = (entries, marks)
    }

    var isEmpty: Bool { entries.isEmpty }
    /// How many saves there were.
    var count: Int { marks.count }

    /// Adds a save.
    mutating func add(_ entry: Identifier) {
        entries.insert(entry)
        marks.insert(UInt64.random(in: .min ... .max))
    }

    /// Adds what was merged.
    mutating func add(_ other: KDBXSaves) {
        entries.formUnion(other.entries)
        marks.formUnion(other.marks)
    }

    /// Whether a state that has all these saves is known to have those of the other, too.
    ///
    /// Of saves of which nothing is known that can't be told.
    func contains(_ other: KDBXSaves) -> Bool {
        !other.marks.isEmpty && other.marks.isSubset(of: marks)
    }
}
