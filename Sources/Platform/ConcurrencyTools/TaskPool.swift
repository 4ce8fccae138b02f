// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// Tasks of the main loop that take on one piece of work after the other.
///
/// To begin a task, and to get and wipe the memory that it takes, costs more than what most work does. What work leaves in that
/// memory is wiped with it, at most a second later: those that rest then end, and nothing wakes the process after that.
final class TaskPool: Sendable {
    typealias Work = @Sendable @MainLoop () async -> Void

    /// A task that is doing its work, or rests until it gets some.
    final class Worker: Sendable {
        private struct State {
            var task: Task<Void, Never>?
            /// What it begins with.
            var first: Work?
            var rest: CheckedContinuation<Work?, Never>?
            /// How much it has begun.
            var count = 0
            var isCancelled = false
        }

        private let state = Mutex(State())
        private let executor: EventLoopExecutor

        fileprivate init(on executor: EventLoopExecutor) { self.executor = executor }

        fileprivate func begin(_ work: @escaping Work, for pool: TaskPool) -> RunningWork {
            let (rest, count) = state.withLock { state in
                state.count += 1
                if state.rest == nil { state.first = work }
                return (state.rest.take(), state.count)
            }
            if let rest {
                rest.resume(returning: work)
            } else {
                let serving: Work = { await self.serve(pool) }
                // What it inherited from the task that this is called in would be the next work's, too.
                keep(Task.detached(executorPreference: executor, operation: serving))
            }
            return RunningWork(worker: self, count: count)
        }

        @MainLoop private func serve(_ pool: TaskPool) async {
            // Nothing of what was done is kept while it rests.
            while let next = await next(from: pool) { await next() }
        }

        /// Rests until there is work; nil where it ends instead.
        @MainLoop private func next(from pool: TaskPool) async -> Work? {
            if let first = state.withLock({ $0.first.take() }) { return first }
            // Whoever cancels what has ended from now on cancels nothing; who did before ends this task, even where that
            // is still to reach it.
            let isCancelled = state.withLock { state in
                state.count += 1
                return state.isCancelled
            }
            guard !isCancelled, pool.hasRoom else { return nil }
            return await withCheckedContinuation { rest in
                state.withLock { $0.rest = rest }
                pool.rests(self)
            }
        }

        /// Ends it, which has been taken from those that rest.
        fileprivate func end() {
            state.withLock { $0.rest.take() }?.resume(returning: nil)
        }

        private func keep(_ task: Task<Void, Never>) {
            let isCancelled = state.withLock { state in
                state.task = task
                return state.isCancelled
            }
            if isCancelled { task.cancel() }
        }

        fileprivate func cancel(_ count: Int) {
            let task = state.withLock { state -> Task<Void, Never>? in
                guard state.count == count else { return nil }
                state.isCancelled = true
                return state.task
            }
            task?.cancel()
        }
    }

    /// How many rest at the most.
    private static let most = 32

    /// How long those that rest are kept at the most.
    private static let longestRest = TimeAmount.seconds(1)

    private struct Resting {
        var workers: [Worker] = []
        /// Whether they are going to end.
        var areEnding = false
    }

    private let resting = Mutex(Resting())
    private let executor: EventLoopExecutor

    init(on executor: EventLoopExecutor) { self.executor = executor }

    /// Begins some work in a task of its own, as far as anybody can tell.
    func begin(_ work: @escaping Work) -> RunningWork {
        let worker = resting.withLock { $0.workers.popLast() } ?? Worker(on: executor)
        return worker.begin(work, for: self)
    }

    private var hasRoom: Bool { resting.withLock { $0.workers.count < Self.most } }

    private func rests(_ worker: Worker) {
        let isFirst = resting.withLock { resting in
            resting.workers.append(worker)
            defer { resting.areEnding = true }
            return !resting.areEnding
        }
        if isFirst { executor.eventLoop.scheduleTask(in: Self.longestRest) { self.endRest() } }
    }

    private func endRest() {
        let workers = resting.withLock { resting in
            defer { resting = Resting() }
            return resting.workers
        }
        for worker in workers { worker.end() }
    }
}

/// Work that was begun on the main loop.
package struct RunningWork: Sendable {
    /// The task that does it, and other work before and after.
    let worker: TaskPool.Worker
    private let count: Int

    fileprivate init(worker: TaskPool.Worker, count: Int) { (self.worker, self.count) = (worker, count) }

    /// Cancels it, unless it has ended.
    package func cancel() { worker.cancel(count) }
}
