// SPDX-License-Identifier: Apache-2.0

/// Jobs that are done one after the other: each begins when the one before has ended, whatever its outcome.
///
/// Joining never suspends, so jobs are in the order in which their actor was asked for them. A job is done even
/// if nobody waits for it any more. A job must not wait for another one of its own line.
package struct SerialTaskQueue: Sendable {
    private var last: Task<Void, Never>?

    /// An empty line.
    package init() {}

    /// Does something after all that was to be done before.
    ///
    /// - Parameter job: What to do; it carries an error out as a `Result`.
    /// - Returns: Its outcome.
    @discardableResult
    package mutating func join<Value: Sendable>(
        _ job: @escaping @Sendable () async -> Value
    ) -> Task<Value, Never> {
        let former = last
        let task = Task(executorPreference: MainLoop.executor) {
            await former?.value
            return await job()
        }
        // Doesn't keep the job's outcome.
        last = Task(executorPreference: MainLoop.executor) { _ = await task.value }
        return task
    }

    /// Waits for everything that is in the line by now.
    package func isDone() async {
        await last?.value
    }
}
