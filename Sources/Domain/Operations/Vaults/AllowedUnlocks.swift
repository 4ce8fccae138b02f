// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools

/// The unlocks that the person has allowed, each carried out once for all who have asked for it.
///
/// Several requests wait for one question, and each goes on with its answer by itself: who comes second may find the
/// first one's prompt still open, or closed without success, and must not raise another.
actor AllowedUnlocks {
    /// What one allow is good for: a vault, or the keyring if it is nil, by the question's code.
    private struct Unlock: Hashable {
        let code: String
        let vault: String?
    }

    private struct Entry {
        let task: Task<Result<Void, Refusal>, Never>
        var until: ContinuousClock.Instant?
    }

    /// How long an outcome is kept for those who were given the same answer; a code rests for longer.
    static let memory: Duration = .seconds(60)

    private let now: @Sendable () -> ContinuousClock.Instant
    private var entries: [Unlock: Entry] = [:]

    init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.now = now
    }

    /// Carries out an unlock that was allowed, or joins it; what is open by now is left alone.
    ///
    /// - Parameters:
    ///   - vault: What is to be opened; nil is the keyring.
    ///   - code: Of the question that was allowed.
    ///   - isLocked: Whether it still has to be opened.
    ///   - open: Opens it.
    /// - Throws: What it throws, also for those who have joined.
    func carryOut(
        _ vault: String?,
        allowedAs code: String,
        while isLocked: @escaping @Sendable () async -> Bool,
        _ open: @escaping @Sendable () async throws(Refusal) -> Void
    ) async throws(Refusal) {
        let now = now()
        entries = entries.filter { _, entry in entry.until.map { now < $0 } ?? true }
        let unlock = Unlock(code: code, vault: vault)
        if let entry = entries[unlock] { return try await entry.task.value.get() }
        let task = Task(executorPreference: TaskQueue.shared) {
            // Opened by other means: that needs no outcome to be remembered, for it may be locked and allowed yet.
            guard await isLocked() else {
                await self.forget(unlock)
                return Result<Void, Refusal>.success(())
            }
            let outcome = await Result { () async throws(Refusal) in try await open() }
            await self.finish(unlock)
            return outcome
        }
        entries[unlock] = Entry(task: task)
        try await task.value.get()
    }

    private func forget(_ unlock: Unlock) { entries[unlock] = nil }

    private func finish(_ unlock: Unlock) { entries[unlock]?.until = now() + Self.memory }
}
