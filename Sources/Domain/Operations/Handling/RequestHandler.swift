// SPDX-License-Identifier: Apache-2.0

package import Approval
package import Audit
import Clients
import KeePassHTTP
package import Logging
package import SecureMemory
import Vault

/// Answers requests: bytes of a request in, bytes of the reply out.
///
/// The order of checks: JSON, type, verify, decrypt, required fields, the program's mute, locked; and what isn't public
/// is looked at only after the person's word (docs/architecture.md, "First the word, then the look"). Each RequestType
/// has a file of its own; this one only sends a request there and turns what comes back into bytes.
package struct RequestHandler: MessageHandler {
    private(set) var vaults: VaultSet
    let clients: any ClientStore
    let grants: any GrantStore
    let approvals: ApprovalBroker
    private(set) var policy: Policy
    let saves = SaveLedger()
    let unlocks = KeyringUnlocks()
    let unlockOffers = UnlockOffers()
    let searches = SearchQueue()
    let messages = MessageCoder()
    var replies = ReplyBudget()
    /// What follows the answers; to be finished before the daemon ends.
    package let followUps = FollowUpTasks()
    let logger: Logger
    /// How long a signed test-associate is held while the keyring is being unlocked for it.
    var testAssociateHold: Duration = .seconds(15)
    /// The time in seconds since 1970, for what expires.
    let now: @Sendable () -> Int64
    /// Hears of logins that have reached a client.
    let tellDelivery: @Sendable (Delivery) async -> Void
    /// Keeps a record of what was done.
    let audit: Recorder
    /// Hears of every use of a vault.
    let used: @Sendable () -> Void

    /// Makes a handler that uses these parts.
    package init(
        vaults: VaultSet,
        clients: any ClientStore,
        grants: any GrantStore,
        approvals: ApprovalBroker,
        policy: Policy,
        logger: Logger,
        now: @escaping @Sendable () -> Int64,
        tellDelivery: @escaping @Sendable (Delivery) async -> Void = { _ in },
        audit: @escaping Recorder = { _, _ in true },
        used: @escaping @Sendable () -> Void = {}
    ) {
        self.vaults = vaults
        self.clients = clients
        self.grants = grants
        self.approvals = approvals
        self.policy = policy
        self.logger = logger
        self.now = now
        self.tellDelivery = tellDelivery
        self.audit = audit
        self.used = used
    }

    /// The same handler under another policy and over other vaults.
    ///
    /// What it remembers is shared. A request is answered to its end by the handler that it came to, so that one policy holds
    /// for all of it.
    package func under(_ policy: Policy, over vaults: VaultSet) -> RequestHandler {
        var handler = self
        (handler.policy, handler.vaults) = (policy, vaults)
        return handler
    }

    /// Answers one request.
    ///
    /// Waits as long as the person does, and never throws.
    package func answer(_ body: WipedBytes, from requester: any Requester) async -> EncodedReply {
        let request: Request
        do throws(RequestError) {
            request = try await messages.request(in: body, from: requester).get()
        } catch {
            return await refuse(.invalid(error), type: nil, id: nil)
        }
        do throws(Refusal) {
            return await sealed(try await carryOut(request, from: requester), for: requester)
        } catch {
            logger.info(
                "refused",
                metadata: ["type": "\(request.type.rawValue)", "why": "\(error.sentence)"]
            )
            switch error {
            case .vault(.failed(let reason)): logger.error("a vault failed", metadata: ["why": "\(reason)"])
            case .keyring(let advice):
                logger.error("the keyring can't be used", metadata: ["why": "\(advice)"])
            default: break
            }
            return await refuse(error, type: request.type, id: request.id)
        }
    }

    /// The Hash that every reply carries, once it is known.
    package func hash() async -> String? {
        await vaults.hash()
    }

    /// The version that replies to this client carry.
    func version(for id: String?) -> String {
        policy.rules(for: id).version
    }

    private func carryOut(_ request: Request, from requester: any Requester) async throws(Refusal)
        -> OperationResult
    {
        switch request.type {
        case .testAssociate: try await testAssociate(request, from: requester)
        case .associate: try await associate(request, from: requester)
        case .getLogins: try await reading(verify(request, from: requester), getLogins)
        case .getLoginsCount: try await reading(verify(request, from: requester), getLoginsCount)
        case .getLoginsByNames: try await reading(verify(request, from: requester), getLoginsByNames)
        case .getLoginByUUID: try await reading(verify(request, from: requester), getLoginByUUID)
        case .getAllLogins: try await reading(verify(request, from: requester), getAllLogins)
        case .customSearch: try await reading(verify(request, from: requester), customSearch)
        case .setLogin: try await setLogin(verify(request, from: requester))
        case .generatePassword: try await generatePassword(verify(request, from: requester))
        }
    }

    /// A read for a program that is muted finds nothing, as one that is denied.
    private func reading(
        _ verified: VerifiedRequest,
        _ operation: (VerifiedRequest) async throws(Refusal) -> OperationResult
    ) async throws(Refusal) -> OperationResult {
        do throws(Refusal) {
            return try await operation(verified)
        } catch .muted {
            // A reply without it would lead clients astray for good.
            guard let hash = await vaults.hash() else { throw .muted }
            var reply = verified.reply(hash: hash)
            if verified.request.type != .getLoginsCount { reply.entries = [] }
            reply.count = 0
            return OperationResult(reply: reply, to: verified.conversation)
        } catch {
            throw error
        }
    }

    private func sealed(_ answered: OperationResult, for requester: any Requester) async -> EncodedReply {
        let body = await messages.text(of: answered.reply, sealedFor: answered.request, requester)
        let (settles, misses, lease) = (answered.settles, answered.misses, answered.lease)
        return EncodedReply(status: 200, body: body) { arrived in
            await (arrived ? settles : misses)?()
            withExtendedLifetime(lease) {}
        }
    }

    private func refuse(_ refusal: Refusal, type: RequestType?, id: String?) async -> EncodedReply {
        var refusal = refusal
        // Clients take a 200 without a Hash for a broken server, or keep a key under a wrong one for good.
        if refusal.status(for: type) != 400, let store = await vaults.neverOpened() {
            refusal = refusal.beforeOpening(store.name)
        }
        var reply = Reply(
            failing: type,
            error: refusal.sentence,
            version: version(for: id),
            hash: await vaults.hash()
        )
        if case .invalid(.unknownCommand(let name)) = refusal { reply.unknownType = name }
        return EncodedReply(status: refusal.status(for: type), body: reply.encoded()) { _ in }
    }
}
