// SPDX-License-Identifier: Apache-2.0

import Approval
import Clients
import Logging
import Vault

/// The way of verified requests to the contents of vaults.
///
/// The only one, so that mutes are always applied first, what is locked is unlocked for whoever wants that, and what a client
/// is restricted to is all that there is for it.
struct VaultAccess: Sendable {
    private let vaults: VaultSet
    private let approvals: ApprovalBroker
    private let mutes: MuteCheck
    private let vaultUnlock: VaultUnlock
    private let notices: RareNotices
    private let logger: Logger

    /// Makes one for these vaults.
    init(
        vaults: VaultSet,
        approvals: ApprovalBroker,
        mutes: MuteCheck,
        vaultUnlock: VaultUnlock,
        notices: RareNotices,
        logger: Logger
    ) {
        self.vaults = vaults
        self.approvals = approvals
        self.mutes = mutes
        self.vaultUnlock = vaultUnlock
        (self.notices, self.logger) = (notices, logger)
    }

    /// The vaults that are open for a verified request; unlocked first, where it wants that and none is.
    func open(for verified: VerifiedRequest) async throws(Refusal) -> [OpenVault] {
        try await opened(for: verified).vaults
    }

    /// The same, with whether others may still be asked for.
    private func opened(
        for verified: VerifiedRequest
    ) async throws(Refusal) -> (vaults: [OpenVault], mayAsk: Bool) {
        try await mutes.check(verified.requester)
        try await learnHash(for: verified)
        var mayAsk = verified.wantsUnlock
        if verified.wantsUnlock {
            let needed = await verified.seen(of: vaults).needed(for: verified.request)
            if !needed.isEmpty { mayAsk = try await vaultUnlock.unlock(needed, for: verified) }
        }
        return (try await openVaults(for: verified), mayAsk)
    }

    /// Has the first vault opened where it never was: a reply without its Hash would lead clients astray for good.
    ///
    /// A client that doesn't see that vault has to wait until it is opened for somebody else.
    func learnHash(for verified: VerifiedRequest) async throws(Refusal) {
        guard let store = await vaults.neverOpened() else { return }
        guard verified.client.restriction.admits(vault: store.name) else { throw .locked }
        if verified.wantsUnlock { try await vaultUnlock.unlock([store], for: verified) }
        guard await vaults.hash() != nil else { throw .neverOpened }
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

    /// The same for a result that isn't a collection.
    func find<Found: Sendable>(
        for verified: VerifiedRequest,
        isNothing: (Found) -> Bool,
        _ look: ([OpenVault]) async throws(Refusal) -> Found
    ) async throws(Refusal) -> Found {
        let (open, mayAsk) = try await opened(for: verified)
        let found = try await look(open)
        let seen = verified.seen(of: vaults)
        let locked = await seen.locked()
        guard !locked.isEmpty else { return found }
        guard isNothing(found) else {
            log("served from the vaults that are open", locked, .info)
            return found
        }
        guard mayAsk else {
            logLocked(locked)
            throw .locked
        }
        try await vaultUnlock.unlock(locked, for: verified)
        let foundNow = try await look(openVaults(for: verified))
        // One of them may have remained locked.
        if isNothing(foundNow) {
            let locked = await seen.locked()
            guard locked.isEmpty else {
                logLocked(locked)
                throw .locked
            }
        }
        return foundNow
    }

    /// Which of two refusals a client gets: for a request that would have to ask, "too many questions" comes before
    /// "locked".
    func limitFirst(_ refusal: Refusal, of verified: VerifiedRequest, asks: Bool) async -> Refusal {
        guard asks, refusal.isLock, await !approvals.hasRoom(for: await verified.requester.caller()) else {
            return refusal
        }
        return .tooMany
    }

    /// Logs the vaults that may hold what the open ones don't, since the client isn't told of them.
    private func logLocked(_ locked: [any VaultStore]) {
        log("nothing was found in the vaults that are open, and others are locked", locked, .notice)
    }

    private func log(_ message: String, _ locked: [any VaultStore], _ level: Logger.Level) {
        let names = locked.map(\.name).joined(separator: ", ")
        notices.tell(message, why: "locked: \(names)", level, to: logger)
    }

    private func openVaults(for verified: VerifiedRequest) async throws(Refusal) -> [OpenVault] {
        do throws(VaultError) {
            return try await verified.seen(of: vaults).open()
        } catch {
            throw .vault(error)
        }
    }
}
