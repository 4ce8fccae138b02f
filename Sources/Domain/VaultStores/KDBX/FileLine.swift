// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools

/// Runs what is to be done with a file one after the other.
struct FileLine {
    private var last: Task<Void, Never>?

    /// Does something after all that was to be done before; cancelling the caller doesn't end it.
    mutating func join<Value: Sendable>(
        _ job: @escaping @Sendable () async -> Value
    ) -> Task<Value, Never> {
        let former = last
        let task = Task(executorPreference: TaskQueue.shared) {
            await former?.value
            return await job()
        }
        last = Task(executorPreference: TaskQueue.shared) { _ = await task.value }
        return task
    }
}
