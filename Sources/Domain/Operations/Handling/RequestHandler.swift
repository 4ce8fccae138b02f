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
/// has a type of its own; this one only has a request sent there and turns what comes back into bytes.
package final class RequestHandler: MessageHandler {
    let parts: HandlerParts
    private let policy: Policy
    private let vaults: VaultSet
    private let operations: RequestOperations

    /// Makes a handler that uses these parts.
    package convenience init(
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
        let parts = HandlerParts(
            clients: clients,
            grants: grants,
            approvals: approvals,
            logger: logger,
            now: now,
            tellDelivery: tellDelivery,
            audit: audit,
            used: used
        )
        self.init(parts, policy: policy, vaults: vaults)
    }

    /// Makes a handler that continues what earlier ones have begun.
    init(_ parts: HandlerParts, policy: Policy, vaults: VaultSet) {
        self.parts = parts
        self.policy = policy
        self.vaults = vaults
        operations = RequestOperations(parts, policy: policy, vaults: vaults)
    }

    /// The same handler under another policy and over other vaults.
    ///
    /// What it remembers is shared. A request is answered to its end by the handler that it came to, so that one policy holds
    /// for all of it.
    package func under(_ policy: Policy, over vaults: VaultSet) -> RequestHandler {
        RequestHandler(parts, policy: policy, vaults: vaults)
    }

    /// What follows the answers; to be finished before the daemon ends.
    package var followUps: FollowUpTasks { parts.followUps }

    /// Ends allowed unlocks together with their password prompts, and lets no more begin: the daemon is ending.
    package func endUnlocks() async { await parts.unlocks.end() }

    /// Answers one request.
    ///
    /// Waits as long as the person does, and never throws.
    package func answer(_ body: WipedBytes, from requester: any Requester) async -> EncodedReply {
        let requester = CachedRequester(requester)
        let request: Request
        do throws(RequestError) {
            request = try await parts.messages.request(in: body, from: requester).get()
        } catch {
            return await refuse(.invalid(error), type: nil, id: nil)
        }
        await parts.clients.wake()
        do throws(Refusal) {
            return await sealed(try await operations.answer(request, from: requester), for: requester)
        } catch {
            log(error, of: request.type)
            return await refuse(error, type: request.type, id: request.id)
        }
    }

    /// The Hash that every reply carries, once it is known.
    package func hash() async -> String? {
        await vaults.hash()
    }

    private func sealed(_ answered: OperationResult, for requester: CachedRequester) async -> EncodedReply {
        let body = await parts.messages.text(of: answered.reply, sealedFor: answered.request, requester)
        let (settles, ends, lease) = (answered.settles, answered.ends, answered.lease)
        guard settles != nil || ends != nil || lease != nil else { return EncodedReply(body: body) }
        return EncodedReply(status: 200, body: body) { outcome in
            if outcome == .arrived { await settles?() }
            ends?(outcome)
            withExtendedLifetime(lease) {}
        }
    }

    private func log(_ refusal: Refusal, of type: RequestType) {
        let (notices, logger) = (parts.notices, parts.logger)
        notices.tell("refused \(type.rawValue)", why: refusal.sentence, .info, to: logger)
        switch refusal {
        // Of a save the vault itself says it, with its name.
        case .vault(.failed(let reason)) where type != .setLogin:
            notices.tell("a vault failed", why: "\(reason)", .error, to: logger)
        case .keyring(let advice): notices.tell("the keyring can't be used", why: advice, .error, to: logger)
        default: break
        }
    }

    private func refuse(_ refusal: Refusal, type: RequestType?, id: String?) async -> EncodedReply {
        var refusal = refusal
        // Clients take a 200 without a Hash for a broken server, or keep a key under a wrong one for good.
        if refusal.status(for: type) != 400, await vaults.neverOpened() != nil {
            refusal = refusal.beforeOpening
        }
        var reply = Reply(
            failing: type,
            error: refusal.sentence,
            version: policy.rules(for: id).version,
            hash: await vaults.hash()
        )
        if case .invalid(.unknownCommand(let name)) = refusal { reply.unknownType = name }
        return EncodedReply(status: refusal.status(for: type), body: reply.encoded())
    }
}
