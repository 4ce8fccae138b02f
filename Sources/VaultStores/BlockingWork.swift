// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Kernel

/// A thread's worth of work that blocks or takes long, one piece after the other, on a queue of its own.
///
/// An actor that awaits it goes on with other things, and so does the queue that the house runs on.
struct BlockingWork: Sendable {
    private let executor: TaskQueue

    /// Work on a queue of this name.
    init(label: String) {
        executor = TaskQueue(label: label)
    }

    /// Does something and waits for it; where the waiting task is cancelled, so is the work, if it looks.
    func callAsFunction<Value: Sendable, Failure: Error>(
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
    func begin(_ job: @escaping @Sendable () -> Void) {
        executor.queue.async { job() }
    }
}
