// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients
import ConcurrencyTools
import KeePassHTTP
import Logging
import UnicodeText
import Vault

/// Asks whether vaults may be unlocked, and has them unlocked.
///
/// Whoever comes meanwhile asks as well, so that it can't answer: the queue joins those who want no more than is shown
/// already, and a vault has one prompt for all. So each opens just what it has asked for.
struct VaultUnlock: Sendable {
    private let vaults: VaultSet
    private let approvals: ApprovalBroker
    private let keys: KeyCheck
    private let logger: Logger

    /// Makes one for these vaults.
    init(vaults: VaultSet, approvals: ApprovalBroker, keys: KeyCheck, logger: Logger) {
        self.vaults = vaults
        self.approvals = approvals
        self.keys = keys
        self.logger = logger
    }

    /// Unlocks vaults for a verified client, one after the other.
    ///
    /// - Returns: Whether they were asked for with success; false where the person has said no, or nothing, and opened one
    ///   of them by other means meanwhile.
    /// - Throws: What kept the first one closed, where none could be opened.
    @discardableResult
    func unlock(_ stores: [any VaultStore], for verified: VerifiedRequest) async throws(Refusal) -> Bool {
        let caller = await verified.requester.asker()
        var question = await question(about: stores, for: verified.client.id, caller: caller)
        question.describe(verified, caller: caller, among: vaults)
        question.wantedHost = verified.text("Url").flatMap {
            PageAddress(loose: $0.cut(toBytes: PageQuery.longestAddress))?.hostAndPort
        }
        question.fingerprint = verified.client.fingerprint
        let isAllowed: Bool
        do throws(Refusal) {
            isAllowed = try await unlock(stores, asking: question)
        } catch .withdrawn {
            try await keys.check(verified)
            throw .withdrawn
        } catch {
            throw error
        }
        try await keys.check(verified)
        return isAllowed
    }

    /// Has the first vault opened where it never was, for a client that is being let in: its answer carries the real Hash.
    ///
    /// The client's key is good, for the person has just said so.
    func learnHash(forNew client: String, from requester: CachedRequester) async throws(Refusal) {
        guard let store = await vaults.neverOpened() else { return }
        var question = await question(about: [store], for: client, caller: await requester.asker())
        question.requestType = RequestType.associate.rawValue
        try await unlock([store], asking: question)
        guard await vaults.hash() != nil else { throw .neverOpened(store.name) }
    }

    /// Unlocks a vault for a program that has not said which client it is.
    func unlock(_ store: any VaultStore, forPinging caller: Caller) async throws(Refusal) {
        var question = await question(about: [store], for: nil, caller: caller)
        question.requestType = RequestType.testAssociate.rawValue
        try await unlock([store], asking: question)
    }

    private func question(
        about stores: [any VaultStore],
        for client: String?,
        caller: Caller
    ) async -> ApprovalRequest {
        var question = ApprovalRequest(
            kind: .unlock,
            caller: caller,
            sameness: [],
            client: client,
            verified: client != nil,
            vaults: stores.map(\.name)
        )
        if let only = stores.first, stores.count == 1 { question.isFirstOpening = await only.hash() == nil }
        return question
    }

    @discardableResult
    private func unlock(
        _ stores: [any VaultStore],
        asking question: ApprovalRequest
    ) async throws(Refusal) -> Bool {
        // In a task of its own: what the person has begun to type is not lost when the client gives up.
        let task = Task(executorPreference: TaskQueue.shared) { () async -> Result<Bool, Refusal> in
            do throws(Refusal) {
                let answer = await approvals.ask(question)
                guard let decided = try await allowed(answer, of: stores) else { return .success(false) }
                let reason = UnlockReason(
                    program: Wording.asker(question.caller),
                    client: question.client
                )
                var failures: [VaultError] = []
                for store in stores {
                    do throws(VaultError) {
                        try await store.unlock(for: reason)
                        // Whoever waits for the same goes on, before anything else is asked.
                        await approvals.opened(store.name)
                    } catch {
                        failures.append(error)
                        tell(error, of: store)
                    }
                }
                // Used up, whatever came of it: who closes the password's window must not get it again unasked.
                if let code = decided.code { await approvals.delivered(code) }
                if let failure = failures.first, failures.count == stores.count { throw .vault(failure) }
                return .success(true)
            } catch {
                return .failure(error)
            }
        }
        return try await task.value.get()
    }

    /// An allow; nil where the person has opened one of the vaults by other means meanwhile, and so meant just the others.
    private func allowed(
        _ answer: Answer,
        of stores: [any VaultStore]
    ) async throws(Refusal) -> PersonDecision? {
        do throws(Refusal) {
            let decided = try PersonDecision(answer)
            guard decided.allows else { throw .locked }
            return decided
        } catch {
            for store in stores where await !store.status().isLocked { return nil }
            throw error
        }
    }

    private func tell(_ error: VaultError, of store: any VaultStore) {
        logger.warning(
            "a vault could not be unlocked",
            metadata: ["vault": "\(store.name)", "why": "\(Refusal.vault(error).sentence)"]
        )
    }
}
