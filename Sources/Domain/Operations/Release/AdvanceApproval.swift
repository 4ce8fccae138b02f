// SPDX-License-Identifier: Apache-2.0

import Approval
import Clients
import Vault

/// Asks before anything is looked at: for requests that look at more than titles, user names, URLs, tags and groups.
struct AdvanceApproval: Sendable {
    private let vaults: VaultSet
    private let access: VaultAccess
    private let approvals: ApprovalBroker
    private let questions: ReleaseQuestion
    private let approval: ClientApproval

    /// Makes one that asks about these vaults.
    init(
        vaults: VaultSet,
        access: VaultAccess,
        approvals: ApprovalBroker,
        questions: ReleaseQuestion,
        approval: ClientApproval
    ) {
        self.vaults = vaults
        self.access = access
        self.approvals = approvals
        self.questions = questions
        self.approval = approval
    }

    /// Asks for a purpose.
    ///
    /// The entries aren't known yet, so an allow is for whatever is found in the vaults that were shown.
    /// - Returns: What lets it through, with no offers yet, and those vaults' names; nil after a denial, and where the client sees no vault.
    func ask(
        _ purpose: Purpose,
        for verified: VerifiedRequest
    ) async throws(Refusal) -> (released: Released, vaults: [String])? {
        let caller = await verified.requester.caller()
        // Nothing that is looked for can be granted.
        guard verified.rules.access != .granted else { throw .notGranted }
        let seen = verified.seen(of: vaults)
        // There is nothing to be asked about.
        guard !seen.stores.isEmpty else { return nil }
        guard verified.asksInBulk(caller) else {
            return (Released(offers: [], permissions: [.configuration]), seen.stores.map(\.name))
        }
        var names: [String] = []
        for store in seen.stores {
            // One that may be unlocked for this search is searched, too.
            let isOpen = await !store.isLocked()
            if verified.wantsUnlock || isOpen { names.append(store.name) }
        }
        let question = questions.about([], in: names, for: purpose, verified: verified, caller: caller)
        if let answer = await approvals.refusal(of: question) {
            _ = try PersonDecision(answer)
            return nil
        }
        // A vault that was unlocked just now is one of those that are searched.
        let shown = try await access.open(for: verified).map(\.store.name)
        let asker = await verified.requester.asker()
        // One that is opened while the person is thinking isn't among them.
        let looked = verified.wantsUnlock ? names : shown
        let asked = questions.about([], in: looked, for: purpose, verified: verified, caller: asker)
        let decided = try await approval.ask(asked, for: verified)
        guard decided.allows, let code = decided.code else { return nil }
        let released = Released(
            offers: [],
            code: code,
            permissions: [.answer(code: code)],
            leftOut: decided.choices.leftOut
        )
        return (released, looked)
    }
}
