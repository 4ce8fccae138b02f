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
/// Whoever comes meanwhile asks as well, so that it can't answer: the queue joins those who want no more than is
/// already shown, and what was allowed is opened once for all of them. So each opens just what it has asked for.
struct VaultUnlock: Sendable {
    private let vaults: VaultSet
    private let approvals: ApprovalBroker
    private let unlocks: AllowedUnlocks
    private let keys: KeyCheck
    private let logger: Logger

    /// Makes one for these vaults.
    init(
        vaults: VaultSet,
        approvals: ApprovalBroker,
        unlocks: AllowedUnlocks,
        keys: KeyCheck,
        logger: Logger
    ) {
        self.vaults = vaults
        self.approvals = approvals
        self.unlocks = unlocks
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
        let stores = try await openable(stores)
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
        _ = try await openable([store])
        var question = await question(about: [store], for: client, caller: await requester.asker())
        question.requestType = RequestType.associate.rawValue
        try await unlock([store], asking: question)
        guard await vaults.hash() != nil else { throw .neverOpened }
    }

    /// Unlocks a vault for a program that has not said which client it is.
    func unlock(_ store: any VaultStore, forPinging caller: Caller) async throws(Refusal) {
        _ = try await openable([store])
        var question = await question(about: [store], for: nil, caller: caller)
        question.requestType = RequestType.testAssociate.rawValue
        try await unlock([store], asking: question)
    }

    /// Those that the person may open by an answer: they aren't asked about the others.
    ///
    /// - Throws: What keeps the first one closed, where there are none.
    private func openable(_ stores: [any VaultStore]) async throws(Refusal) -> [any VaultStore] {
        var (openable, obstacle): ([any VaultStore], String?) = ([], nil)
        for store in stores {
            guard let reason = await store.unlockObstacle() else {
                openable.append(store)
                continue
            }
            logger.notice(
                "a vault is wanted that can't be unlocked by an answer",
                metadata: ["vault": "\(store.name)", "why": "\(reason)"]
            )
            obstacle = obstacle ?? reason
        }
        if openable.isEmpty, let obstacle { throw .vault(.unavailable(obstacle)) }
        return openable
    }

    private func question(
        about stores: [any VaultStore],
        for client: String?,
        caller: Caller
    ) async -> ApprovalRequest {
        var question = ApprovalRequest(
            kind: .unlock,
            caller: caller,
            questionDigest: [],
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
        // In a task of its own: what the person has begun to type isn't lost when the client gives up.
        let task = Task(executorPreference: MainLoop.executor) {
            await Result { () async throws(Refusal) in
                let answer = await approvals.ask(question) { await Self.areLocked(stores) }
                // Opened by other means, and maybe locked again since: nobody has said that it may be opened.
                guard answer != .opened else { return true }
                guard let decided = try await allowed(answer, of: stores), let code = decided.code else {
                    return false
                }
                let reason = UnlockReason(
                    program: Wording.asker(question.caller),
                    client: question.client
                )
                var failures: [Refusal] = []
                for store in stores {
                    do throws(Refusal) {
                        try await open(store, allowedAs: code, for: reason)
                    } catch {
                        failures.append(error)
                    }
                }
                // Used up, whatever came of it: a person who closes the password prompt must not get it again unasked.
                await approvals.delivered(code)
                if let failure = failures.first, failures.count == stores.count { throw failure }
                return true
            }
        }
        return try await task.value.get()
    }

    private func open(
        _ store: any VaultStore,
        allowedAs code: String,
        for reason: UnlockReason
    ) async throws(Refusal) {
        try await unlocks.carryOut(store.name, allowedAs: code, while: { await Self.areLocked([store]) }) {
            (cancellation) async throws(Refusal) in
            var reason = reason
            reason.cancellation = cancellation
            do throws(VaultError) {
                try await store.unlock(for: reason)
            } catch {
                tell(error, of: store)
                let refusal = Refusal.vault(error)
                if let why = refusal.failure(of: store.name) { await approvals.failed(code, because: why) }
                throw refusal
            }
            // Whoever waits for the same goes on, before anything else is asked: what follows the vault tells too late for
            // that.
            await approvals.opened(store.name)
        }
    }

    /// Whether any of them has to be opened, even if only so that its Hash becomes known.
    private static func areLocked(_ stores: [any VaultStore]) async -> Bool {
        for store in stores {
            if await store.isLocked() { return true }
            if await store.hash() == nil { return true }
        }
        return false
    }

    /// An allow; nil if the person has meanwhile opened one of the vaults by other means, and so meant only the others.
    private func allowed(
        _ answer: Answer,
        of stores: [any VaultStore]
    ) async throws(Refusal) -> PersonDecision? {
        do throws(Refusal) {
            let decided = try PersonDecision(answer)
            guard decided.allows else { throw .locked }
            return decided
        } catch {
            for store in stores where await !store.isLocked() { return nil }
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
