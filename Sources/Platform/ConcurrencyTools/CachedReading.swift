// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What was read somewhere that may change at any time: it is read once, kept until something is told of, and what has
/// changed while it was being read is read again.
///
/// It belongs to an actor, which is told what counts from now on before anybody gets it. Whoever asks for the value gets
/// one that was current at some moment since they asked; all who ask while it is being read wait for the same reading.
package final class CachedReading<Value: Sendable, Failure: Error>: Sendable {
    private struct State {
        var current: Value?
        var changes: UInt64 = 0
        var reading: Task<Result<Value, Failure>, Never>?
    }

    private let state = Mutex(State())

    /// How often it is read for one who asks, where it changes each time.
    package static var attempts: Int { 8 }

    /// Nothing is read yet.
    package init() {}

    /// What is known, if nothing has been told of since.
    package var current: Value? { state.withLock { $0.current } }

    /// How often something has changed there.
    package var changes: UInt64 { state.withLock { $0.changes } }

    /// Whether it is being read.
    package var isReading: Bool { state.withLock { $0.reading != nil } }

    /// Something has changed there: what is known, and what is being read now, is worth nothing.
    package func forget() {
        state.withLock { state in
            state.current = nil
            state.changes += 1
        }
    }

    /// Something has changed there and it is known what, so that what is known, if it is, is brought up to that.
    package func change(_ change: (inout Value) -> Void) {
        state.withLock { state in
            state.changes += 1
            guard var value = state.current else { return }
            change(&value)
            state.current = value
        }
    }

    /// What is there, from memory if it is known.
    ///
    /// - Parameters:
    ///   - actor: The actor that this belongs to.
    ///   - restless: The error if it changes each time it is read.
    ///   - read: Reads it; it may call the actor.
    ///   - adopted: Told on the actor of what counts from now on, before anybody else can do something there.
    /// - Returns: The value; it is not `current` any more if something changes before whoever asked goes on.
    /// - Throws: Why it can't be read.
    package func value<Owner: Actor>(
        on actor: isolated Owner,
        orIfItNeverRests restless: Failure,
        reading read: @escaping @Sendable () async throws(Failure) -> Value,
        adopted: @escaping @Sendable (isolated Owner, Value) -> Void = { _, _ in }
    ) async throws(Failure) -> Value {
        if let current { return current }
        return try await readAgain(on: actor, orIfItNeverRests: restless, reading: read, adopted: adopted)
    }

    /// What is there, read now, whatever is known; that stays if reading fails.
    package func readAgain<Owner: Actor>(
        on actor: isolated Owner,
        orIfItNeverRests restless: Failure,
        reading read: @escaping @Sendable () async throws(Failure) -> Value,
        adopted: @escaping @Sendable (isolated Owner, Value) -> Void = { _, _ in }
    ) async throws(Failure) -> Value {
        let task = state.withLock { state in
            if let reading = state.reading { return reading }
            let task = Task(executorPreference: TaskQueue.shared) {
                await self.outcome(for: actor, restless, read, adopted)
            }
            state.reading = task
            return task
        }
        return try await task.value.get()
    }

    private func outcome<Owner: Actor>(
        for actor: Owner,
        _ restless: Failure,
        _ read: @Sendable () async throws(Failure) -> Value,
        _ adopted: @Sendable (isolated Owner, Value) -> Void
    ) async -> Result<Value, Failure> {
        for _ in 0..<Self.attempts {
            let before = changes
            let outcome: Result<Value, Failure>
            do throws(Failure) {
                outcome = .success(try await read())
            } catch {
                outcome = .failure(error)
            }
            if await settle(outcome, since: before, on: actor, adopted) { return outcome }
        }
        state.withLock { $0.reading = nil }
        return .failure(restless)
    }

    /// Ends the reading, unless something has changed since it began; then an error says as little as a value: it may have
    /// been locked, say, and not be any more.
    private func settle<Owner: Actor>(
        _ outcome: Result<Value, Failure>,
        since before: UInt64,
        on actor: isolated Owner,
        _ adopted: @Sendable (isolated Owner, Value) -> Void
    ) -> Bool {
        let isSettled = state.withLock { state in
            guard state.changes == before else { return false }
            // Here and not where it is waited for: who comes in between would get what may be old by then.
            state.reading = nil
            if case .success(let value) = outcome { state.current = value }
            return true
        }
        if isSettled, case .success(let value) = outcome { adopted(actor, value) }
        return isSettled
    }
}
