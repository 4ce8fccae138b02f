// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization

/// Work that blocks or takes long, one piece after the other, on a queue of its own.
///
/// An actor that awaits it goes on with other things, and so does the main loop. The rule: whatever waits for
/// a disk, another program or a long calculation while the daemon serves is done by one of these, or on an executor of
/// its own.
///
/// Where a disk hangs, jobs pile up behind the one that it keeps. So what asks the disk for something has a deadline, at
/// which its job is taken back if it hasn't begun; and when a number of jobs wait, the next ones are refused at once.
package struct BlockingWork: Sendable {
    /// For what is read from the state folder and written to it.
    package static let state = BlockingWork(label: "org.keybell.state")

    /// How many jobs may wait or run: more than there are connections, each of which may want one.
    package static let mostJobs = 512

    /// Where the jobs run, for an actor whose other work is done there, too.
    package let executor: TaskQueue
    private let backlog: Backlog

    /// Work on a queue of this name.
    ///
    /// - Parameters:
    ///   - label: The queue's name.
    ///   - most: How many jobs may wait or run before one is refused.
    package init(label: String, most: Int = BlockingWork.mostJobs) {
        executor = TaskQueue(label: label)
        backlog = Backlog(most: most)
    }

    /// Does a job and waits for it, but only this long, whether or not the caller is cancelled.
    ///
    /// - Parameters:
    ///   - limit: How long; a job that hasn't begun by then isn't done, one that has is left to itself.
    ///   - job: What to do.
    /// - Returns: What came of it; nil if that takes too long, at once where too many jobs wait already.
    package func callAsFunction<Value: Sendable>(
        within limit: Duration,
        _ job: @escaping @Sendable () -> Value
    ) async -> Value? {
        guard backlog.enter() else { return nil }
        let pending = PendingJob(job)
        let value = await timedDespiteCancellation(limit) { [executor, backlog] in
            await pending.value {
                executor.queue.async {
                    pending.run()
                    backlog.leave()
                }
            }
        }
        return value ?? nil
    }

    /// How long a disk may take for what is read of it.
    private static let diskPatience = Duration.seconds(5)

    /// Reads from a disk, whether or not the caller is cancelled.
    ///
    /// - Throws: What the job throws, or that the disk takes too long: at once where too many jobs wait already.
    package func callAsFunction<Value: Sendable, Failure: DiskError>(
        _ job: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let outcome = await callAsFunction(within: Self.diskPatience) { () -> Result<Value, Failure> in
            do throws(Failure) { return .success(try job()) } catch { return .failure(error) }
        }
        guard let outcome else { throw .tooSlow }
        return try outcome.get()
    }

    /// Does a job and waits for it, however long that takes: for calculations, and for callers with a deadline of their own.
    ///
    /// If the waiting task is cancelled, so is the job's, which may look at that.
    package func callAsFunction<Value: Sendable, Failure: Error>(
        _ job: @escaping @Sendable () throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        backlog.enterAnyway()
        let task = Task(executorPreference: executor) { [backlog] () -> Result<Value, Failure> in
            defer { backlog.leave() }
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
    ///
    /// - Returns: False where too many jobs wait already: it isn't done then.
    @discardableResult
    package func begin(_ job: @escaping @Sendable () -> Void) -> Bool {
        guard backlog.enter() else { return false }
        executor.queue.async { [backlog] in
            job()
            backlog.leave()
        }
        return true
    }
}

/// Why something can't be read from a disk.
package protocol DiskError: Error {
    /// The disk takes too long.
    static var tooSlow: Self { get }
}

/// Counts the jobs that wait or run.
private final class Backlog: Sendable {
    private let most: Int
    private let count = Mutex(0)

    init(most: Int) { self.most = most }

    /// Takes in one more, if there is room for it.
    func enter() -> Bool {
        count.withLock { count in
            guard count < most else { return false }
            count += 1
            return true
        }
    }

    func enterAnyway() { count.withLock { $0 += 1 } }

    func leave() { count.withLock { $0 -= 1 } }
}

/// A job that somebody waits for, unless they have given it up.
private final class PendingJob<Value: Sendable>: Sendable {
    private struct State {
        var job: (@Sendable () -> Value)?
        var waiter: CheckedContinuation<Value?, Never>?
        var isGivenUp = false
    }

    private let state: Mutex<State>

    init(_ job: @escaping @Sendable () -> Value) { state = Mutex(State(job: job)) }

    /// Has it enqueued, and waits for it; nil when the task is cancelled.
    func value(enqueue: () -> Void) async -> Value? {
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let isLate = state.withLock { state in
                    if !state.isGivenUp { state.waiter = waiter }
                    return state.isGivenUp
                }
                if isLate { waiter.resume(returning: nil) }
                // Even so, since it has been counted.
                enqueue()
            }
        } onCancel: {
            let waiter = state.withLock { state in
                (state.job, state.isGivenUp) = (nil, true)
                return state.waiter.take()
            }
            waiter?.resume(returning: nil)
        }
    }

    /// Does it, unless nobody waits for it any more.
    func run() {
        guard let job = state.withLock({ $0.job.take() }) else { return }
        let value = job()
        state.withLock { $0.waiter.take() }?.resume(returning: value)
    }
}
