// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients
import ConcurrencyTools
import SecureMemory
import Vault

/// Finds what covers a save, and asks the person where nothing does.
struct SaveApproval: Sendable {
    private let vaults: VaultSet
    private let saves: SaveResults
    private let decisions: RememberedDecisions
    private let approval: ClientApproval

    /// Makes one that looks up grants here.
    init(vaults: VaultSet, saves: SaveResults, decisions: RememberedDecisions, approval: ClientApproval) {
        self.vaults = vaults
        self.saves = saves
        self.decisions = decisions
        self.approval = approval
    }

    /// Whether a save has to be asked about, as far as that is known without looking at the vault.
    func isNeeded(for wish: SaveRequest, verified: VerifiedRequest) async -> Bool {
        let caller = await verified.requester.caller()
        let isPlain = !wish.draft.holdsSettings
        if isPlain || wish.draft.id == nil, verified.rules.saving == .never, verified.isFamiliar(caller) {
            return false
        }
        let place = wish.host ?? wish.draft.title ?? ""
        for store in verified.seen(of: vaults).stores {
            let grant = GrantKey(
                wish.draft.id == nil ? .create : .change,
                host: place,
                form: wish.form(at: place, of: nil),
                vault: store.name,
                verified: verified,
                caller: caller
            )
            let subject = GrantSubject(key: grant, entry: wish.draft.id?.hex ?? "")
            switch await decisions.decisions(on: [subject]).first {
            case .denied: return false
            case .allowed where isPlain: return false
            case .allowed, .undecided, .unknown, nil: continue
            }
        }
        return verified.rules.asksToSave
    }

    /// What lets a save through; the person is asked unless a grant or the configuration covers it.
    ///
    /// A change that gives a stored entry new hosts is always asked about, and so is one to a field that may be some
    /// program's settings; no grant for one host makes an entry for another.
    func standing(
        _ preview: SavePreview,
        wish: SaveRequest,
        named name: [UInt8],
        vault: String,
        verified: VerifiedRequest
    ) async throws(Refusal) -> StandingPermission {
        let known = await verified.requester.caller()
        let stored = preview.stored
        let host = stored.map { PageAddress(loose: $0.matchedURL)?.hostAndPort ?? $0.title } ?? wish.host
        // An entry without a host goes by its title, so that a grant for one such entry doesn't cover all of them.
        let place = host ?? wish.draft.title ?? ""
        let form = wish.form(at: place, of: stored)
        let grant = GrantKey(
            stored == nil ? .create : .change,
            host: place,
            form: form,
            vault: vault,
            verified: verified,
            caller: known
        )
        let widens =
            wish.draft.holdsSettings || preview.newHosts.contains { stored != nil || $0 != place }
        let subject = GrantSubject(key: grant, entry: stored?.id.hex ?? "")
        let decision = await decisions.decisions(on: [subject]).first ?? .unknown
        guard decision != .denied else {
            await approval.denied(.save, of: verified, by: known, in: [vault], at: host)
            throw .denied
        }
        if !widens, decision == .allowed { return StandingPermission(permission: .grant, subject: subject) }
        let isCoverable = decision != .unknown && (!widens || stored == nil)
        if isCoverable, verified.rules.saving == .never, verified.isFamiliar(known) {
            return StandingPermission(permission: .configuration, subject: subject)
        }
        // A script at night would wait in vain.
        guard verified.rules.asksToSave else { throw .notGranted }
        let caller = await verified.requester.asker()
        var question = ApprovalRequest(
            kind: .save,
            caller: caller,
            questionDigest: saves.digest(
                of: [verified.client.id, verified.client.fingerprint].map { SecretBytes(utf8: $0) }
                    + wish.parts
            ),
            client: verified.client.id,
            fingerprint: verified.client.fingerprint,
            vaults: [vault],
            host: host,
            submitHost: stored == nil ? wish.submitHost : nil,
            claimedHost: stored != nil && wish.host != host ? wish.host : wish.unreadableURL,
            claimedSubmitHost: stored == nil ? nil : wish.submitHost,
            isPlainHTTP: form.scheme == "http",
            newHosts: preview.newHosts,
            entries: stored.map { [EntryLine($0)] } ?? [wish.line],
            isNew: preview.isNew,
            fields: preview.changedFields,
            alwaysOffered: !widens
        )
        question.lostHosts = preview.lostHosts
        question.usesCode = wish.usesCode
        question.settingsFields = wish.draft.fields.keys.filter(LoginDraft.isSettings).sorted()
        question.describe(verified, caller: caller, among: vaults)
        let decided = try await approval.ask(question, for: verified) { [decisions] answer, session in
            // Not where somebody else has got hold of the connection meanwhile.
            guard let decided = try? PersonDecision(answer),  // without an answer there is nothing to keep
                !(widens && decided.allows), caller.program == known.program, caller.program.isKnown,
                let scope = Grant.Scope(decided.choices)
            else { return nil }
            return await decisions.remember(
                [Grant(key: grant, allows: decided.allows, entries: nil, scope: scope)],
                in: session,
                about: verified.client
            )
        } onceAsked: { [saves, question] in
            // Those who asked for the same save before the question existed.
            Task(executorPreference: MainLoop.executor) { await saves.isAsked(about: name, question) }
        }
        guard decided.allows, let code = decided.code else { throw decided.refusal }
        return StandingPermission(permission: .answer(code: code), subject: nil)
    }
}
