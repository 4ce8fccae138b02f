// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// An operation took longer than it was given.
package struct DeadlineExceeded: Error, Equatable, Sendable {
    /// Says so.
    package init() {}
}

/// Waits for an operation, but only this long.
///
/// At the deadline, or when the caller is cancelled, the operation is cancelled and left to itself: this
/// returns at once even if the operation ignores that.
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
        try await withCheckedThrowingContinuation { continuation in
            guard race.enter(continuation) else { return }
            race.keep(alarm: Alarm(after: duration) { race.finish(.failure(DeadlineExceeded())) })
            race.keep(
                task: Task(executorPreference: MainLoop.executor) {
                    do {
                        race.finish(.success(try await operation()))
                    } catch {
                        race.finish(.failure(error))
                    }
                }
            )
        }
    } onCancel: {
        race.finish(.failure(CancellationError()))
    }
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
