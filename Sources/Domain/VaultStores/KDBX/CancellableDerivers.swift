// SPDX-License-Identifier: Apache-2.0

import KDBX
import Synchronization

/// Several key derivations that can be cancelled from any thread and have one time together.
final class CancellableDerivers: Sendable {
    private struct State {
        var isEnded = false
        var running: [any KeyDeriver] = []
    }

    /// When no further one begins.
    private let deadline: ContinuousClock.Instant
    private let make: @Sendable () -> any KeyDeriver
    private let state = Mutex(State())

    init(_ make: @escaping @Sendable () -> any KeyDeriver, within time: Duration) {
        self.make = make
        deadline = .now + time
    }

    /// Who does the next one; nil where there is to be none.
    func next() -> (any KeyDeriver)? {
        state.withLock { state in
            guard !state.isEnded, .now < deadline else { return nil }
            let deriver = make()
            state.running.append(deriver)
            return deriver
        }
    }

    /// Ends those that run, and all after them.
    func end() {
        let running = state.withLock { state in
            state.isEnded = true
            defer { state.running = [] }
            return state.running
        }
        for deriver in running { deriver.end() }
    }
}
