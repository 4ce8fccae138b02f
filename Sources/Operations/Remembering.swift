// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients
import Vault

extension Bell {
    /// What a grant for this request would cover.
    func grantKey(
        _ kind: GrantKey.Kind,
        host: String,
        form: GrantKey.Form = GrantKey.Form(),
        vault: String,
        ring: Ring,
        caller: Caller
    ) -> GrantKey {
        GrantKey(
            fingerprint: ring.client.fingerprint,
            program: caller.program.id,
            origin: caller.program.origin,
            vault: vault,
            kind: kind,
            host: host,
            form: form
        )
    }

    /// What the person has decided for good; nothing for a program that can't be told from others.
    func decision(on key: GrantKey, entry: String) async -> Bool? {
        guard !key.program.isEmpty else { return nil }
        return await grants.decision(on: key, entry: entry)
    }

    /// Keeps a decision that the person meant for more than once.
    ///
    /// Of those who asked the same question only one gets the scope: the one whose question was shown.
    func remember(
        _ decided: Decided,
        about offers: [Offer],
        for purpose: Purpose,
        ring: Ring,
        caller: Caller
    ) async {
        guard caller.program.isKnown, let host = purpose.grantedHost,
            let scope = Grant.Scope(decided.choices)
        else { return }
        let chosen = decided.choices.entries.map(Set.init)
        for (vault, offers) in Dictionary(grouping: offers, by: \.store.name) {
            let uuids = Set(offers.map(\.login.id.hex))
            await grants.remember(
                Grant(
                    key: grantKey(
                        .release,
                        host: host,
                        form: purpose.form,
                        vault: vault,
                        ring: ring,
                        caller: caller
                    ),
                    allows: decided.allows,
                    entries: chosen.map(uuids.intersection) ?? uuids,
                    scope: scope
                )
            )
        }
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
