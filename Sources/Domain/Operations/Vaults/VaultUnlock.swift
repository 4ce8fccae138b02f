// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients
import ConcurrencyTools
import KeePassHTTP
import Logging
import UnicodeText
import Vault

extension RequestHandler {
    /// Refuses a program that the person has muted, before anything is looked at for it.
    ///
    /// Who asks is found out only while anybody is muted: that is expensive, and hardly ever needed.
    func refuseMuted(_ requester: any Requester) async throws(Refusal) {
        guard await approvals.hasMutes else { return }
        if await approvals.isMuted(await requester.caller()) { throw .muted }
    }

    /// Which of two refusals a client gets: for a request that would have to ask, "too many questions" comes before
    /// "locked".
    func limitFirst(_ refusal: Refusal, of verified: VerifiedRequest, asks: Bool) async -> Refusal {
        guard asks, refusal.isLock, await !approvals.hasRoom(for: await verified.requester.caller()) else {
            return refusal
        }
        return .tooMany
    }

    /// The vaults that are open for a verified request; unlocked first, where it wants that and none is.
    ///
    /// The only way to the contents of vaults, so that mutes are always applied first.
    func open(for verified: VerifiedRequest) async throws(Refusal) -> [OpenVault] {
        try await refuseMuted(verified.requester)
        used()
        try await learnHash(for: verified)
        if wantsUnlock(verified.request) {
            let needed = await vaults.needed(for: verified.request)
            if !needed.isEmpty { try await unlock(needed, for: verified) }
        }
        return try await openVaults()
    }

    /// Has the first vault opened where it never was: a reply without its Hash would lead clients astray for good.
    func learnHash(for verified: VerifiedRequest) async throws(Refusal) {
        guard let store = await vaults.neverOpened() else { return }
        if wantsUnlock(verified.request) { try await unlock([store], for: verified) }
        guard await vaults.hash() != nil else { throw .neverOpened(store.name) }
    }

    /// What a look into the open vaults finds for a verified request.
    ///
    /// If nothing is found and other vaults are locked, it may be in those: they are unlocked and looked into if the
    /// request wants that; otherwise the request is refused. "Nothing" is told only when all vaults were looked into.
    func find<Found: Collection & Sendable>(
        for verified: VerifiedRequest,
        _ look: ([OpenVault]) async throws(Refusal) -> Found
    ) async throws(Refusal) -> Found {
        try await find(for: verified, isNothing: \.isEmpty, look)
    }

    /// The same for what is no collection.
    func find<Found: Sendable>(
        for verified: VerifiedRequest,
        isNothing: (Found) -> Bool,
        _ look: ([OpenVault]) async throws(Refusal) -> Found
    ) async throws(Refusal) -> Found {
        let found = try await look(open(for: verified))
        let locked = await vaults.locked()
        guard !locked.isEmpty else { return found }
        guard isNothing(found) else {
            logger.info(
                "served from the vaults that are open",
                metadata: ["locked": "\(locked.map(\.name).joined(separator: ", "))"]
            )
            return found
        }
        guard wantsUnlock(verified.request) else {
            logLocked(locked)
            throw .locked
        }
        try await unlock(locked, for: verified)
        let foundNow = try await look(openVaults())
        // One of them may have stayed locked.
        if isNothing(foundNow) {
            let locked = await vaults.locked()
            guard locked.isEmpty else {
                logLocked(locked)
                throw .locked
            }
        }
        return foundNow
    }

    /// Names the vaults that may hold what the open ones don't, for the client is told nothing of them.
    private func logLocked(_ locked: [any VaultStore]) {
        logger.notice(
            "nothing was found in the vaults that are open, and others are locked",
            metadata: ["locked": "\(locked.map(\.name).joined(separator: ", "))"]
        )
    }

    private func openVaults() async throws(Refusal) -> [OpenVault] {
        do throws(VaultError) {
            return try await vaults.open()
        } catch {
            throw .vault(error)
        }
    }

    /// Asks whether vaults may be unlocked for a verified client, and has them unlocked, one after the other.
    ///
    /// Whoever comes meanwhile joins: there is one unlock request at a time, and one prompt of a vault.
    /// - Throws: What kept the first one closed, where none could be opened.
    func unlock(_ stores: [any VaultStore], for verified: VerifiedRequest) async throws(Refusal) {
        let caller = await verified.requester.asker()
        var question = await unlockQuestion(stores, for: verified.client.id, caller: caller)
        describe(&question, verified: verified, caller: caller)
        question.wantedHost = verified.text("Url").flatMap {
            PageAddress(loose: $0.cut(toBytes: Self.longestAddress))?.hostAndPort
        }
        question.fingerprint = verified.client.fingerprint
        do throws(Refusal) {
            try await unlock(stores, asking: question)
        } catch .withdrawn {
            try await checkKey(of: verified)
            throw .withdrawn
        } catch {
            throw error
        }
        try await checkKey(of: verified)
    }

    /// The same for a client that is being let in: its key is good, for the person has just said so.
    func unlock(_ store: any VaultStore, forNew client: String, caller: Caller) async throws(Refusal) {
        var question = await unlockQuestion([store], for: client, caller: caller)
        question.requestType = RequestType.associate.rawValue
        try await unlock([store], asking: question)
    }

    /// The same for a program that has not said which client it is.
    func unlock(_ store: any VaultStore, forPinging caller: Caller) async throws(Refusal) {
        var question = await unlockQuestion([store], for: nil, caller: caller)
        question.requestType = RequestType.testAssociate.rawValue
        try await unlock([store], asking: question)
    }

    private func unlockQuestion(_ stores: [any VaultStore], for client: String?, caller: Caller) async
        -> ApprovalRequest
    {
        let names = stores.map(\.name)
        var question = ApprovalRequest(
            kind: .unlock,
            caller: caller,
            sameness: sameness(names),
            client: client,
            verified: client != nil,
            vaults: names
        )
        if let only = stores.first, stores.count == 1 { question.isFirstOpening = await only.hash() == nil }
        return question
    }

    private func unlock(_ stores: [any VaultStore], asking question: ApprovalRequest) async throws(Refusal) {
        // In a task of its own: what the person has begun to type is not lost when the client gives up.
        let task = Task(executorPreference: TaskQueue.shared) { () async -> Result<Void, Refusal> in
            do throws(Refusal) {
                let decided = try PersonDecision(await approvals.ask(question))
                guard decided.allows else { throw .locked }
                let reason = UnlockReason(
                    program: Wording.asker(question.caller),
                    client: question.client
                )
                var failures: [VaultError] = []
                for store in stores {
                    do throws(VaultError) {
                        try await store.unlock(for: reason)
                    } catch {
                        failures.append(error)
                        tell(error, of: store)
                    }
                }
                // Used up, whatever came of it: who closes the password's window must not get it again unasked.
                if let code = decided.code { await approvals.delivered(code) }
                if let failure = failures.first, failures.count == stores.count { throw .vault(failure) }
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try await task.value.get()
    }

    private func tell(_ error: VaultError, of store: any VaultStore) {
        logger.warning(
            "a vault could not be unlocked",
            metadata: ["vault": "\(store.name)", "why": "\(Refusal.vault(error).sentence)"]
        )
    }
}
