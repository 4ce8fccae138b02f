// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients
import ConcurrencyTools
import KeePassHTTP

/// Asks whether the keyring may be unlocked for clients that can't be verified yet, and has it unlocked.
///
/// Each request asks for itself, so that its program is among those who may not answer: the queue shows one question for
/// all, and the keyring opens one prompt.
struct KeyringUnlock: Sendable {
    private let clients: any ClientStore
    private let approvals: ApprovalBroker

    /// Makes one that unlocks the keyring of these clients.
    init(clients: any ClientStore, approvals: ApprovalBroker) {
        self.clients = clients
        self.approvals = approvals
    }

    /// Asks on behalf of a request, and has it unlocked.
    func unlock(for request: Request, from requester: CachedRequester) async throws(Refusal) {
        let question = question(for: request, by: await requester.asker())
        try await unlock { [approvals] in await approvals.ask(question) }
    }

    /// Waits for the unlock that the same program has asked for; false if it hasn't.
    ///
    /// So that an `associate` that a client sends because its test-associate failed joins the unlock instead of
    /// overwriting a good key.
    func joinRunning(for request: Request, from requester: CachedRequester) async throws(Refusal) -> Bool {
        let known = question(for: request, by: await requester.caller())
        guard await approvals.isAsked(known) else { return false }
        let question = question(for: request, by: await requester.asker())
        try await unlock { [approvals] in await approvals.join(question) }
        return true
    }

    private func question(for request: Request, by caller: Caller) -> ApprovalRequest {
        var question = ApprovalRequest(
            kind: .unlock,
            caller: caller,
            sameness: [],
            client: request.id,
            verified: false
        )
        question.requestType = request.type.rawValue
        return question
    }

    private func unlock(once answer: @escaping @Sendable () async -> Answer) async throws(Refusal) {
        // In a task of its own: what the person has begun to type is not lost when the client gives up.
        let task = Task(executorPreference: TaskQueue.shared) { [approvals, clients] in
            do throws(Refusal) {
                let decided = try PersonDecision(await answer())
                guard decided.allows else { throw Refusal.locked }
                var failure: ClientError?
                do throws(ClientError) {
                    try await clients.unlock()
                    // Whoever waits for the same goes on, before anything else is asked.
                    await approvals.opened(nil)
                } catch {
                    failure = error
                }
                // Used up, whatever came of it: who closes the keyring's window must not get it again unasked.
                if let code = decided.code { await approvals.delivered(code) }
                if let failure { throw Refusal.keyring(failure.advice) }
                return Result<Void, Refusal>.success(())
            } catch {
                return .failure(error)
            }
        }
        try await task.value.get()
    }
}
