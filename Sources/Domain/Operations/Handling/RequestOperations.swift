// SPDX-License-Identifier: Apache-2.0

import Clients
import KeePassHTTP
import Logging
import Vault

/// An operation on a request whose signature has been checked.
protocol VerifiedOperation: Sendable {
    /// Answers it.
    func answer(_ verified: VerifiedRequest) async throws(Refusal) -> OperationResult
}

/// The operations by RequestType, each made once with what it needs.
struct RequestOperations: Sendable {
    private let vaults: VaultSet
    private let verifier: RequestVerifier
    private let keys: KeyCheck
    private let testAssociate: TestAssociate
    private let associate: Associate
    private let getLogins: GetLogins
    private let getLoginsCount: GetLoginsCount
    private let getLoginsByNames: GetLoginsByNames
    private let getLoginByUUID: GetLoginByUUID
    private let getAllLogins: GetAllLogins
    private let customSearch: CustomSearch
    private let setLogin: SetLogin
    private let generatePassword: GeneratePassword
    private let logger: Logger

    /// Makes them.
    init(_ parts: HandlerParts, policy: Policy, vaults: VaultSet) {
        let (clients, approvals, logger) = (parts.clients, parts.approvals, parts.logger)
        let keys = KeyCheck(clients: clients)
        (self.keys, self.logger) = (keys, logger)
        let mutes = MuteCheck(approvals: approvals)
        let recorder = RequestRecorder(audit: parts.audit, approvals: parts.approvals)
        let keyring = KeyringUnlock(clients: clients, approvals: approvals, unlocks: parts.unlocks)
        let vaultUnlock = VaultUnlock(
            vaults: vaults,
            approvals: approvals,
            unlocks: parts.unlocks,
            keys: keys,
            logger: logger
        )
        let access = VaultAccess(
            vaults: vaults,
            approvals: approvals,
            mutes: mutes,
            vaultUnlock: vaultUnlock,
            notices: parts.notices,
            logger: logger
        )
        let decisions = RememberedDecisions(grants: parts.grants, clients: clients, logger: logger)
        let approval = ClientApproval(approvals: approvals, keys: keys, decisions: decisions)
        let permissions = StandingPermissions(decisions: decisions)
        let questions = ReleaseQuestion(vaults: vaults)
        let release = ReleaseDecision(
            permissions: permissions,
            questions: questions,
            approval: approval,
            decisions: decisions
        )
        let saveApproval = SaveApproval(
            vaults: vaults,
            saves: parts.saves,
            decisions: decisions,
            approval: approval
        )
        let saving = LoginSaving(
            approvals: approvals,
            keys: keys,
            mutes: mutes,
            permissions: permissions,
            approval: saveApproval,
            recorder: recorder,
            used: parts.used
        )
        let handout = Handout(
            vaults: vaults,
            approvals: approvals,
            keys: keys,
            mutes: mutes,
            permissions: permissions,
            entries: EntryOpener(replies: parts.replies, now: parts.now, logger: logger),
            counterCodes: CounterCodes(
                approvals: approvals,
                saves: parts.saves,
                saving: saving,
                line: parts.counterLine,
                logger: logger
            ),
            deliveries: DeliveryRecorder(
                recorder: recorder,
                tellDelivery: parts.tellDelivery,
                followUps: parts.followUps
            ),
            logger: logger,
            used: parts.used
        )
        let order = policy.match.sortBy
        let bulk = BulkRead(access: access, release: release, handout: handout, order: order)
        let pages = PageQuery(options: policy.match, now: parts.now)
        let naming = ClientNaming(clients: clients)

        self.vaults = vaults
        verifier = RequestVerifier(
            clients: clients,
            keyring: keyring,
            messages: parts.messages,
            policy: policy
        )
        testAssociate = TestAssociate(
            vaults: vaults,
            verifier: verifier,
            mutes: mutes,
            vaultUnlock: vaultUnlock,
            offer: FirstOpeningOffer(
                vaults: vaults,
                approvals: approvals,
                offers: parts.unlockOffers,
                vaultUnlock: vaultUnlock
            ),
            policy: policy,
            hold: parts.testAssociateHold
        )
        associate = Associate(
            vaults: vaults,
            approvals: approvals,
            keyring: keyring,
            vaultUnlock: vaultUnlock,
            naming: naming,
            admission: ClientAdmission(
                approvals: approvals,
                naming: naming,
                registration: KeyRegistration(
                    vaults: vaults,
                    clients: clients,
                    grants: parts.grants,
                    logger: logger
                ),
                vaultUnlock: vaultUnlock,
                policy: policy
            ),
            recorder: recorder,
            policy: policy
        )
        getLogins = GetLogins(access: access, pages: pages, release: release, handout: handout)
        getLoginsCount = GetLoginsCount(vaults: vaults, access: access, pages: pages)
        getLoginsByNames = GetLoginsByNames(bulk: bulk)
        getLoginByUUID = GetLoginByUUID(bulk: bulk)
        getAllLogins = GetAllLogins(bulk: bulk)
        customSearch = CustomSearch(
            mutes: mutes,
            search: VaultSearch(
                vaults: vaults,
                access: access,
                mutes: mutes,
                queue: parts.searches,
                order: order,
                now: parts.now
            ),
            advance: AdvanceApproval(
                vaults: vaults,
                access: access,
                approvals: approvals,
                questions: questions,
                approval: approval
            ),
            release: release,
            handout: handout
        )
        setLogin = SetLogin(
            vaults: vaults,
            approvals: approvals,
            mutes: mutes,
            access: access,
            saves: parts.saves,
            approval: saveApproval,
            saving: saving
        )
        generatePassword = GeneratePassword(
            vaults: vaults,
            mutes: mutes,
            access: access,
            recipe: policy.recipe
        )
    }

