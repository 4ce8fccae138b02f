// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients
import ConcurrencyTools
import KeePassHTTP

/// The unlocks of the keyring that are being asked for, by the program that wants them.
///
/// So that an `associate` that a client sends because its test-associate failed joins the unlock instead of
/// overwriting a good key.
actor KeyringUnlocks {
    private var running: [Program: Task<Result<Void, Refusal>, Never>] = [:]

    /// The unlock that runs for this program, if one does.
    func running(for program: Program) -> Task<Result<Void, Refusal>, Never>? {
        running[program]
    }

    /// Joins the unlock that runs for this program, or starts one.
    func join(
        _ program: Program,
        unlock: @escaping @Sendable () async -> Result<Void, Refusal>
    ) -> Task<Result<Void, Refusal>, Never> {
        if let task = running[program] { return task }
        let task = Task(executorPreference: TaskQueue.shared) {
            let result = await unlock()
            await self.end(program)
            return result
        }
        running[program] = task
        return task
    }

    private func end(_ program: Program) {
        running[program] = nil
    }
}

/// Asks whether the keyring may be unlocked for clients that can't be verified yet, and has it unlocked.
struct KeyringUnlock: Sendable {
    private let clients: any ClientStore
    private let approvals: ApprovalBroker
    private let unlocks: KeyringUnlocks

    /// Makes one that shares these unlocks.
    init(clients: any ClientStore, approvals: ApprovalBroker, unlocks: KeyringUnlocks) {
        self.clients = clients
        self.approvals = approvals
        self.unlocks = unlocks
    }

    /// Waits for the unlock that runs for this program; false if none does.
    func joinRunning(for program: Program) async throws(Refusal) -> Bool {
        guard let unlock = await unlocks.running(for: program) else { return false }
        try await unlock.value.get()
        return true
    }

    /// Asks on behalf of a request, and has it unlocked.
    func unlock(for request: Request, from requester: CachedRequester) async throws(Refusal) {
        let caller = await requester.asker()
        var question = ApprovalRequest(
            kind: .unlock,
            caller: caller,
            sameness: sameness(request.id ?? ""),
            client: request.id,
            verified: false
        )
        question.requestType = request.type.rawValue
        let task = await unlocks.join(caller.program) { [approvals, clients, question] in
            do throws(Refusal) {
                let settled = try PersonDecision(await approvals.ask(question))
                guard settled.allows else { throw Refusal.locked }
                var failure: ClientError?
                do throws(ClientError) { try await clients.unlock() } catch { failure = error }
                // Used up, whatever came of it: who closes the keyring's window must not get it again unasked.
                if let code = settled.code { await approvals.delivered(code) }
                if let failure { throw .keyring(failure.advice) }
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try await task.value.get()
    }
}
