// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients
import Vault

/// Whether a login may go out without a question.
enum ReleaseVerdict: Sendable {
    case permitted(StandingPermission)
    case ask
    case withheld
    /// As the person has decided.
    case denied

    var isDenied: Bool {
        if case .denied = self { true } else { false }
    }

    var asks: Bool {
        if case .ask = self { true } else { false }
    }

    var standing: StandingPermission? {
        if case .permitted(let standing) = self { standing } else { nil }
    }
}

/// Finds what covers logins: a grant, an entry's own list, the configuration.
struct StandingPermissions: Sendable {
    private let decisions: RememberedDecisions

    /// Makes one that looks up grants here.
    init(decisions: RememberedDecisions) {
        self.decisions = decisions
    }

    /// Each offer with what covers it, in their order.
    func verdicts(
        of offers: [Offer],
        for purpose: Purpose,
        verified: VerifiedRequest,
        caller: Caller
    ) async -> [ReleaseVerdict] {
        guard let host = purpose.grantedHost else {
            return offers.map { offer in
                verdict(of: offer, .undecided, nil, for: purpose, verified: verified, caller: caller)
            }
        }
        let subjects = offers.map { offer in
            let key = GrantKey(
                .release,
                host: host,
                form: purpose.form,
                vault: offer.store.name,
                verified: verified,
                caller: caller
            )
            return GrantSubject(key: key, entry: offer.login.id.hex)
        }
        let decided = await decisions.decisions(on: subjects)
        return zip(offers, zip(decided, subjects)).map { offer, decided in
            verdict(of: offer, decided.0, decided.1, for: purpose, verified: verified, caller: caller)
        }
    }

    /// Which of these may still go out; those without cover may, for the person has just been asked about them.
    func stillPermitted(_ standings: [StandingPermission?]) async -> [Bool] {
        let subjects = standings.compactMap { $0?.subject }
        guard !subjects.isEmpty else { return standings.map { _ in true } }
        var decided = await decisions.decisions(on: subjects)[...]
        return standings.map { standing in
            guard let standing, standing.subject != nil, let decision = decided.popFirst() else {
                return true
            }
            return standing.holds(decision)
        }
    }

    /// Whether the person is asked; always for a known key that comes from another program than it was given to.
    ///
    /// Only a grant covers such a one, since a grant is the person's word on just that program and Origin.
    private func verdict(
        of offer: Offer,
        _ decision: GrantDecision,
        _ subject: GrantSubject?,
        for purpose: Purpose,
        verified: VerifiedRequest,
        caller: Caller
    ) -> ReleaseVerdict {
        let covered = { (permission: Permission) in
            ReleaseVerdict.permitted(StandingPermission(permission: permission, subject: subject))
        }
        switch (decision, verified.rules.access) {
        case (.denied, _): return .denied
        case (.undecided, .granted), (.unknown, .granted): return .withheld
        case (.unknown, _): return .ask
        case (.allowed, .always) where !purpose.isBulk: return .ask
        case (.allowed, _): return covered(.grant)
        case (.undecided, _): break
        }
        guard let query = purpose.query else {
            return verified.asksInBulk(caller) ? .ask : covered(.configuration)
        }
        let isFamiliar = verified.isFamiliar(caller)
        switch verified.rules.access {
        case .always: return .ask
        case .granted: return .withheld
        case .never: return isFamiliar ? covered(.configuration) : .ask
        case .unlessGranted: return isFamiliar && offer.login.allows(query) ? covered(.entry) : .ask
        }
    }
}
