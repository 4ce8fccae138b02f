// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients
import DisplayText
import KeePassHTTP
import Vault

/// A new key that is stored by the person's word.
struct Admission: Sendable {
    /// Its Id.
    var id: String
    /// Who asked.
    var caller: Caller
    var code: String?
    /// The fingerprint of the key that the person let it replace.
    var replaced: String?
    /// What the person restricts it to; nil to leave that as it is.
    var restriction: ClientRestriction?
}

/// Asks the person about new keys until they are stored.
struct ClientAdmission: Sendable {
    /// How often an Id that turns out to be taken brings the question back before Keybell gives up.
    private static let rounds = 8

    private let approvals: ApprovalBroker
    private let naming: ClientNaming
    private let registration: KeyRegistration
    private let vaultUnlock: VaultUnlock
    private let policy: Policy

    /// Makes one that names and stores keys by these.
    init(
        approvals: ApprovalBroker,
        naming: ClientNaming,
        registration: KeyRegistration,
        vaultUnlock: VaultUnlock,
        policy: Policy
    ) {
        self.approvals = approvals
        self.naming = naming
        self.registration = registration
        self.vaultUnlock = vaultUnlock
        self.policy = policy
    }

    /// Asks until the key is stored, under an Id that is free or that the person lets it take over.
    func admit(
        _ key: ClientKey,
        proposed: String?,
        from requester: CachedRequester
    ) async throws(Refusal) -> Admission {
        var base: String?
        for _ in 0..<Self.rounds {
            let caller = await requester.asker()
            let offer =
                if let base {
                    await naming.offer(near: base)
                } else {
                    await naming.offer(proposed, for: key, caller: caller)
                }
            var question = ApprovalRequest(
                kind: .associate,
                caller: caller,
                questionDigest: questionDigest(key.fingerprint, proposed ?? ""),
                suggestedID: offer.text,
                fingerprint: key.fingerprint
            )
            question.deniedName = base
            question.exception = policy.exception(for: offer.text)
            question.isNameTaken = await naming.isTaken(offer.text, notBy: key)
            question.restricted = await naming.restricted(key, of: caller)
            question.unlocksKeyring = await registration.isLocked()
            let decided = try PersonDecision(await approvals.ask(question))
            guard decided.allows else { throw decided.refusal }
            if let chosen = decided.choices.id, let name = await naming.nameOfAnother(chosen, than: key) {
                // The person is asked again, with a similar name that is free; the answer already given doesn't apply
                // to that.
                if let code = decided.code { await approvals.delivered(code) }
                base = name
                continue
            }
            let name = AgreedName(
                text: decided.choices.id ?? offer.text,
                base: offer.base,
                isWanted: decided.choices.isNamedByPerson
                    || proposed.flatMap { PlainName($0) }?.text == offer.text
            )
            let agreed = Admission(
                id: name.text,
                caller: caller,
                code: decided.code,
                restriction: decided.choices.restriction
            )
            if let admission = try await keep(key, under: name, agreed, proposed: proposed, from: requester) {
                return admission
            }
            base = name.text
        }
        throw .keyring(ClientError.taken(base ?? "").advice)
    }

    /// Stores a key under a name, asking first if another key has that; nil after a denial of it.
    ///
    /// Much can happen while the person opens a keyring or a vault for it. If a client other than the one that the
    /// person saw has the Id when the key is stored, they are asked again.
    private func keep(
        _ key: ClientKey,
        under name: AgreedName,
        _ agreed: Admission,
        proposed: String?,
        from requester: CachedRequester
    ) async throws(Refusal) -> Admission? {
        var admission = agreed
        do throws(Refusal) {
            return try await keep(key, under: name, &admission, proposed: proposed, from: requester)
        } catch {
            if let code = admission.code, let why = error.failure(of: nil) {
                await approvals.failed(code, because: why)
            }
            throw error
        }
    }

    private func keep(
        _ key: ClientKey,
        under name: AgreedName,
        _ admission: inout Admission,
        proposed: String?,
        from requester: CachedRequester
    ) async throws(Refusal) -> Admission? {
        for _ in 0..<Self.rounds {
            try await registration.unlock()
            admission.id = try await naming.id(for: key, under: name)
            let holder = try await naming.client(admission.id)
            if let holder, ![key.fingerprint, admission.replaced].contains(holder.fingerprint) {
                admission.caller = await requester.asker()
                var overwrite = ApprovalRequest(
                    kind: .overwrite,
                    caller: admission.caller,
                    questionDigest: questionDigest(key.fingerprint, proposed ?? ""),
                    client: admission.id,
                    suggestedID: admission.id,
                    fingerprint: key.fingerprint
                )
                overwrite.replaced = KeyOwner(holder)
                overwrite.exception = policy.exception(for: admission.id)
                let answer = await approvals.ask(overwrite)
                // Whoever had the name has been revoked meanwhile, or has lost it to somebody else.
                if answer == .withdrawn,
                    try await naming.client(admission.id)?.fingerprint != holder.fingerprint
                {
                    continue
                }
                let decided = try PersonDecision(answer)
                guard decided.allows else { return nil }
                admission.code = decided.code
                admission.restriction = decided.choices.restriction ?? admission.restriction
                admission.replaced = holder.fingerprint
            }
            try await vaultUnlock.learnHash(forNew: admission.id, from: requester)
            if try await registration.store(key, as: admission) { return admission }
        }
        throw .keyring(ClientError.taken(name.text).advice)
    }
}
