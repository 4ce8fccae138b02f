// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Word that something isn't wanted any more, for work that outlives the task that wants it.
package final class Cancellation: Sendable {
    private struct State {
        var isCancelled = false
        var actions: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())

    /// It is wanted as yet.
    package init() {}

    /// Whether it isn't wanted any more.
    package var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// Gives the word, once and for all.
    package func cancel() {
        let actions = state.withLock { state in
            state.isCancelled = true
            defer { state.actions = [] }
            return state.actions
        }
        for action in actions { action() }
    }

    /// Does something at the word, or at once if it has been given; must not block.
    package func whenCancelled(_ action: @escaping @Sendable () -> Void) {
        let isLate = state.withLock { state in
            if !state.isCancelled { state.actions.append(action) }
            return state.isCancelled
        }
        if isLate { action() }
    }
}
