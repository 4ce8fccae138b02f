// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients
import KeePassHTTP
import SecureMemory
import Vault

/// `set-login`: makes a login, or changes the one with the given uuid.
///
/// An allowed save is carried out once, at the allow, even if nobody is listening any longer; the same save asked for
/// again gets the outcome of the first, for as long as the entry is as that left it.
///
/// Before the person's word, or a grant in its place, only what is public of the stored entry is looked at; whether
/// a password, a string field or a realm equals the stored one is told afterwards.
struct SetLogin: VerifiedOperation {
    private let vaults: VaultSet
    private let approvals: ApprovalBroker
    private let mutes: MuteCheck
    private let access: VaultAccess
    private let saves: SaveResults
    private let approval: SaveApproval
    private let saving: LoginSaving

    /// Makes one that remembers saves here.
    init(
        vaults: VaultSet,
        approvals: ApprovalBroker,
        mutes: MuteCheck,
        access: VaultAccess,
        saves: SaveResults,
        approval: SaveApproval,
        saving: LoginSaving
    ) {
        self.vaults = vaults
        self.approvals = approvals
        self.mutes = mutes
        self.access = access
        self.saves = saves
        self.approval = approval
        self.saving = saving
    }

    func answer(_ verified: VerifiedRequest) async throws(Refusal) -> OperationResult {
        let wish = try SaveRequest(verified)
        try await mutes.check(verified.requester)
        // Whatever is locked, and whatever is stored.
        if wish.draft.id == nil { try Self.checkPlace(of: wish.draft, for: verified.client.restriction) }
        let program = await verified.requester.caller().program
        let asker = [
            verified.client.id, verified.client.fingerprint, program.id, program.vouched,
            program.origin ?? "",
        ]
        let name = saves.digest(of: asker.map { SecretBytes(utf8: $0) } + wish.parts)
        if let saved = await saves.finished(name) {
            if try await holds(saved, wish: wish, verified: verified) {
                return await tell(saved, name: name, to: verified)
            }
            await saves.forget(saved, of: name)
        }
        let store: any VaultStore
        do throws(Refusal) {
            store = try await self.store(for: wish, verified: verified)
        } catch {
            let asks = await approval.isNeeded(for: wish, verified: verified)
            throw await access.limitFirst(error, of: verified, asks: asks)
        }
        let save = await saves.begin(name, rememberedFor: await approvals.retryTime) { [saving] in
            do throws(Refusal) {
                return .success(try await saving.save(wish, named: name, in: store, verified: verified))
            } catch {
                return .failure(error)
            }
        }
        if save.isJoined, var question = await saves.question(about: name) {
            // The same program: only its processes may differ.
            question.caller = await verified.requester.asker()
            if case .tooMany = await approvals.join(question) { throw .tooMany }
        }
        return await tell(try await save.task.value.get(), name: name, to: verified)
    }

    private func tell(_ saved: Saved, name: [UInt8], to verified: VerifiedRequest) async -> OperationResult {
        var reply = verified.reply(hash: await vaults.hash())
        reply.uuid = saved.id.hex
        return OperationResult(reply: reply, to: verified.message) { [approvals, saves] in
            await saves.forget(saved, of: name)
            if let code = saved.code { await approvals.delivered(code) }
        }
    }

    /// Whether an entry still is as a save left it.
    private func holds(
        _ saved: Saved,
        wish: SaveRequest,
        verified: VerifiedRequest
    ) async throws(Refusal) -> Bool {
        var draft = wish.draft
        draft.id = saved.id
        for vault in try await access.open(for: verified) {
            do throws(VaultError) {
                guard let stored = vault.index.login(saved.id) else { continue }
                let secrets = try await vault.store.secrets(of: saved.id)
                return try SavePreview(draft, stored: stored, secrets: secrets).isUnchanged
            } catch .notFound {
                continue
            } catch {
                throw .vault(error)
            }
        }
        return false
    }

    /// The vault that holds the entry, or the first one for a new entry.
    private func store(
        for wish: SaveRequest,
        verified: VerifiedRequest
    ) async throws(Refusal) -> any VaultStore {
        guard let id = wish.draft.id else {
            let own = verified.seen(of: vaults).stores.first
            guard let own else { throw .forbidden(ClientRestriction.vaultRefusal) }
            let open = try await access.open(for: verified)
            guard let first = open.first, first.store.name == own.name else { throw .locked }
            return first.store
        }
        let holders = try await access.find(for: verified) { open in
            open.filter { $0.index.login(id) != nil }
        }
        if let holder = holders.first { return holder.store }
        // It may well be in a vault that remained closed.
        throw await verified.seen(of: vaults).locked().isEmpty ? .vault(.notFound) : .locked
    }

    private static func checkPlace(
        of draft: LoginDraft,
        for restriction: ClientRestriction
    ) throws(Refusal) {
        do throws(VaultError) {
            let preview = try SavePreview(draft, stored: nil)
            if let refusal = restriction.refusal(of: draft, preview) { throw .refused(refusal) }
        } catch {
            throw .vault(error)
        }
    }
}
