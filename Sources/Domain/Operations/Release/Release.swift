// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients
import ConcurrencyTools
import KeePassHTTP
import Vault

/// What a request wants logins for.
struct Purpose: Sendable {
    /// The page; nil for a bulk read.
    var query: MatchQuery?
    /// What a bulk read asks for, part by part, so that an allow for one is none for another.
    var asked: [String] = []
    /// Whether passwords go out.
    var passwords = true
    /// What is searched for, and where, where the request is a search.
    var search: (text: String, places: [String], isPattern: Bool)?

    /// Whether it names single entries, by title or uuid, so that a grant can cover just those.
    var isByEntry = false

    /// Whether it reads the vault rather than one host.
    var isBulk: Bool { query == nil }
    /// What grants go by: the page's host, with its port where it isn't the scheme's own; for a title that.
    var host: String? { query?.host }
    /// The title that the client asks for instead of a page; its word alone.
    var title: String? { query?.page == nil ? query?.host : nil }
    /// The host that the page's form goes to, where it differs.
    var submitHost: String? {
        query?.submit.flatMap { $0.hostAndPort == host ? nil : $0.hostAndPort }
    }

    /// The host in the key of a grant: none for single entries; nil where no grant can cover it.
    var grantedHost: String? { host ?? (isByEntry ? "" : nil) }

    /// Where the page's form goes, for the key of a grant.
    ///
    /// A target that may be read as more than one host is one of its own.
    var form: GrantKey.Form {
        GrantKey.Form(
            submitHost: submitHost ?? query?.unclearSubmit,
            pageScheme: query?.page?.scheme?.name,
            submitScheme: query?.submit?.scheme?.name
        )
    }
}

/// Logins that may be handed out, and the question that allowed them, if one was asked.
struct Released: Sendable {
    var offers: [Offer]
    var code: String?
    /// What let them through.
    var bases: Set<Basis> = []
    /// The page's host; nil for a bulk read.
    var host: String?
    /// Whether there are none, rather than none that may be handed out.
    var isNothingFound = false
    /// What doesn't go out of what was asked for.
    var leftOut: Set<ReleasePart> = []

    /// The same without the offers that may not go out any more, and without what let only those through.
    func keeping(_ stays: [Bool]) -> Released {
        guard stays.contains(false) else { return self }
        var left = self
        left.offers = zip(offers, stays).filter(\.1).map(\.0)
        left.bases = Set(left.offers.compactMap { $0.cover?.basis }).union(bases.filter { $0.code != nil })
        return left
    }
}

extension RequestHandler {
    /// Lets through what is covered, and asks the person for the rest.
    ///
    /// - Returns: The offers that may be handed out, in their order; none after a denial.
    func release(_ offers: [Offer], for purpose: Purpose, to verified: VerifiedRequest) async throws(Refusal)
        -> Released
    {
        guard !offers.isEmpty else {
            return Released(offers: [], host: purpose.host, isNothingFound: true)
        }
        var caller = await verified.requester.caller()
        // In the offers' order, not by uuid: two vaults can hold copies of one entry.
        var standing = await stand(offers, for: purpose, verified: verified, caller: caller)
        if standing.contains(.ask) {
            let known = caller.program
            caller = await verified.requester.asker()
            // Somebody else may have got hold of the connection: what covered the one doesn't cover the other.
            if caller.program != known {
                standing = await stand(offers, for: purpose, verified: verified, caller: caller)
            }
        }
        let asked = zip(offers, standing).filter { $1 == .ask }.map(\.0)
        var bases = Set(standing.compactMap(\.basis))
        guard !asked.isEmpty else {
            let covered = zip(offers, standing).compactMap { offer, standing in
                standing.basis.map {
                    covering(offer, by: $0, for: purpose, verified: verified, caller: caller)
                }
            }
            if covered.isEmpty, verified.rules.access == .granted { throw .notGranted }
            return Released(offers: covered, bases: bases, host: purpose.host)
        }
        let question = question(
            about: asked,
            in: asked.map(\.store.name),
            for: purpose,
            verified: verified,
            caller: caller
        )
        let decided = try await decide(question, on: asked, for: purpose, verified: verified, caller: caller)
            .get()
        var allowed: Set<String> = []
        if decided.allows {
            allowed = decided.choices.entries.map(Set.init) ?? Set(asked.map(\.login.id.hex))
        }
        let given = zip(offers, standing).compactMap { offer, standing -> Offer? in
            switch standing {
            case .covered(let basis):
                covering(offer, by: basis, for: purpose, verified: verified, caller: caller)
            case .ask: allowed.contains(offer.login.id.hex) ? offer : nil
            case .withheld: nil
            }
        }
        if let code = decided.code { bases.insert(.answer(code: code)) }
        return Released(
            offers: given,
            code: decided.code,
            bases: bases,
            host: purpose.host,
            leftOut: decided.choices.leftOut
        )
    }

