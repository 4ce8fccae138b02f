// SPDX-License-Identifier: Apache-2.0

import Approval
import Ciphers
import ConcurrencyTools
import SecureMemory
import Vault

/// What became of a save.
struct Saved: Sendable {
    let id: LoginID
    let code: String?
    /// The one-time code that it used up, if that is what it was for.
    var oneTimeCode: SecretBytes?
}

/// The saves that run or have just been carried out, so that each is carried out once.
///
/// A client that gave up waiting and asks again gets the outcome of the save that it had asked for, with the same uuid,
/// until one reply has been delivered or the time for retries is over. Nothing wakes up to forget them: the next call
/// does that.
actor SaveResults: MainLoopActor {
    private struct Entry {
        let task: Task<Result<Saved, Refusal>, Never>
        /// What the person is asked about it.
        var question: ApprovalRequest?
        /// Those who want to wait for the answer with who asked first.
        var joining: [CheckedContinuation<ApprovalRequest?, Never>] = []
        var finished: (until: ContinuousClock.Instant, id: LoginID)?
    }

    private let now: @Sendable () -> ContinuousClock.Instant

    private var entries: [[UInt8]: Entry] = [:]
    /// What a save would store is kept only as a keyed digest.
    private let digestKey = Randomness.secret(32)

    init(now: @escaping @Sendable () -> ContinuousClock.Instant = { .now }) {
        self.now = now
    }

    /// A name for a save that reveals nothing of its secrets.
    nonisolated func digest(of parts: [SecretBytes]) -> [UInt8] {
        HMAC.sha256(key: digestKey, parts.flatMap { Digest.sha256($0) })
    }

    /// The outcome of the same save, if it has been carried out already and no reply has delivered it.
    func finished(_ name: [UInt8]) async -> Saved? {
        forgetOld()
        guard let entry = entries[name], entry.finished != nil else { return nil }
        return try? await entry.task.value.get()  // what is finished has succeeded
    }

    /// What the person is asked about a save, as soon as they are; nil where it ends, or has ended, without that.
    func question(about name: [UInt8]) async -> ApprovalRequest? {
        guard let entry = entries[name], entry.finished == nil else { return nil }
        if let question = entry.question { return question }
        return await withCheckedContinuation { entries[name, default: entry].joining.append($0) }
    }

    /// How many wait for a question that isn't asked yet.
    var joiningCount: Int { entries.values.reduce(0) { $0 + $1.joining.count } }

    /// The person is being asked about a save.
    func isAsked(about name: [UInt8], _ question: ApprovalRequest) {
        entries[name]?.question = question
        join(name, question)
    }

    private func join(_ name: [UInt8], _ question: ApprovalRequest?) {
        for waiting in entries[name]?.joining ?? [] { waiting.resume(returning: question) }
        entries[name]?.joining = []
    }

    /// Joins the same save, or carries it out in a task that outlives the caller.
    ///
    /// - Parameters:
    ///   - name: Its digest.
    ///   - memory: For how long a retry gets its outcome, once it is finished.
    ///   - save: Carries it out.
    /// - Returns: The task that gives its outcome, and whether it is another caller's.
    func begin(
        _ name: [UInt8],
        rememberedFor memory: Duration,
        _ save: @escaping @Sendable () async -> Result<Saved, Refusal>
    ) -> (task: Task<Result<Saved, Refusal>, Never>, isJoined: Bool) {
        forgetOld()
        if let entry = entries[name] { return (entry.task, true) }
        let task = Task(executorPreference: MainLoop.executor) {
            let result = await save()
            await self.finish(name, result, memory)
            return result
        }
        entries[name] = Entry(task: task)
        return (task, false)
    }

    /// One reply has arrived, or the entry is no longer as it was saved: from now on the same save is a new one.
    func forget(_ saved: Saved, of name: [UInt8]) {
        // Replies to joined requests arrive one by one: a later one must not end the save that follows.
        if entries[name]?.finished?.id == saved.id { entries[name] = nil }
    }

    private func finish(_ name: [UInt8], _ result: Result<Saved, Refusal>, _ memory: Duration) {
        join(name, nil)
        switch result {
        case .success(let saved): entries[name]?.finished = (now() + memory, saved.id)
        case .failure: entries[name] = nil
        }
    }

    private func forgetOld() {
        let now = now()
        entries = entries.filter { _, entry in entry.finished.map { now < $0.until } ?? true }
    }
}
