// SPDX-License-Identifier: Apache-2.0

import Callers
import ConcurrencyTools

/// When each program last caused an offer to open a vault that was never opened.
///
/// By what the kernel vouches for: another Origin or script is no other program.
actor UnlockOffers: MainLoopActor {
    /// How long a program has to wait for the next.
    static let pause: Duration = .seconds(600)
    /// More programs than ever wait for one vault.
    private static let most = 256

    private let now: @Sendable () -> ContinuousClock.Instant
    private var begun: [ChargedPrograms: ContinuousClock.Instant] = [:]

    init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.now = now
    }

    /// Begins one for the programs at a connection; false if they may not have one now.
    func begin(_ programs: ChargedPrograms) -> Bool {
        let now = now()
        begun = begun.filter { now - $0.value < Self.pause }
        guard begun.count < Self.most, programs.haveRoom(beside: begun.keys, limit: 1) else { return false }
        begun[programs] = now
        return true
    }
}