    /// Asks, and keeps what is to be kept, in a task of its own: "always" counts also if nobody listens any more.
    private func decide(
        _ question: ApprovalRequest,
        on asked: [Offer],
        for purpose: Purpose,
        verified: VerifiedRequest,
        caller: Caller
    ) async -> Result<PersonDecision, Refusal> {
        await Task(executorPreference: TaskQueue.shared) {
            do throws(Refusal) {
                let decided = try await ask(question, for: verified) { answer, session in
                    await remember(
                        grantsToKeep(
                            of: answer,
                            about: asked,
                            for: purpose,
                            verified: verified,
                            caller: caller
                        ),
                        in: session,
                        about: verified.client
                    )
                }
                return .success(decided)
            } catch .withdrawn {
                // A lock takes back what waits for the vault.
                for store in asked.map(\.store) where await store.status().isLocked {
                    return .failure(.locked)
                }
                return .failure(.withdrawn)
            } catch {
                return .failure(error)
            }
        }.value
    }

    private enum Standing: Equatable {
        case covered(Basis)
        case ask
        case withheld

        var basis: Basis? {
            if case .covered(let basis) = self { basis } else { nil }
        }
    }

    private func stand(
        _ offers: [Offer],
        for purpose: Purpose,
        verified: VerifiedRequest,
        caller: Caller
    ) async -> [Standing] {
        let decisions = await decisions(on: offers, for: purpose, verified: verified, caller: caller)
        return zip(offers, decisions).map { offer, decision in
            stand(offer, decision, for: purpose, verified: verified, caller: caller)
        }
    }

    /// Asks before anything is looked at: for what looks at more than titles, user names, URLs, tags and groups.
    ///
    /// The entries are not known, so that an allow is for whatever is found in the vaults that were shown.
    /// - Returns: What lets it through, with no offers yet, and those vaults' names; nil after a denial.
    func askFirst(
        _ purpose: Purpose,
        verified: VerifiedRequest
    ) async throws(Refusal) -> (released: Released, vaults: [String])? {
        let caller = await verified.requester.caller()
        // Nothing that is looked for can be granted.
        guard verified.rules.access != .granted else { throw .notGranted }
        guard asksInBulk(verified, caller) else {
            return (Released(offers: [], bases: [.configuration]), vaults.stores.map(\.name))
        }
        var names: [String] = []
        let unlocks = wantsUnlock(verified.request)
        for store in vaults.stores {
            // One that may be unlocked for this search is looked through, too.
            let isOpen = await !store.status().isLocked
            if unlocks || isOpen { names.append(store.name) }
        }
        let question = question(
            about: [],
            in: names,
            for: purpose,
            verified: verified,
            caller: caller
        )
        if let answer = await approvals.refusal(of: question) {
            _ = try PersonDecision(answer)
            return nil
        }
        // Where a vault was unlocked just now it is one of those that are looked through.
        let shown = try await open(for: verified).map(\.store.name)
        let asker = await verified.requester.asker()
        // One that is opened while the person thinks isn't among them.
        let looked = unlocks ? names : shown
        let asked = self.question(about: [], in: looked, for: purpose, verified: verified, caller: asker)
        let decided = try await ask(asked, for: verified)
        guard decided.allows, let code = decided.code else { return nil }
        let released = Released(
            offers: [],
            code: code,
            bases: [.answer(code: code)],
            leftOut: decided.choices.leftOut
        )
        return (released, looked)
    }

    func asksInBulk(_ verified: VerifiedRequest, _ caller: Caller) -> Bool {
        verified.rules.bulkAccess == .always || !verified.isFamiliar(caller)
    }

