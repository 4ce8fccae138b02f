// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients
import ConcurrencyTools
import Vault

/// Decides which logins may be handed out, with the person's word where nothing covers them.
struct ReleaseDecision: Sendable {
    private let permissions: StandingPermissions
    private let questions: ReleaseQuestion
    private let approval: ClientApproval
    private let decisions: RememberedDecisions

    /// Makes one that asks these questions.
    init(
        permissions: StandingPermissions,
        questions: ReleaseQuestion,
        approval: ClientApproval,
        decisions: RememberedDecisions
    ) {
        self.permissions = permissions
        self.questions = questions
        self.approval = approval
        self.decisions = decisions
    }

    /// Lets through what is covered, and asks the person for the rest.
    ///
    /// - Returns: The offers that may be handed out, in their order; none after a denial.
    func release(
        _ offers: [Offer],
        for purpose: Purpose,
        to verified: VerifiedRequest
    ) async throws(Refusal) -> Released {
        guard !offers.isEmpty else {
            return Released(offers: [], host: purpose.host, isNothingFound: true)
        }
        var caller = await verified.requester.caller()
        // In the offers' order, not by uuid: two vaults can hold copies of one entry.
        var verdicts = await permissions.verdicts(
            of: offers,
            for: purpose,
            verified: verified,
            caller: caller
        )
        if verdicts.contains(where: \.asks) {
            let known = caller.program
            caller = await verified.requester.asker()
            // Somebody else may have got hold of the connection: what covered one program doesn't cover the other.
            if caller.program != known {
                verdicts = await permissions.verdicts(
                    of: offers,
                    for: purpose,
                    verified: verified,
                    caller: caller
                )
            }
        }
        let denied = zip(offers, verdicts).filter(\.1.isDenied).map(\.0.store.name)
        if !denied.isEmpty {
            await approval.denied(.release, of: verified, by: caller, in: denied, at: purpose.host)
        }
        let asked = zip(offers, verdicts).filter(\.1.asks).map(\.0)
        var reasons = Set(verdicts.compactMap(\.standing?.permission))
        guard !asked.isEmpty else {
            let permitted = zip(offers, verdicts).compactMap { offer, verdict in
                verdict.standing.map { offer.permitted(by: $0) }
            }
            if permitted.isEmpty, verified.rules.access == .granted { throw .notGranted }
            return Released(offers: permitted, permissions: reasons, host: purpose.host)
        }
        let decided = try await decide(
            on: asked,
            unaskedCount: verdicts.count { $0.standing != nil },
            for: purpose,
            verified: verified,
            caller: caller
        ).get()
        var allowed: Set<String> = []
        if decided.allows {
            allowed = decided.choices.entries.map(Set.init) ?? Set(asked.map(\.login.id.hex))
        }
        let given = zip(offers, verdicts).compactMap { offer, verdict -> Offer? in
            switch verdict {
            case .permitted(let standing): offer.permitted(by: standing)
            case .ask: allowed.contains(offer.login.id.hex) ? offer : nil
            case .withheld, .denied: nil
            }
        }
        if let code = decided.code { reasons.insert(.answer(code: code)) }
        return Released(
            offers: given,
            code: decided.code,
            permissions: reasons,
            host: purpose.host,
            leftOut: decided.choices.leftOut
        )
    }

    /// Asks, and keeps what is to be kept, in a task of its own: "always" counts even if nobody is listening any
    /// longer.
    private func decide(
        on asked: [Offer],
        unaskedCount: Int,
        for purpose: Purpose,
        verified: VerifiedRequest,
        caller: Caller
    ) async -> Result<PersonDecision, Refusal> {
        var question = questions.about(
            asked,
            in: asked.map(\.store.name),
            for: purpose,
            verified: verified,
            caller: caller
        )
        question.unaskedCount = unaskedCount
        return await Task(executorPreference: MainLoop.executor) { [question] in
            do throws(Refusal) {
                let decided = try await approval.ask(question, for: verified) { answer, session in
                    let kept = purpose.grants(
                        toKeepOf: answer,
                        about: asked,
                        verified: verified,
                        caller: caller
                    )
                    let trouble = await decisions.remember(kept, in: session, about: verified.client)
                    return trouble ?? purpose.whyNotKept(answer)
                }
                return .success(decided)
            } catch .withdrawn {
                // A lock takes back what waits for the vault.
                for store in asked.map(\.store) where await store.isLocked() {
                    return .failure(.locked)
                }
                return .failure(.withdrawn)
            } catch {
                return .failure(error)
            }
        }.value
    }
}
