// SPDX-License-Identifier: Apache-2.0

/// Jobs that are done one after the other: each begins when the one before has ended, whatever came of that.
///
/// Joining never suspends, so that jobs stand in the order in which their actor was asked for them. A job is done even
/// if nobody waits for it any more. A job must not wait for another one of its own line.
package struct SerialLine: Sendable {
    private var last: Task<Void, Never>?

    /// A line in which nobody stands.
    package init() {}

    /// Does something after all that was to be done before.
    ///
    /// - Parameter job: What to do; it carries an error out as a `Result`.
    /// - Returns: What it comes to.
    @discardableResult
    package mutating func join<Value: Sendable>(
        _ job: @escaping @Sendable () async -> Value
    ) -> Task<Value, Never> {
        let former = last
        let task = Task(executorPreference: TaskQueue.shared) {
            await former?.value
            return await job()
        }
        // Keeps what the job comes to for nobody.
        last = Task(executorPreference: TaskQueue.shared) { _ = await task.value }
        return task
    }

    /// Waits for all that stands in the line by now.
    package func isDone() async {
        await last?.value
    }
}
