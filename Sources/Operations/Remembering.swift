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

    /// Whether the key comes from a program and Origin that it was given to, or that the person has let use it.
    func isFamiliar(_ ring: Ring, _ caller: Caller) async -> Bool {
        if ring.isFamiliar(caller) { return true }
        guard !caller.program.id.isEmpty else { return false }
        let key = grantKey(.program, host: "", vault: "", ring: ring, caller: caller)
        return await grants.decision(on: key, entry: "") == true
    }

    /// Lets a program that isn't the key's own use it for as long as the person meant an allow.
    func acceptProgram(_ decided: Decided, ring: Ring, caller: Caller) async {
        guard decided.allows, !caller.program.id.isEmpty, let scope = Grant.Scope(decided.choices) else {
            return
        }
        guard await !isFamiliar(ring, caller) else { return }
        let key = grantKey(.program, host: "", vault: "", ring: ring, caller: caller)
        await grants.remember(Grant(key: key, allows: true, entries: nil, scope: scope))
    }

    /// Keeps a decision that the person meant for more than once.
    func remember(
        _ decided: Decided,
        about offers: [Offer],
        for purpose: Purpose,
        ring: Ring,
        caller: Caller
    ) async {
        guard let host = purpose.grantedHost, let scope = Grant.Scope(decided.choices) else { return }
        await acceptProgram(decided, ring: ring, caller: caller)
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
