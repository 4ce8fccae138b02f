// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients

/// Asks the person about verified requests.
struct ClientApproval: Sendable {
    private let approvals: ApprovalBroker
    private let keys: KeyCheck
    private let decisions: RememberedDecisions

    /// Makes one that asks by this broker.
    init(approvals: ApprovalBroker, keys: KeyCheck, decisions: RememberedDecisions) {
        self.approvals = approvals
        self.keys = keys
        self.decisions = decisions
    }

    /// A decision of the person's denies, unseen, what a program asks for at a host, or under a title.
    func denied(
        _ kind: ApprovalKind,
        of verified: VerifiedRequest,
        by caller: Caller,
        in vaults: [String],
        at place: String?
    ) async {
        await approvals.count(
            RememberedDenial(
                kind,
                of: verified.client.fingerprint,
                by: caller.program,
                in: vaults,
                at: place
            )
        )
    }

    /// Asks, and waits for the answer; for a key that is gone, no allow counts and nothing is kept.
    ///
    /// - Parameters:
    ///   - question: What is asked.
    ///   - verified: The request that it is about.
    ///   - keep: Keeps what the person meant for more than once, and says why it couldn't be kept as it was meant, if it
    ///     couldn't.
    ///   - asked: Called once others can join the question.
    /// - Returns: The person's word.
    /// - Throws: Why there isn't one that counts.
    func ask(
        _ question: ApprovalRequest,
        for verified: VerifiedRequest,
        keeping keep: @escaping @Sendable (Answer, GrantSession) async -> String? = { _, _ in nil },
        onceAsked asked: @Sendable () -> Void = {}
    ) async throws(Refusal) -> PersonDecision {
        let keeping: ApprovalBroker.Keeping = { [keys, decisions] answer in
            // As it is at the answer: a lock while the key is looked at ends what is meant for this session.
            let session = decisions.session
            return {
                do throws(Refusal) {
                    try await keys.check(verified)
                } catch .restrictedMeanwhile {
                    return "Nothing was kept, since what the client is restricted to was changed meanwhile."
                } catch {
                    return "Nothing was kept, since the client's key is not there any more."
                }
                return await keep(answer, session)
            }
        }
        let answer = await approvals.ask(question, keeping: keeping, onceAsked: asked)
        switch answer {
        case .allowed(_, let code):
            do throws(Refusal) {
                try await keys.check(verified)
            } catch {
                if let why = error.failure(of: nil) { await approvals.failed(code, because: why) }
                throw error
            }
        case .withdrawn: try await keys.check(verified)
        case .denied, .expired, .unseen, .opened, .tooMany, .quiet: break
        }
        return try PersonDecision(answer)
    }
}
