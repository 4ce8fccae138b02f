// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import Clients
import DisplayText
import Vault

/// Carries out a save once something lets it through.
struct LoginSaving: Sendable {
    private let approvals: ApprovalBroker
    private let keys: KeyCheck
    private let mutes: MuteCheck
    private let permissions: StandingPermissions
    private let approval: SaveApproval
    private let recorder: RequestRecorder
    private let used: @Sendable () -> Void

    /// Makes one that asks and records by these; `used` hears of what is saved.
    init(
        approvals: ApprovalBroker,
        keys: KeyCheck,
        mutes: MuteCheck,
        permissions: StandingPermissions,
        approval: SaveApproval,
        recorder: RequestRecorder,
        used: @escaping @Sendable () -> Void
    ) {
        self.approvals = approvals
        self.keys = keys
        self.mutes = mutes
        self.permissions = permissions
        self.approval = approval
        self.recorder = recorder
        self.used = used
    }

    /// Asks where nothing covers it, and saves.
    ///
    /// - Parameters:
    ///   - wish: What is to be saved.
    ///   - name: What the ledger calls it.
    ///   - store: Where to.
    ///   - verified: The request.
    /// - Returns: The entry that it made or changed.
    /// - Throws: Why nothing was saved.
    func save(
        _ wish: SaveRequest,
        named name: [UInt8],
        in store: any VaultStore,
        verified: VerifiedRequest
    ) async throws(Refusal) -> Saved {
        let approved = try await approve(wish, named: name, in: store, verified: verified)
        return try await carryOut(wish.draft, of: approved, in: store, verified: verified)
    }

    /// A save that may be carried out.
    struct Approved: Sendable {
        fileprivate let wish: SaveRequest
        /// What the person was shown, or would have been.
        fileprivate let shown: SavePreview
        fileprivate let standing: StandingPermission
    }

    /// Asks where nothing covers it; the rest as in ``save(_:named:in:verified:)``.
    func approve(
        _ wish: SaveRequest,
        named name: [UInt8],
        in store: any VaultStore,
        verified: VerifiedRequest
    ) async throws(Refusal) -> Approved {
        let shown = try await preview(wish, in: store, verified: verified)
        // So only if nothing was sent but a title, a user name and a URL without a secret part.
        guard !shown.isUnchanged else { throw .vault(.unchanged) }
        let standing = try await approval.standing(
            shown,
            wish: wish,
            named: name,
            vault: store.name,
            verified: verified
        )
        return Approved(wish: wish, shown: shown, standing: standing)
    }

    /// Saves a draft that changes what was shown, with whatever values; the rest as in ``save(_:named:in:verified:)``.
    func carryOut(
        _ draft: LoginDraft,
        of approved: Approved,
        in store: any VaultStore,
        verified: VerifiedRequest
    ) async throws(Refusal) -> Saved {
        let (wish, shown, standing) = (approved.wish, approved.shown, approved.standing)
        let code = standing.permission.code
        let id: LoginID
        do throws(Refusal) {
            // The entry may have become a different one while the person thought about it.
            guard try await preview(wish, in: store, verified: verified).isCovered(by: shown) else {
                throw .changedMeanwhile
            }
            id = try await self.store(draft, in: store, under: standing, verified: verified)
        } catch {
            if let code, let why = error.failure(of: store.name) {
                await approvals.failed(code, because: why)
            }
            throw error
        }
        used()
        await approvals.forget(.entry(id.hex))
        // It is used up: a retry gets this outcome from the ledger, for as long as the entry is what this made of it.
        if let code { await approvals.delivered(code) }
        await recorder.record(
            .saved,
            client: verified.client.id,
            caller: await verified.requester.sender(),
            under: [standing.permission],
            [
                .host: wish.host.map { PlainText.recordedPlace($0) },
                .vault: PlainText.field(store.name),
                .entries: id.hex,
            ]
        )
        return Saved(id: id, code: code)
    }

    /// What a save would do; an entry that isn't there for the client isn't found, and none is made that wouldn't be.
    private func preview(
        _ wish: SaveRequest,
        in store: any VaultStore,
        verified: VerifiedRequest
    ) async throws(Refusal) -> SavePreview {
        let restriction = verified.client.restriction
        do throws(VaultError) {
            let preview = try await store.preview(wish.draft)
            guard preview.stored.map(restriction.admits) ?? true else { throw .notFound }
            if let refusal = restriction.refusal(of: wish.draft, preview) { throw .refused(refusal) }
            return preview
        } catch {
            throw .vault(error)
        }
    }

    /// Stores a draft; a keyring that wants the person's word for this login, too, asks for it.
    private func store(
        _ draft: LoginDraft,
        in store: any VaultStore,
        under standing: StandingPermission,
        verified: VerifiedRequest
    ) async throws(Refusal) -> LoginID {
        try await check(standing, of: verified)
        do throws(VaultError) {
            do throws(VaultError) {
                return try await store.save(draft)
            } catch .unconfirmed {
                guard let id = draft.id else { throw .unconfirmed }
                try await store.confirm([id])
                verified.requester.hasWaited()
            } catch {
                throw error
            }
        } catch {
            throw .vault(error)
        }
        try await check(standing, of: verified)
        do throws(VaultError) {
            return try await store.save(draft)
        } catch {
            throw .vault(error)
        }
    }

    /// Whether a save may be carried out now: the client's key is still there, and what covers it without a question
    /// still does.
    private func check(_ standing: StandingPermission, of verified: VerifiedRequest) async throws(Refusal) {
        try await keys.check(verified)
        guard standing.permission.code == nil else { return }
        try await mutes.checkAgain(verified.requester)
        guard await permissions.stillPermitted([standing]) == [true] else { throw .denied }
    }
}

extension SavePreview {
    /// Whether this is about the entry that was shown, and gives it no hosts other than those that were shown.
    fileprivate func isCovered(by shown: SavePreview) -> Bool {
        stored.map(EntryLine.init) == shown.stored.map(EntryLine.init)
            && stored?.url == shown.stored?.url
            && Set(newHosts).isSubset(of: shown.newHosts)
    }
}
