// SPDX-License-Identifier: Apache-2.0

import KDBX

extension KDBXReader {
    /// A file that has been read, with what it takes to read and write it again.
    struct Opened: Sendable {
        var snapshot: KDBXSnapshot
        var key: CompositeKey
        /// The key after its derivation, good as long as nobody writes the file.
        var derived: DerivedKey
        /// SHA-256 of the file as it was read or written.
        var digest: [UInt8]
        /// Where the key file was that opened it; nil where it has none.
        var keyFile: String?
        /// What Keybell has saved since the vault was opened: it comes back where another program overwrites it.
        var saved = KDBXSaves()
        /// Whether part of that could not be written into the file yet.
        var isUnwritten = false
        /// Whether a crash of the system can't bring back the file that was there before this was written.
        var isCertain = true
    }
}

extension KDBXReader.Opened {
    /// What was read, and what the file becomes with this: as long as that is what is in it, no key is derived to read it
    /// once more.
    func with(_ database: Database) -> Self {
        var state = self
        (state.snapshot, state.isUnwritten, state.isCertain) = (KDBXSnapshot(database), false, true)
        return state
    }

    /// The same with other content, which isn't in the file yet.
    func pending(_ snapshot: KDBXSnapshot, saved: KDBXSaves) -> Self {
        var state = self
        (state.snapshot, state.saved, state.isUnwritten, state.isCertain) = (snapshot, saved, true, true)
        return state
    }

    /// The same with what was saved in another state of the database; it takes a while.
    func pending(with other: Self) -> Self {
        var (database, all) = (snapshot.database, saved)
        _ = other.saved.merge(into: &database, from: other.snapshot.database)
        all.add(other.saved)
        return pending(KDBXSnapshot(database), saved: all)
    }

    /// What is served, to be put into the file that another key opens.
    func pending(under other: Self) -> Self {
        var state = other
        (state.snapshot, state.saved, state.isUnwritten, state.isCertain) = (snapshot, saved, true, true)
        return state
    }
}
