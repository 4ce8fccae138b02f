// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import Callers
import Clients
import DisplayText
import KeePassHTTP
import Logging
import Vault

extension RequestHandler {
    /// `associate`: lets the person decide whether a new key is kept, and under which Id.
    ///
    /// The Verifier is checked against the key that came with it before anyone is asked.
    func associate(_ request: Request, from requester: any Requester) async throws(Refusal) -> OperationResult
    {
        guard request.hasKey else { throw .invalid(.missing("Key")) }
        guard
            let key = request.key,
            let signature = request.signature,
            // Every failure is the same one.
            let conversation = try? VerifiedMessage(verifying: signature, with: key)
        else { throw .unverified }
        guard !key.isGuessable else { throw .guessableKey }

        let caller = await requester.caller()
        guard await !approvals.isMuted(caller) else { throw .muted }
        if let unlock = await unlocks.running(for: caller.program) {
            try await unlock.value.get()
            throw .unlockedMeanwhile
        }
        if let id = try await knownID(of: key, proposed: request.id) {
            try await learnHash(for: id, from: requester)
            return await welcome(id, conversation, code: nil)
        }
        let admission = try await admit(key, proposed: request.id, from: requester)
        if let replaced = admission.replaced { await approvals.end(.key(replaced)) }
        await record(
            .associated,
            client: admission.id,
            caller: admission.caller,
            under: Set([admission.code].compactMap { $0.map { .answer(code: $0) } })
        )
        return await welcome(admission.id, conversation, code: admission.code)
    }

    /// Has a vault opened that never was, for a client that is let in: its answer carries the real Hash.
    func learnHash(for id: String, from requester: any Requester) async throws(Refusal) {
        guard let vault = await vaults.neverOpened() else { return }
        try await unlock(vault, forNew: id, caller: await requester.asker())
        guard await vaults.hash() != nil else { throw .neverOpened(vault.name) }
    }

    /// The Id under which this very key is already kept, if it is the proposed one or none was proposed.
    func knownID(of key: ClientKey, proposed: String?) async throws(Refusal) -> String? {
        do throws(ClientError) {
            guard let proposed else { return try await clients.holder(of: key.fingerprint) }
            return try await clients.client(withID: proposed)?.fingerprint == key.fingerprint ? proposed : nil
        } catch where error.isLock {
            return nil  // asked first, unlocked then
        } catch {
            throw .keyring(error.advice)
        }
    }

    /// The reply to a client that is let in; `Count` 0 is what the legacy kind expects.
    private func welcome(_ id: String, _ request: VerifiedMessage, code: String?) async -> OperationResult {
        let reply = Reply(
            to: .associate,
            id: id,
            count: 0,
            version: version(for: id),
            hash: await vaults.hash()
        )
        return OperationResult(reply: reply, to: request) { [approvals] in
            if let code { await approvals.delivered(code) }
        }
    }
}
