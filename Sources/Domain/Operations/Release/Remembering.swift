// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients
import Logging
import Vault

extension RequestHandler {
    /// What a grant for this request would cover.
    func grantKey(
        _ kind: GrantKey.Kind,
        host: String,
        form: GrantKey.Form = GrantKey.Form(),
        vault: String,
        verified: VerifiedRequest,
        caller: Caller
    ) -> GrantKey {
        GrantKey(
            fingerprint: verified.client.fingerprint,
            program: caller.program.id,
            origin: caller.program.origin,
            vault: vault,
            kind: kind,
            host: host,
            form: form
        )
    }

    /// What the person has decided for good about each, in their order; none for a program that can't be told from others.
    func decisions(on subjects: [GrantSubject]) async -> [GrantDecision] {
        guard subjects.allSatisfy({ !$0.key.program.isEmpty }) else {
            return subjects.map { _ in .undecided }
        }
        return await grants.decisions(on: subjects)
    }

    /// Keeps decisions that the person meant for more than once.
    ///
    /// Where nobody knew whose the client's key is, as with an imported one, an allow for always settles that, too.
    /// - Parameters:
    ///   - decided: The decisions.
    ///   - session: When they were made.
    ///   - client: The client that they are about.
    /// - Returns: Why one couldn't be kept as it was meant, as a sentence that tells the person what to do.
    func remember(_ decided: [Grant], in session: GrantSession, about client: Client) async -> String? {
        do throws(ClientError) {
            try await grants.remember(decided, in: session)
        } catch {
            return error.advice
        }
        if client.program.isEmpty, let grant = decided.first(where: { $0.allows && !$0.isForSession }) {
            await settle(client, as: grant.key)
        }
        let now = grants.session
        let isOver = decided.contains { $0.isForSession && session.isOver(for: $0.key.vault, at: now) }
        return isOver ? "It is not kept: the vault was locked just then, and that ends the session." : nil
    }

    private func settle(_ client: Client, as key: GrantKey) async {
        do throws(ClientError) {
            try await clients.settle(
                client.id,
                fingerprint: client.fingerprint,
                program: key.program,
                origin: key.origin
            )
        } catch {
            // The next question says once more that its program isn't known.
            logger.warning(
                "a client's program could not be noted down",
                metadata: ["client": "\(client.id)", "why": "\(error.advice)"]
            )
        }
    }

    /// What is to be kept of an answer.
    ///
    /// Of those who asked the same question only one gets the scope: the one whose question was shown.
    func grantsToKeep(
        of answer: Answer,
        about offers: [Offer],
        for purpose: Purpose,
        verified: VerifiedRequest,
        caller: Caller
    ) -> [Grant] {
        guard caller.program.isKnown, let host = purpose.grantedHost,
            let decided = try? PersonDecision(answer),  // without an answer there is nothing to keep
            let scope = Grant.Scope(decided.choices)
        else { return [] }
        let chosen = decided.choices.entries.map(Set.init)
        return Dictionary(grouping: offers, by: \.store.name).map { vault, offers in
            let uuids = Set(offers.map(\.login.id.hex))
            return Grant(
                key: grantKey(
                    .release,
                    host: host,
                    form: purpose.form,
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
