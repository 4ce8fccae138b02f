// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What was read from somewhere that may change at any time: it is read once, kept until a change is reported, and read
/// again if it changed while it was being read.
///
/// It belongs to an actor, which is given the new value before anybody else gets it. Whoever asks for the value gets
/// one that was current at some moment since they asked; all who ask while it is being read wait for the same reading.
package final class CachedReading<Value: Sendable, Failure: Error>: Sendable {
    private struct State {
        var current: Value?
        var changes: UInt64 = 0
        var reading: Task<Result<Value, Failure>, Never>?
    }

    private let state = Mutex(State())

    /// How often it is read for one caller if it changes each time.
    package static var attempts: Int { 8 }

    /// Nothing is read yet.
    package init() {}

    /// What is known, if no change has been reported since.
    package var current: Value? { state.withLock { $0.current } }

    /// How often something has changed there.
    package var changes: UInt64 { state.withLock { $0.changes } }

    /// Whether it is being read.
    package var isReading: Bool { state.withLock { $0.reading != nil } }

    /// Something has changed there: what is known, and what is being read now, is out of date.
    package func forget() {
        state.withLock { state in
            state.current = nil
            state.changes += 1
        }
    }

    /// Something has changed there and it is known what, so the value, if there is one, is brought up to date.
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
    ///   - adopted: Called on the actor with the new value, before anybody else can do something there.
    /// - Returns: The value; it is no longer `current` if something changes before the caller goes on.
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
            let task = Task(executorPreference: MainLoop.executor) {
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

    /// Ends the reading, unless something has changed since it began; then an error means as little as a value: it may
    /// have been locked, say, and no longer be.
    private func settle<Owner: Actor>(
        _ outcome: Result<Value, Failure>,
        since before: UInt64,
        on actor: isolated Owner,
        _ adopted: @Sendable (isolated Owner, Value) -> Void
    ) -> Bool {
        let isSettled = state.withLock { state in
            guard state.changes == before else { return false }
            // Here and not where it is awaited: whoever comes in between would get what may be out of date by then.
            state.reading = nil
            if case .success(let value) = outcome { state.current = value }
            return true
        }
        if isSettled, case .success(let value) = outcome { adopted(actor, value) }
        return isSettled
    }
}
