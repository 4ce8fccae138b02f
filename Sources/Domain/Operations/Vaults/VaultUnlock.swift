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
/// Whoever comes meanwhile joins: there is one unlock request at a time, and one prompt of a vault.
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
    /// - Throws: What kept the first one closed, where none could be opened.
    func unlock(_ stores: [any VaultStore], for verified: VerifiedRequest) async throws(Refusal) {
        let caller = await verified.requester.asker()
        var question = await question(about: stores, for: verified.client.id, caller: caller)
        question.describe(verified, caller: caller, among: vaults)
        question.wantedHost = verified.text("Url").flatMap {
            PageAddress(loose: $0.cut(toBytes: PageQuery.longestAddress))?.hostAndPort
        }
        question.fingerprint = verified.client.fingerprint
        do throws(Refusal) {
            try await unlock(stores, asking: question)
        } catch .withdrawn {
            try await keys.check(verified)
            throw .withdrawn
        } catch {
            throw error
        }
        try await keys.check(verified)
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
