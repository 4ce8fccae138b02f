// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients
import KeePassHTTP
import Kernel
import Logging
import UnicodeText
import Vault

extension Bell {
    /// Refuses a program that the person has muted, before anything is looked at for it.
    ///
    /// Who asks is found out only while anybody is muted: that is dear, and hardly ever the case.
    func refuseMuted(_ visitor: any Visitor) async throws(Refusal) {
        guard await desk.hasMutes else { return }
        if await desk.isMuted(await visitor.caller()) { throw .muted }
    }

    /// Why a request isn't served: that too many questions wait comes before that something is locked.
    ///
    /// - Parameter asks: Whether it would have to ask.
    func limitFirst(_ refusal: Refusal, of ring: Ring, asks: Bool) async -> Refusal {
        guard asks, refusal.isLock, await !desk.hasRoom(for: await ring.visitor.caller()) else {
            return refusal
        }
        return .tooMany
    }

    /// The vaults that are open for a verified request; unlocked first, where it wants that and none is.
    ///
    /// The one way to what is in them, so that mutes come before it.
    func open(for ring: Ring) async throws(Refusal) -> [OpenVault] {
        try await refuseMuted(ring.visitor)
        used()
        if wantsUnlock(ring.request), let closed = await vaults.closed(for: ring.request.type) {
            try await unlock(closed, for: ring)
        }
        do throws(VaultError) {
            return try await vaults.open()
        } catch {
            throw .vault(error)
        }
    }

    /// Asks whether a vault may be unlocked for a verified client, and has it unlocked.
    ///
    /// Whoever comes meanwhile joins: the desk has one unlock request at a time, the vault one prompt.
    func unlock(_ store: any VaultStore, for ring: Ring) async throws(Refusal) {
        let caller = await ring.visitor.asker()
        var question = await unlockQuestion(store, for: ring.client.id, caller: caller)
        describe(&question, ring: ring, caller: caller)
        question.wantedHost = ring.text("Url").flatMap {
            PageAddress(loose: $0.cut(toBytes: Self.longestAddress))?.hostAndPort
        }
        try await unlock(store, asking: question)
    }

    /// The same for a client that is being let in: its key is good, for the person has just said so.
    func unlock(_ store: any VaultStore, forNew client: String, caller: Caller) async throws(Refusal) {
        var question = await unlockQuestion(store, for: client, caller: caller)
        question.requestType = RequestType.associate.rawValue
        try await unlock(store, asking: question)
    }

    private func unlockQuestion(_ store: any VaultStore, for client: String, caller: Caller) async
        -> ApprovalRequest
    {
        var question = ApprovalRequest(
            kind: .unlock,
            caller: caller,
            sameness: sameness(store.name),
            client: client,
            vaults: [store.name]
        )
        question.isFirstOpening = await store.hash() == nil
        return question
    }

    private func unlock(_ store: any VaultStore, asking question: ApprovalRequest) async throws(Refusal) {
        // In a task of its own: what the person has begun to type is not lost when the client gives up.
        let task = Task(executorPreference: TaskQueue.shared) { () async -> Result<Void, Refusal> in
            do throws(Refusal) {
                let decided = try Decided(await desk.ask(question))
                guard decided.allows else { throw .locked }
                let reason = UnlockReason(
                    program: Wording.asker(question.caller),
                    client: question.client ?? ""
                )
                var failure: VaultError?
                do throws(VaultError) { try await store.unlock(for: reason) } catch { failure = error }
                // Used up, whatever came of it: who closes the password's window must not get it again unasked.
                if let code = decided.code { await desk.delivered(code) }
                if let failure { throw .vault(failure) }
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try await task.value.get()
    }
}
