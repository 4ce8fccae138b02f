// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Writes the latest of some values, with nobody waiting for it; what couldn't be written is tried again.
///
/// That is done a few times, after pauses that double, and then once more for the next value or ``retry()``. Failure is
/// reported once until it works.
package final class RetriedWriting<Value: Sendable>: Sendable {
    private struct State {
        /// What isn't written yet.
        var waiting: Value?
        /// How many values there were: another may come while one is being written.
        var count = 0
        /// How often it has failed in a row.
        var failures = 0
        /// The next try; nil where there were enough.
        var alarm: Alarm?
    }

    private let pause: Duration
    private let writeValue: @Sendable (Value) throws -> Void
    private let failed: @Sendable (any Error) -> Void
    private let recovered: @Sendable () -> Void
    private let state = Mutex(State())

    private static var mostRetries: Int { 8 }

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

    /// Tries again what failed too often to be tried by itself.
    package func retry() {
        let isGivenUp = state.withLock { state in
            guard state.failures > 0, state.alarm == nil else { return false }
            state.failures = 1
            return true
        }
        if isGivenUp { begin() }
    }

    private func begin() {
        BlockingWork.state.begin { self.writeLatest() }
    }

    private func writeLatest() {
        let (latest, count) = state.withLock { ($0.waiting, $0.count) }
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
            state.alarm =
                state.failures < Self.mostRetries
                ? Alarm(after: pause * (1 << state.failures)) { [weak self] in self?.begin() } : nil
            return state.failures == 0
        }
        if isFirst { failed(error) }
    }
}
