// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// When a vault was last used, noted along the way of every request, without a hop to any actor.
package final class LastUse: Sendable {
    private struct State {
        var last = ContinuousClock.now
        var isWatched = false
    }

    private let state = Mutex(State())
    private let began: @Sendable () -> Void

    /// A mark; `began` is called at the first use after each `look`.
    init(began: @escaping @Sendable () -> Void) {
        self.began = began
    }

    /// A vault is used.
    package func use() {
        let begins = state.withLock { state in
            state.last = .now
            defer { state.isWatched = true }
            return !state.isWatched
        }
        if begins { began() }
    }

    /// Whether it was used since the last `rest`, or ever.
    var isInUse: Bool { state.withLock { $0.isWatched } }

    /// The person is there, whether anything was used or not.
    func touch() {
        state.withLock { $0.last = .now }
    }

    /// When the last use was.
    var last: ContinuousClock.Instant { state.withLock { $0.last } }

    /// The next use is to be reported again.
    func rest() {
        state.withLock { $0.isWatched = false }
    }
}
