// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools

/// Those who stand in line for a file: each begins when the one before has ended.
struct FileLine {
    private var last: Task<Void, Never>?

    /// Does something after all that was to be done before; nobody's end ends it.
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
