// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A cancellation for work that outlives the task that wants it.
package final class Cancellation: Sendable {
    private struct State {
        var isCancelled = false
        var actions: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())

    /// Not cancelled yet.
    package init() {}

    /// Whether it was cancelled.
    package var isCancelled: Bool { state.withLock { $0.isCancelled } }

    /// Cancels for good.
    package func cancel() {
        let actions = state.withLock { state in
            state.isCancelled = true
            defer { state.actions = [] }
            return state.actions
        }
        for action in actions { action() }
    }

    /// Runs an action when it is cancelled, or at once if it has been; the action must not block.
    package func whenCancelled(_ action: @escaping @Sendable () -> Void) {
        let isLate = state.withLock { state in
            if !state.isCancelled { state.actions.append(action) }
            return state.isCancelled
        }
        if isLate { action() }
    }
}
