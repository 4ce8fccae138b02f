// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients
import Vault

extension GrantKey {
    /// What a grant for a verified request would cover.
    init(
        _ kind: Kind,
        host: String,
        form: Form,
        vault: String,
        verified: VerifiedRequest,
        caller: Caller
    ) {
        self.init(
            fingerprint: verified.client.fingerprint,
            program: caller.program.id,
            origin: caller.program.origin,
            vault: vault,
            kind: kind,
            host: host,
            form: form
        )
    }
}

extension Purpose {
    /// What is to be kept of an answer.
    ///
    /// Of those who asked the same question only one gets the scope: the one whose question was shown.
    func grants(
        toKeepOf answer: Answer,
        about offers: [Offer],
        verified: VerifiedRequest,
        caller: Caller
    ) -> [Grant] {
        guard caller.program.isKnown, let host = grantedHost,
            let decided = try? PersonDecision(answer),  // without an answer there is nothing to keep
            let scope = Grant.Scope(decided.choices), isGrantable || !decided.allows
        else { return [] }
        let chosen = decided.choices.entries.map(Set.init)
        return Dictionary(grouping: offers, by: \.store.name).map { vault, offers in
            let uuids = Set(offers.map(\.login.id.hex))
            return Grant(
                key: GrantKey(
                    .release,
                    host: host,
                    form: form,
                    vault: vault,
                    verified: verified,
                    caller: caller
                ),
                allows: decided.allows,
                entries: chosen.map(uuids.intersection) ?? uuids,
                scope: scope
            )
        }
    }

    /// Why an allow that was meant for more than once isn't kept, as a sentence; nil where it is, or wasn't meant so.
    func whyNotKept(_ answer: Answer) -> String? {
        guard query != nil, !isGrantable,
            let decided = try? PersonDecision(answer),  // without an answer there is nothing to keep
            decided.allows, decided.choices.scope != .once
        else { return nil }
        return "It is not kept: it isn't clear where the form goes."
    }
}

extension Grant.Scope {
    /// How long the person meant it; nil for this once.
    init?(_ choices: Choices) {
        switch choices.scope {
        case .once: return nil
        case .always: self = .always
        case .session:
            self = .session(expires: choices.seconds.map { ContinuousClock.now + .seconds(Int64($0)) })
        }
    }
}
