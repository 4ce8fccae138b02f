// SPDX-License-Identifier: Apache-2.0

import Dispatch

/// Work that blocks or takes long, one piece after the other, on a queue of its own.
///
/// An actor that awaits it goes on with other things, and so does the main loop. The rule: whatever waits for
/// a disk, another program or a long calculation while the daemon serves is done by one of these, or on an executor of
/// its own.
package struct BlockingWork: Sendable {
    /// For what is written to the state folder.
    package static let state = BlockingWork(label: "org.keybell.state")

    private let executor: TaskQueue

    /// Work on a queue of this name.
    package init(label: String) {
        executor = TaskQueue(label: label)
    }

    /// Does a job and waits for it; if the waiting task is cancelled, so is the job's, which may look at that.
    package func callAsFunction<Value: Sendable, Failure: Error>(
        _ job: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let task = Task(executorPreference: executor) { () -> Result<Value, Failure> in
            do throws(Failure) { return .success(try job()) } catch { return .failure(error) }
        }
        let outcome = await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }
        return try outcome.get()
    }

    /// Does something that nobody waits for.
    package func begin(_ job: @escaping @Sendable () -> Void) {
        executor.queue.async { job() }
    }
}
