// SPDX-License-Identifier: Apache-2.0

import Clients
import ConcurrencyTools
import KeePassHTTP
import Vault

/// `test-associate`: whether this client is known.
///
/// Always 200, also while everything is locked: several extensions send it unsigned before anything else, and need the
/// Hash. While that isn't known, it is refused, and the person is asked to have the vault opened. A signed one with
/// TriggerUnlock has what is locked unlocked, and waits for that.
struct TestAssociate: Sendable {
    private let vaults: VaultSet
    private let verifier: RequestVerifier
    private let mutes: MuteCheck
    private let vaultUnlock: VaultUnlock
    private let offer: FirstOpeningOffer
    private let policy: Policy
    private let hold: Duration

    /// Makes one that holds a request for this long while things are unlocked for it.
    init(
        vaults: VaultSet,
        verifier: RequestVerifier,
        mutes: MuteCheck,
        vaultUnlock: VaultUnlock,
        offer: FirstOpeningOffer,
        policy: Policy,
        hold: Duration
    ) {
        self.vaults = vaults
        self.verifier = verifier
        self.mutes = mutes
        self.vaultUnlock = vaultUnlock
        self.offer = offer
        self.policy = policy
        self.hold = hold
    }

    /// Answers it, signed or not.
    func answer(
        _ request: Request,
        from requester: CachedRequester
    ) async throws(Refusal) -> OperationResult {
        guard request.id != nil, request.signature != nil else {
            try await offer.check(requester)
            return await failing(request, because: nil)
        }
        if !policy.wantsUnlock(request) { try await offer.check(requester) }
        let refusal: Refusal
        do throws(Refusal) {
            let verified = try await known(request, from: requester)
            if let hash = await vaults.hash() {
                return OperationResult(reply: verified.reply(hash: hash), to: verified.message)
            }
            // It was asked for just now.
            refusal = .locked
        } catch {
            refusal = error
        }
        // No known client has had it asked for.
        if refusal == .unverified { try await offer.check(requester) }
        if await vaults.neverOpened() != nil {
            // Never a 400 here, either.
            throw refusal.status(for: request.type) == 400 ? .neverOpened : refusal
        }
        return await failing(request, because: refusal.sentence)
    }

    private func failing(_ request: Request, because sentence: String?) async -> OperationResult {
        let reply = Reply(
            failing: request.type,
            error: sentence,
            version: policy.rules(for: request.id).version,
            hash: await vaults.hash()
        )
        return OperationResult(reply: reply)
    }

    /// Verifies a request, and has what is closed opened if it wants that; both wait only for a while.
    ///
    /// Whether or not that is opened in time, the client is known. A muted program isn't told so.
    private func known(
        _ request: Request,
        from requester: CachedRequester
    ) async throws(Refusal) -> VerifiedRequest {
        let started = ContinuousClock.now
        let verified = try await verifier.verify(request, from: requester, holding: hold)
        try await mutes.check(requester)
        var closed = verified.wantsUnlock ? await verified.seen(of: vaults).needed(for: request) : []
        if closed.isEmpty, let store = await vaults.neverOpened(),
            verified.client.restriction.admits(vault: store.name)
        {
            closed = [store]
        }
        if !closed.isEmpty {
            // Opened or not, in time or not, the client is known; so it is if the daemon stops meanwhile.
            _ = await timed(hold - (.now - started)) { [closed, vaultUnlock] in
                await Result { () async throws(Refusal) in
                    try await vaultUnlock.unlock(closed, for: verified)
                }
            }
        }
        return verified
    }
}
