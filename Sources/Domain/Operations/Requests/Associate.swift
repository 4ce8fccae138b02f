// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import Callers
import KeePassHTTP
import Vault

/// `associate`: lets the person decide whether a new key is kept, and under which Id.
///
/// The Verifier is checked against the key that came with it before anyone is asked.
struct Associate: Sendable {
    private let vaults: VaultSet
    private let approvals: ApprovalBroker
    private let keyring: KeyringUnlock
    private let vaultUnlock: VaultUnlock
    private let naming: ClientNaming
    private let admission: ClientAdmission
    private let recorder: RequestRecorder
    private let policy: Policy

    /// Makes one that lets clients in by these.
    init(
        vaults: VaultSet,
        approvals: ApprovalBroker,
        keyring: KeyringUnlock,
        vaultUnlock: VaultUnlock,
        naming: ClientNaming,
        admission: ClientAdmission,
        recorder: RequestRecorder,
        policy: Policy
    ) {
        self.vaults = vaults
        self.approvals = approvals
        self.keyring = keyring
        self.vaultUnlock = vaultUnlock
        self.naming = naming
        self.admission = admission
        self.recorder = recorder
        self.policy = policy
    }

    /// Answers it once the key is stored, or is known already.
    func answer(
        _ request: Request,
        from requester: CachedRequester
    ) async throws(Refusal) -> OperationResult {
        guard request.hasKey else { throw .invalid(.missing("Key")) }
        guard
            let key = request.key,
            let signature = request.signature,
            // Every failure is the same one.
            let message = try? VerifiedMessage(verifying: signature, with: key)
        else { throw .unverified }
        guard !key.isGuessable else { throw .guessableKey }

        let caller = await requester.caller()
        guard await !approvals.countIfMuted(caller, asking: requester) else { throw .muted }
        guard try await !keyring.joinRunning(for: request, from: requester) else { throw .unlockedMeanwhile }
        if let id = try await naming.knownID(of: key, proposed: request.id) {
            try await vaultUnlock.learnHash(forNew: id, from: requester)
            return await welcome(id, message, code: nil)
        }
        let admitted = try await admission.admit(key, proposed: request.id, from: requester)
        if let replaced = admitted.replaced {
            await approvals.end(.key(replaced))
            await approvals.end(.holder(replaced))
        }
        await recorder.record(
            .associated,
            client: admitted.id,
            caller: admitted.caller,
            under: Set([admitted.code].compactMap { $0.map { .answer(code: $0) } })
        )
        return await welcome(admitted.id, message, code: admitted.code)
    }

    /// The reply to a client that is let in; `Count` 0 is what the legacy kind expects.
    private func welcome(_ id: String, _ request: VerifiedMessage, code: String?) async -> OperationResult {
        let reply = Reply(
            to: .associate,
            id: id,
            count: 0,
            version: policy.rules(for: id).version,
            hash: await vaults.hash()
        )
        return OperationResult(reply: reply, to: request) { [approvals] in
            if let code { await approvals.delivered(code) }
        }
    }
}
