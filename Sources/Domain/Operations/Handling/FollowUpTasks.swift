// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Synchronization

/// What is done after an answer; only the daemon's end waits for it.
package final class FollowUpTasks: Sendable {
    private struct State {
        var running = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// Begins one; returns where it first has to wait.
    func run(_ work: @escaping @Sendable () async -> Void) {
        state.withLock { $0.running += 1 }
        MainLoop.immediately {
            await work()
            self.hasEnded()
        }
    }

    /// Waits until none is running; each has deadlines of its own.
    package func finish() async {
        await withCheckedContinuation { waiter in
            let isOver = state.withLock { state in
                if state.running > 0 { state.waiting.append(waiter) }
                return state.running == 0
            }
            if isOver { waiter.resume() }
        }
    }

    private func hasEnded() {
        let waiting = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.running -= 1
            guard state.running == 0 else { return [] }
            defer { state.waiting = [] }
            return state.waiting
        }
        for waiter in waiting { waiter.resume() }
    }
}
