// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// An operation took longer than it was given.
package struct DeadlineExceeded: Error, Equatable, Sendable {
    /// Says so.
    package init() {}
}

/// How a wait with a deadline has ended.
package enum TimedOutcome<Value: Sendable>: Sendable {
    /// In time.
    case done(Value)
    /// The deadline came first.
    case late
    /// Whoever waited was cancelled first, which says nothing of what they waited for.
    case cancelled
}

extension TimedOutcome: Equatable where Value: Equatable {}

/// Waits for an operation, but only this long.
///
/// At the deadline, or when the caller is cancelled, the operation is cancelled and left to itself: this
/// returns at once even if the operation ignores that.
///
/// For a caller that is left by either error. One that goes on uses ``timed(_:_:)``, and says what it does in which case: a
/// `try?` would take a cancellation, as all get at the daemon's stop, for a deadline.
///
/// - Parameters:
///   - duration: How long, by the boot-time clock.
///   - operation: Runs on `MainLoop`.
/// - Returns: The operation's result.
/// - Throws: `DeadlineExceeded`, `CancellationError`, or what the operation throws.
package func withDeadline<Success: Sendable>(
    _ duration: Duration,
    _ operation: @escaping @Sendable () async throws -> Success
) async throws -> Success {
    let race = Race<Success>()
    return try await withTaskCancellationHandler {
        try await race.winner(within: duration, operation)
    } onCancel: {
        race.finish(.failure(CancellationError()))
    }
}

/// Waits for an operation as `withDeadline` does, and tells a deadline from a cancellation.
///
/// - Parameters:
///   - duration: How long, by the boot-time clock.
///   - operation: Runs on `MainLoop`; it carries an error out as a `Result`.
/// - Returns: How the wait has ended.
package func timed<Value: Sendable>(
    _ duration: Duration,
    _ operation: @escaping @Sendable () async -> Value
) async -> TimedOutcome<Value> {
    do {
        return .done(try await withDeadline(duration, operation))
    } catch is DeadlineExceeded {
        return .late
    } catch {
        return .cancelled
    }
}

/// Waits for an operation to its end or to the deadline, whether or not the caller is cancelled: for what is to be done at
/// the end of something, and for what is over soon and whose outcome is reported.
///
/// At the deadline the operation is cancelled and left to itself.
///
/// - Parameters:
///   - duration: How long, by the boot-time clock.
///   - operation: Runs on `MainLoop`.
/// - Returns: The operation's result; nil if the deadline came first.
package func timedDespiteCancellation<Value: Sendable>(
    _ duration: Duration,
    _ operation: @escaping @Sendable () async -> Value
) async -> Value? {
    // A deadline is the only error there is.
    try? await Race<Value>().winner(within: duration, operation)
}

/// Waits for a while of the boot-time clock; unlike `Task.sleep` it starts no timer that goes on afterwards.
///
/// - Parameter duration: How long.
/// - Throws: `CancellationError` as soon as the caller is cancelled.
package func pause(_ duration: Duration) async throws {
    let race = Race<Void>()
    try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { continuation in
            guard race.enter(continuation) else { return }
            race.keep(alarm: Alarm(after: duration) { race.finish(.success(())) })
        }
    } onCancel: {
        race.finish(.failure(CancellationError()))
    }
}

/// Several events of which the first one resumes the waiter and ends the others.
private final class Race<Success: Sendable>: Sendable {
    private struct State {
        var continuation: CheckedContinuation<Success, any Error>?
        var early: Result<Success, any Error>?
        var isOver = false
        var alarm: Alarm?
        var task: Task<Void, Never>?
    }

    private let state = Mutex(State())

    /// Begins the operation, and waits for what comes first.
    func winner(
        within duration: Duration,
        _ operation: @escaping @Sendable () async throws -> Success
    ) async throws -> Success {
        try await withCheckedThrowingContinuation { continuation in
            guard enter(continuation) else { return }
            keep(alarm: Alarm(after: duration) { self.finish(.failure(DeadlineExceeded())) })
            keep(
                task: Task(executorPreference: MainLoop.executor) {
                    do {
                        self.finish(.success(try await operation()))
                    } catch {
                        self.finish(.failure(error))
                    }
                }
            )
        }
    }

    /// Registers the waiter; false if the race was over before (a cancellation), which resumes it at once.
    func enter(_ continuation: CheckedContinuation<Success, any Error>) -> Bool {
        let early = state.withLock { state in
            if state.early == nil { state.continuation = continuation }
            return state.early
        }
        guard let early else { return true }
        continuation.resume(with: early)
        return false
    }

    func keep(alarm: Alarm) {
        let isOver = state.withLock { state in
            if !state.isOver { state.alarm = alarm }
            return state.isOver
        }
        if isOver { alarm.cancel() }
    }

    func keep(task: Task<Void, Never>) {
        let isOver = state.withLock { state in
            if !state.isOver { state.task = task }
            return state.isOver
        }
        if isOver { task.cancel() }
    }

    func finish(_ result: Result<Success, any Error>) {
        let ended = state.withLock { state -> State? in
            guard !state.isOver else { return nil }
            state.isOver = true
            if state.continuation == nil { state.early = result }
            defer {
                state.continuation = nil
                state.alarm = nil
                state.task = nil
            }
            return state
        }
        guard let ended else { return }
        ended.alarm?.cancel()
        ended.task?.cancel()
        ended.continuation?.resume(with: result)
    }
}
