// SPDX-License-Identifier: Apache-2.0

import KDBX

/// The key derivations that the work on a vault's file needs, and what ends them.
///
/// It doesn't end a save's: a save begins when the person has allowed it, and nobody would ask again for one that a lock had
/// ended. What a save holds of the database is gone when it ends.
struct KDBXDerivations: Sendable {
    /// What they are for.
    enum Purpose: CaseIterable {
        /// Reading the file again.
        case reading
        /// Opening what is kept.
        case openingKept
        /// Writing what is kept already into the file.
        case writingKept
        /// Putting something back after a lock.
        case puttingBack
    }

    /// Makes what derives one key, for work that nothing ends.
    let makeDeriver: @Sendable () -> any KeyDeriver
    /// Whether the daemon ends and has no time left for any.
    private(set) var isGivenUp = false
    private var running: [Purpose: CancellableDerivers] = [:]

    init(_ makeDeriver: @escaping @Sendable () -> any KeyDeriver) {
        self.makeDeriver = makeDeriver
    }

    /// Several that have one time together, and that nothing else ends.
    func make(within time: Duration = .seconds(120)) -> CancellableDerivers {
        CancellableDerivers(makeDeriver, within: time)
    }

    /// Several that have one time together, until ``isDone(_:_:)``.
    mutating func begin(_ purpose: Purpose, within time: Duration = .seconds(120)) -> CancellableDerivers {
        let derivers = make(within: time)
        running[purpose] = derivers
        return derivers
    }

    /// From now on these serve this, too.
    mutating func use(_ derivers: CancellableDerivers, for purpose: Purpose) {
        running[purpose] = derivers
    }

    /// These serve this no longer.
    mutating func isDone(_ purpose: Purpose, _ derivers: CancellableDerivers) {
        if running[purpose] === derivers { running[purpose] = nil }
    }

    /// Ends those that serve this.
    mutating func end(_ purpose: Purpose) {
        running.removeValue(forKey: purpose)?.end()
    }

    /// Ends what isn't needed for anything that would be lost.
    mutating func giveUp() {
        isGivenUp = true
        for purpose in Purpose.allCases where purpose != .reading { end(purpose) }
    }

    /// Takes that back: the daemon goes on after all.
    mutating func resume() { isGivenUp = false }
}