    /// Whether the person is asked; always for a known key that comes from another program than it was given to.
    ///
    /// Only a grant covers such a one, since a grant is the person's word on just that program and Origin.
    private func stand(
        _ offer: Offer,
        _ decision: GrantDecision,
        for purpose: Purpose,
        verified: VerifiedRequest,
        caller: Caller
    ) -> Standing {
        switch (decision, verified.rules.access) {
        case (.denied, _), (.undecided, .granted), (.unknown, .granted): return .withheld
        case (.unknown, _): return .ask
        case (.allowed, .always) where !purpose.isBulk: return .ask
        case (.allowed, _): return .covered(.grant)
        case (.undecided, _): break
        }
        guard let query = purpose.query else {
            return asksInBulk(verified, caller) ? .ask : .covered(.configuration)
        }
        let isFamiliar = verified.isFamiliar(caller)
        switch verified.rules.access {
        case .always: return .ask
        case .granted: return .withheld
        case .never: return isFamiliar ? .covered(.configuration) : .ask
        case .unlessGranted: return isFamiliar && offer.login.allows(query) ? .covered(.entry) : .ask
        }
    }

    /// What the person has decided about each offer for more than once.
    private func decisions(
        on offers: [Offer],
        for purpose: Purpose,
        verified: VerifiedRequest,
        caller: Caller
    ) async -> [GrantDecision] {
        let subjects = offers.compactMap { subject($0, for: purpose, verified: verified, caller: caller) }
        guard subjects.count == offers.count else { return offers.map { _ in .undecided } }
        return await decisions(on: subjects)
    }

    /// What a grant for an offer would be about; nil where no grant can cover it.
    private func subject(
        _ offer: Offer,
        for purpose: Purpose,
        verified: VerifiedRequest,
        caller: Caller
    ) -> GrantSubject? {
        purpose.grantedHost.map { host in
            let key = grantKey(
                .release,
                host: host,
                form: purpose.form,
                vault: offer.store.name,
                verified: verified,
                caller: caller
            )
            return GrantSubject(key: key, entry: offer.login.id.hex)
        }
    }

    private func covering(
        _ offer: Offer,
        by basis: Basis,
        for purpose: Purpose,
        verified: VerifiedRequest,
        caller: Caller
    ) -> Offer {
        let subject = subject(offer, for: purpose, verified: verified, caller: caller)
        return Offer(store: offer.store, login: offer.login, cover: Cover(basis: basis, subject: subject))
    }

    private func question(
        about offers: [Offer],
        in vaults: [String],
        for purpose: Purpose,
        verified: VerifiedRequest,
        caller: Caller
    ) -> ApprovalRequest {
        var names: [String] = []
        for name in vaults where !names.contains(name) { names.append(name) }
        let asked =
            [
                verified.client.fingerprint, verified.request.type.rawValue, purpose.title ?? "",
                purpose.form.scheme,
                purpose.form.submitHost ?? "", purpose.isByEntry ? "entries" : "",
            ] + purpose.asked
        var question = ApprovalRequest(
            kind: .release,
            caller: caller,
            sameness: sameness(asked),
            client: verified.client.id,
            fingerprint: verified.client.fingerprint,
            vaults: names,
            host: purpose.title == nil ? purpose.host : nil,
            submitHost: purpose.submitHost,
            claimedSubmitHost: purpose.query?.unclearSubmit,
            isPlainHTTP: purpose.form.scheme == "http",
            claimedTitle: purpose.title,
            entries: offers.map { EntryLine($0.login) },
            bulk: purpose.isBulk,
            isByEntry: purpose.isByEntry,
            alwaysOffered: purpose.grantedHost != nil && grants.keepsGrants
        )
        describe(&question, verified: verified, caller: caller)
        question.search = purpose.search?.text
        question.places = purpose.search?.places ?? []
        question.isPattern = purpose.search?.isPattern ?? false
        question.passwords = purpose.passwords
        question.fieldNames = Set(offers.flatMap { ReplyEntries.names(of: $0.login, verified.rules) })
            .sorted()
        question.hasUnknownFields = offers.isEmpty && verified.rules.returnsFields
        return question
    }

    /// Puts into a question what its text says of any verified request: its type, whose key it is, which vaults there
    /// are.
    func describe(_ question: inout ApprovalRequest, verified: VerifiedRequest, caller: Caller) {
        question.requestType = verified.request.type.rawValue
        question.clientName = verified.client.name
        question.givenTo = verified.isFamiliar(caller) ? nil : KeyHolder(verified.client)
        question.hasOtherVaults = vaults.stores.count > question.vaults.count
    }
}

extension KeyHolder {
    init(_ client: Client) {
        self.init(
            program: client.program,
            origin: client.origin,
            created: client.created,
            lastUsed: client.lastUsed,
            fingerprint: client.fingerprint
        )
    }
}

extension EntryLine {
    init(_ login: Login) {
        self.init(uuid: login.id.hex, title: login.title, username: login.username)
    }
}
