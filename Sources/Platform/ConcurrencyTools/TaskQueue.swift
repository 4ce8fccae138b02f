// SPDX-License-Identifier: Apache-2.0

package import Dispatch

/// A serial queue as an executor: a thread of its own for what blocks or takes long.
///
/// Its target is a root queue that grows on demand, never one that is watched by a timer (see ``MainLoop``).
package final class TaskQueue: TaskExecutor, SerialExecutor {
    /// The queue.
    package let queue: DispatchQueue

    /// Makes an executor of its own, for an actor that calls a blocking library.
    package init(label: String) {
        queue = DispatchQueue(label: label)
    }

    /// Runs a job after those that came before it.
    package func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        queue.async {
            unsafe unowned.runSynchronously(
                isolatedTo: self.asUnownedSerialExecutor(),
                taskExecutor: self.asUnownedTaskExecutor()
            )
        }
    }

    /// This executor without a reference count; it must outlive what runs on it.
    package func asUnownedTaskExecutor() -> UnownedTaskExecutor {
        unsafe UnownedTaskExecutor(ordinary: self)
    }

    /// This executor without a reference count; it must outlive what runs on it.
    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    /// Lets `assumeIsolated` see that the caller is on the queue.
    package func checkIsolated() {
        dispatchPrecondition(condition: .onQueue(queue))
    }
}
