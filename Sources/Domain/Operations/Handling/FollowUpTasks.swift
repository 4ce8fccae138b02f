// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Synchronization

/// What is done after an answer; only the daemon's end waits for it.
package final class FollowUpTasks: Sendable {
    private struct State {
        var running: [UInt64: Task<Void, Never>] = [:]
        var last: UInt64 = 0
    }

    private let state = Mutex(State())

    /// Begins one; returns at once.
    func run(_ work: @escaping @Sendable () async -> Void) {
        state.withLock { state in
            state.last += 1
            let number = state.last
            state.running[number] = Task(executorPreference: MainLoop.executor) {
                await work()
                self.state.withLock { $0.running[number] = nil }
            }
        }
    }

    /// Waits until none is running; each has deadlines of its own.
    package func finish() async {
        while let work = state.withLock({ $0.running.first?.value }) { await work.value }
    }
}
