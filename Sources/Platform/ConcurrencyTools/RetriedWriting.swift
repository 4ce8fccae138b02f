// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Writes the latest of some values, with nobody waiting for it; what couldn't be written is tried again.
///
/// The pauses before that double up to 64 times the first. Failure is reported once until it works.
package final class RetriedWriting<Value: Sendable>: Sendable {
    private struct State {
        /// What isn't written yet.
        var waiting: Value?
        /// Whether it is going to be written: one job is enough, however many values come while a disk hangs.
        var isQueued = false
        /// How many values there were: another may come while one is being written.
        var count = 0
        /// How often it has failed in a row.
        var failures = 0
        /// The next try after a failure.
        var alarm: Alarm?
    }

    private let pause: Duration
    private let writeValue: @Sendable (Value) throws -> Void
    private let failed: @Sendable (any Error) -> Void
    private let recovered: @Sendable () -> Void
    private let state = Mutex(State())

    private static var mostDoublings: Int { 6 }

    /// Nothing is written yet.
    ///
    /// - Parameters:
    ///   - pause: How long until the first retry.
    ///   - write: Writes a value, on the queue for the state folder.
    ///   - failed: Told of the first failure.
    ///   - recovered: Told when it works again.
    package init(
        pause: Duration,
        write: @escaping @Sendable (Value) throws -> Void,
        failed: @escaping @Sendable (any Error) -> Void,
        recovered: @escaping @Sendable () -> Void = {}
    ) {
        (self.pause, writeValue, self.failed, self.recovered) = (pause, write, failed, recovered)
    }

    /// Writes a value in place of those before, a moment later.
    package func write(_ value: Value) {
        state.withLock { state in
            state.waiting = value
            state.count += 1
        }
        begin()
    }

    /// Tries at once what isn't written yet, and returns when the disk has answered.
    ///
    /// - Parameter limit: How long the disk may take.
    /// - Returns: Whether nothing is left to be written, as far as is known by then.
    @discardableResult
    package func flush(within limit: Duration = .seconds(10)) async -> Bool {
        guard state.withLock({ $0.waiting != nil }) else { return true }
        let isWritten = await BlockingWork.state(within: limit) {
            self.writeLatest()
            return self.state.withLock { $0.waiting == nil }
        }
        return isWritten ?? false
    }

    private func begin() {
        let isQueued = state.withLock { state in
            defer { state.isQueued = true }
            return state.isQueued
        }
        guard !isQueued, !BlockingWork.state.begin({ self.writeLatest() }) else { return }
        state.withLock { $0.isQueued = false }
        fail(QueueIsFull())
    }

    /// So many jobs wait for the disk that it is taken to hang.
    private struct QueueIsFull: Error, CustomStringConvertible {
        var description: String { "the disk takes too long" }
    }

    private func writeLatest() {
        let (latest, count) = state.withLock { state in
            state.isQueued = false
            return (state.waiting, state.count)
        }
        guard let latest else { return }
        do {
            try writeValue(latest)
        } catch {
            return fail(error)
        }
        let hadFailed = state.withLock { state in
            if state.count == count { state.waiting = nil }
            defer { (state.failures, state.alarm) = (0, nil) }
            return state.failures > 0
        }
        if hadFailed { recovered() }
    }

    private func fail(_ error: any Error) {
        let isFirst = state.withLock { state in
            defer { state.failures += 1 }
            let doublings = min(state.failures, Self.mostDoublings)
            state.alarm = Alarm(after: pause * (1 << doublings)) { [weak self] in self?.begin() }
            return state.failures == 0
        }
        if isFirst { failed(error) }
    }
}
