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
    ///
    /// A change may be one of a login of any vault; what a change says itself stands for what is stored.
    func isNeeded(for wish: SaveRequest, verified: VerifiedRequest) async -> Bool {
        let caller = await verified.requester.caller()
        let stores = verified.seen(of: vaults).stores
        for store in wish.draft.id == nil ? stores.prefix(1) : stores[...] {
            let subject = Self.subject(of: wish, stored: nil, in: store.name, verified, caller)
            let widens = wish.draft.holdsSettings
            guard case .asks = await cover(of: subject, widens: widens, verified, caller) else {
                return false
            }
        }
        return true
    }

    /// What there is about a save before anybody is asked.
    private enum Cover {
        case denied
        case permitted(Permission)
        /// Nothing lets it through, and nobody is to be asked.
        case nobodyIsAsked
        case asks
    }

    /// Looks for what lets a save through, or keeps it from being asked about.
    ///
    /// A change that gives a stored entry new hosts is always asked about, and so is one to a field that may be some
    /// program's settings; no grant for one host makes an entry for another.
    ///
    /// - Parameters:
    ///   - subject: What a grant would have to cover.
    ///   - widens: Whether it gives hosts other than that, or settings.
    ///   - verified: The request.
    ///   - caller: Who asks.
    /// - Returns: What there is.
    private func cover(
        of subject: GrantSubject,
        widens: Bool,
        _ verified: VerifiedRequest,
        _ caller: Caller
    ) async -> Cover {
        let decision = await decisions.decisions(on: [subject]).first ?? .unknown
        if decision == .denied { return .denied }
        if !widens, decision == .allowed { return .permitted(.grant) }
        let isCoverable = decision != .unknown && (!widens || subject.key.kind == .create)
        if isCoverable, verified.rules.saving == .never, verified.isFamiliar(caller) {
            return .permitted(.configuration)
        }
        // A script at night would wait in vain.
        return verified.rules.asksToSave ? .asks : .nobodyIsAsked
    }

    /// What a grant for a save is about: the stored entry's host, or the new one's.
    ///
    /// An entry without a host goes by its title, so that a grant for one such entry doesn't cover all of them.
    private static func subject(
        of wish: SaveRequest,
        stored: Login?,
        in vault: String,
        _ verified: VerifiedRequest,
        _ caller: Caller
    ) -> GrantSubject {
        let place = host(of: wish, stored: stored) ?? wish.draft.title ?? ""
        let key = GrantKey(
            wish.draft.id == nil ? .create : .change,
            host: place,
            form: wish.form(at: place, of: stored),
            vault: vault,
            verified: verified,
            caller: caller
        )
        return GrantSubject(key: key, entry: wish.draft.id?.hex ?? "")
    }

    private static func host(of wish: SaveRequest, stored: Login?) -> String? {
        stored.map { PageAddress(loose: $0.matchedURL)?.hostAndPort ?? $0.title } ?? wish.host
    }

    /// What lets a save through; the person is asked unless a grant or the configuration covers it.
    func standing(
        _ preview: SavePreview,
        wish: SaveRequest,
        named name: [UInt8],
        vault: String,
        verified: VerifiedRequest
    ) async throws(Refusal) -> StandingPermission {
        let known = await verified.requester.caller()
        let stored = preview.stored
        let host = Self.host(of: wish, stored: stored)
        let subject = Self.subject(of: wish, stored: stored, in: vault, verified, known)
        let grant = subject.key
        let widens =
            wish.draft.holdsSettings || preview.newHosts.contains { stored != nil || $0 != grant.host }
        switch await cover(of: subject, widens: widens, verified, known) {
        case .denied:
            await approval.denied(.save, of: verified, by: known, in: [vault], at: host)
            throw .denied
        case .permitted(let permission): return StandingPermission(permission: permission, subject: subject)
        case .nobodyIsAsked: throw .notGranted
        case .asks: break
        }
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
            isPlainHTTP: grant.form?.scheme == "http",
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
            guard let decided = try? PersonDecision(answer),  // without an answer there is nothing to keep
                let scope = Grant.Scope(decided.choices)
            else { return nil }
            guard !(widens && decided.allows) else { return Self.keptNever }
            guard caller.program == known.program, caller.program.isKnown else { return Self.otherProgram }
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

    private static let keptNever =
        "It is not kept: a save that gives a login further hosts, or a program settings, is asked about each time."
    private static let otherProgram =
        "It is not kept: another program has taken over the connection that it was asked on."
}