    /// Has a request answered by the operation of its type.
    func answer(
        _ request: Request,
        from requester: CachedRequester
    ) async throws(Refusal) -> OperationResult {
        switch request.type {
        case .testAssociate: try await testAssociate.answer(request, from: requester)
        case .associate: try await associate.answer(request, from: requester)
        case .getLogins: try await read(request, from: requester, getLogins)
        case .getLoginsCount: try await read(request, from: requester, getLoginsCount)
        case .getLoginsByNames: try await read(request, from: requester, getLoginsByNames)
        case .getLoginByUUID: try await read(request, from: requester, getLoginByUUID)
        case .getAllLogins: try await read(request, from: requester, getAllLogins)
        case .customSearch: try await read(request, from: requester, customSearch)
        case .setLogin: try await answer(verifier.verify(request, from: requester), setLogin)
        case .generatePassword:
            try await answer(verifier.verify(request, from: requester), generatePassword)
        }
    }

    /// Has a verified request answered, and anew where its client was restricted to something else meanwhile: nothing has been
    /// handed out or saved then, and the answer is to be right for what the client sees now.
    private func answer(
        _ verified: VerifiedRequest,
        _ operation: some VerifiedOperation
    ) async throws(Refusal) -> OperationResult {
        var verified = verified
        for _ in 1..<Self.rounds {
            do throws(Refusal) {
                return try await operation.answer(verified)
            } catch .restrictedMeanwhile {
                logger.notice(
                    "a client was restricted to something else meanwhile, and is answered anew",
                    metadata: [
                        "type": "\(verified.request.type.rawValue)", "client": "\(verified.client.id)",
                    ]
                )
                verified = try await keys.renewed(verified)
            } catch {
                throw error
            }
        }
        return try await operation.answer(verified)
    }

    /// How often a request is answered whose client's restriction changes each time.
    private static let rounds = 4

    /// For a muted program a read finds nothing, just as if it had been denied.
    private func read(
        _ request: Request,
        from requester: CachedRequester,
        _ operation: some VerifiedOperation
    ) async throws(Refusal) -> OperationResult {
        let verified = try await verifier.verify(request, from: requester)
        do throws(Refusal) {
            return try await answer(verified, operation)
        } catch .muted {
            // A reply without it would lead clients astray for good.
            guard let hash = await vaults.hash() else { throw .muted }
            var reply = verified.reply(hash: hash)
            if request.type != .getLoginsCount { reply.entries = [] }
            reply.count = 0
            return OperationResult(reply: reply, to: verified.message)
        } catch {
            throw error
        }
    }
}
