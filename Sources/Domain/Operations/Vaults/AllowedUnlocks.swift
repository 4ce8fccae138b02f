// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Vault

/// The unlocks that the person has allowed, each carried out once for all who have asked for it.
///
/// Several requests wait for one question, and each goes on with its answer by itself: the second may find the first
/// one's prompt still open, or closed without success, and must not raise another.
actor AllowedUnlocks: MainLoopActor {
    /// What one allow is good for: a vault, or the keyring if it is nil, by the question's code.
    private struct Unlock: Hashable {
        let code: String
        let vault: String?
    }

    private struct Entry {
        let task: Task<Result<Void, Refusal>, Never>
        let cancellation: Cancellation
        var until: ContinuousClock.Instant?
    }

    /// How long an outcome is kept for those who were given the same answer; a code isn't reused for longer than that.
    static let memory: Duration = .seconds(60)

    private let now: @Sendable () -> ContinuousClock.Instant
    private var entries: [Unlock: Entry] = [:]
    private var hasEnded = false

    init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.now = now
    }

    /// Carries out an unlock that was allowed, or joins it; what is open by now is left alone.
    ///
    /// - Parameters:
    ///   - vault: What is to be opened; nil is the keyring.
    ///   - code: Of the question that was allowed.
    ///   - isLocked: Whether it still has to be opened.
    ///   - open: Opens it, until it is cancelled.
    /// - Throws: What it throws, also for those who have joined; `withdrawn` at the daemon's end.
    func carryOut(
        _ vault: String?,
        allowedAs code: String,
        while isLocked: @escaping @Sendable () async -> Bool,
        _ open: @escaping @Sendable (Cancellation) async throws(Refusal) -> Void
    ) async throws(Refusal) {
        guard !hasEnded else { throw .withdrawn }
        let now = now()
        entries = entries.filter { _, entry in entry.until.map { now < $0 } ?? true }
        let unlock = Unlock(code: code, vault: vault)
        if let entry = entries[unlock] { return try await entry.task.value.get() }
        let cancellation = Cancellation()
        let task = Task(executorPreference: MainLoop.executor) {
            // Opened by other means: no outcome is remembered then, for it may still be locked and allowed again.
            guard await isLocked() else {
                await self.forget(unlock)
                return Result<Void, Refusal>.success(())
            }
            // The password prompt may stay open, but nobody waits for it.
            let outcome = await UnlockReason(cancellation: cancellation).whileWanted {
                await Result { () async throws(Refusal) in try await open(cancellation) }
            }
            await self.finish(unlock)
            return outcome ?? .failure(.withdrawn)
        }
        entries[unlock] = Entry(task: task, cancellation: cancellation)
        try await task.value.get()
    }

    /// Ends those that run, and lets no more begin.
    func end() {
        hasEnded = true
        for entry in entries.values { entry.cancellation.cancel() }
    }

    private func forget(_ unlock: Unlock) { entries[unlock] = nil }

    private func finish(_ unlock: Unlock) { entries[unlock]?.until = now() + Self.memory }
}
