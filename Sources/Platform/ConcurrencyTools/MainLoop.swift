// SPDX-License-Identifier: Apache-2.0

package import NIOCore
import NIOPosix
import Synchronization

/// The event loop on which the daemon serves: its connections and all of its asynchronous code (docs/architecture.md,
/// "Blocking work").
///
/// What is isolated to this actor, or to a ``MainLoopActor``, calls the others without changing threads, and without
/// suspending where it needn't wait. So a request that asks nobody is answered while its bytes are being read.
@globalActor package actor MainLoop: MainLoopActor {
    /// The one that there is.
    package static let shared = MainLoop()

    /// Where everything runs.
    ///
    /// The default executor of Swift on Linux puts jobs on a global concurrent queue, whose first use starts a timer that
    /// looks after its threads once a second for good. An event loop sleeps until something happens. An unstructured task
    /// does not inherit the preference: write `Task(executorPreference: MainLoop.executor)`.
    package static let executor = EventLoopExecutor()

    /// The loop, for channels.
    package static var eventLoop: any EventLoop { executor.eventLoop }

    private static let tasks = TaskPool(on: executor)

    /// Begins work of this actor and does it, in the same breath, to where it first has to wait.
    ///
    /// To be called on the loop; from elsewhere it begins as any other task.
    @discardableResult
    package static func immediately(_ work: @escaping @Sendable @MainLoop () async -> Void) -> RunningWork {
        executor.beginNext()
        return tasks.begin(work)
    }
}

/// An actor that runs on the main loop, so that calls between such actors change no threads.
package protocol MainLoopActor: Actor {}

extension MainLoopActor {
    /// The main loop's executor.
    package nonisolated var unownedExecutor: UnownedSerialExecutor {
        unsafe MainLoop.executor.asUnownedSerialExecutor()
    }
}

/// Runs jobs on an event loop of its own.
package final class EventLoopExecutor: TaskExecutor, SerialExecutor {
    /// The loop; it ends with the process.
    package let eventLoop: any EventLoop
    /// Whether the next job that is enqueued on the loop begins at once.
    private let beginsNext = Atomic(false)

    fileprivate init() {
        eventLoop = MultiThreadedEventLoopGroup(numberOfThreads: 1).next()
    }

    /// Has the job that is enqueued next, on this very thread, run at once.
    fileprivate func beginNext() {
        guard eventLoop.inEventLoop else { return }
        beginsNext.store(true, ordering: .relaxed)
    }

    /// Runs a job after those that came before it.
    package func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        // Only the loop's own thread sets it, and takes it back within the same call.
        if eventLoop.inEventLoop, beginsNext.exchange(false, ordering: .relaxed) { return run(unowned) }
        eventLoop.execute { self.run(unowned) }
    }

    private func run(_ job: UnownedJob) {
        unsafe job.runSynchronously(
            isolatedTo: asUnownedSerialExecutor(),
            taskExecutor: asUnownedTaskExecutor()
        )
    }

    /// This executor without a reference count; it must outlive what runs on it.
    package func asUnownedTaskExecutor() -> UnownedTaskExecutor {
        unsafe UnownedTaskExecutor(ordinary: self)
    }

    /// This executor without a reference count; it must outlive what runs on it.
    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        unsafe UnownedSerialExecutor(ordinary: self)
    }

    /// Lets `assumeIsolated` see that the caller is on the loop.
    package func checkIsolated() {
        eventLoop.preconditionInEventLoop()
    }
}
