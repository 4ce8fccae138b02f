// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients
import ConcurrencyTools
import KeePassHTTP

/// Asks whether the keyring may be unlocked for clients that can't be verified yet, and has it unlocked.
///
/// Each request asks for itself, so that its program is among those who may not answer: the queue shows one question for
/// all, and the keyring is unlocked once.
struct KeyringUnlock: Sendable {
    private let clients: any ClientStore
    private let approvals: ApprovalBroker
    private let unlocks: AllowedUnlocks

    /// Makes one that unlocks the keyring of these clients.
    init(clients: any ClientStore, approvals: ApprovalBroker, unlocks: AllowedUnlocks) {
        self.clients = clients
        self.approvals = approvals
        self.unlocks = unlocks
    }

    /// Asks on behalf of a request, and has it unlocked.
    func unlock(for request: Request, from requester: CachedRequester) async throws(Refusal) {
        let question = question(for: request, by: await requester.asker())
        try await unlock(for: request.id) { [approvals] isLocked in
            let answer = await approvals.ask(question, while: isLocked)
            // It may be opened by other means; the request then goes on to where mutes are checked.
            if answer == .quiet { requester.noteCounted() }
            return answer
        }
    }

    /// Waits for the unlock that the same program has asked for; false if it hasn't.
    ///
    /// So that an `associate` that a client sends because its test-associate failed joins the unlock instead of
    /// overwriting a good key.
    func joinRunning(for request: Request, from requester: CachedRequester) async throws(Refusal) -> Bool {
        let known = question(for: request, by: await requester.caller())
        guard await approvals.isAsked(known) else { return false }
        let question = question(for: request, by: await requester.asker())
        try await unlock(for: request.id) { [approvals] _ in await approvals.join(question) }
        return true
    }

    private func question(for request: Request, by caller: Caller) -> ApprovalRequest {
        var question = ApprovalRequest(
            kind: .unlock,
            caller: caller,
            questionDigest: [],
            client: request.id,
            verified: false
        )
        question.requestType = request.type.rawValue
        return question
    }

    private func unlock(
        for id: String?,
        once answer: @escaping @Sendable (_ isLocked: @Sendable () async -> Bool) async -> Answer
    ) async throws(Refusal) {
        // In a task of its own: what the person has begun to type isn't lost when the client gives up.
        let task = Task(executorPreference: MainLoop.executor) { [approvals, clients, unlocks] in
            await Result { () async throws(Refusal) in
                let isLocked: @Sendable () async -> Bool = { await clients.needsUnlock(for: id) }
                // Opened by other means, and maybe locked again since: nobody has said that it may be opened.
                let answer = await answer(isLocked)
                guard answer != .opened else { return }
                let code: String
                do throws(Refusal) {
                    let decided = try PersonDecision(answer)
                    guard decided.allows, let allowed = decided.code else { throw .locked }
                    code = allowed
                } catch {
                    // The person may have opened it by other means.
                    guard await isLocked() else { return }
                    throw error
                }
                let outcome = await Result { () async throws(Refusal) in
                    try await unlocks.carryOut(nil, allowedAs: code, while: isLocked) {
                        (_) async throws(Refusal) in
                        do throws(ClientError) {
                            try await clients.unlock()
                        } catch {
                            await approvals.failed(code, because: error.advice)
                            throw .keyring(error.publicAdvice)
                        }
                        // Whoever waits for the same goes on, before anything else is asked: what follows the
                        // keyring tells too late for that.
                        await approvals.opened(nil)
                    }
                }
                // Used up, whatever came of it: a person who closes the keyring's window must not get it again unasked.
                await approvals.delivered(code)
                try outcome.get()
            }
        }
        try await task.value.get()
    }
}
