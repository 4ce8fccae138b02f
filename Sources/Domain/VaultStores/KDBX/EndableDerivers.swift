// SPDX-License-Identifier: Apache-2.0

import KDBX
import Synchronization

/// Several key derivations, one after the other, that can be ended from any thread and have one time together.
final class EndableDerivers: Sendable {
    private struct State {
        var isEnded = false
        var running: (any KeyDeriver)?
    }

    /// When no further one begins: what waits behind them is a save or the daemon's end.
    private let deadline = ContinuousClock.now + .seconds(30)
    private let make: @Sendable () -> any KeyDeriver
    private let state = Mutex(State())

    init(_ make: @escaping @Sendable () -> any KeyDeriver) {
        self.make = make
    }

    /// Who does the next one; nil where there is to be none.
    func next() -> (any KeyDeriver)? {
        state.withLock { state in
            guard !state.isEnded, .now < deadline else { return nil }
            let deriver = make()
            state.running = deriver
            return deriver
        }
    }

    /// Ends the one that runs, and all after it.
    func end() {
        state.withLock { state in
            state.isEnded = true
            return state.running.take()
        }?.end()
    }
}
