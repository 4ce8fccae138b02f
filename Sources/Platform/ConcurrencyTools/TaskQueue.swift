// SPDX-License-Identifier: Apache-2.0

package import Dispatch

/// The serial queue on which the daemon's asynchronous code runs (docs/architecture.md, "Blocking work").
///
/// The default executor of Swift on Linux puts jobs on a global concurrent queue, whose first use starts a
/// timer that looks after its threads once a second for good. A serial queue has no such timer, so a daemon
/// whose tasks prefer this executor wakes for nothing when nothing happens. An unstructured task does not
/// inherit the preference: write `Task(executorPreference: TaskQueue.shared)`.
package final class TaskQueue: TaskExecutor, SerialExecutor {
    /// The executor the daemon runs on.
    package static let shared = TaskQueue(label: "org.keybell.tasks")

    /// The serial queue; its target is a root queue that grows on demand, never one that is watched by a timer.
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
