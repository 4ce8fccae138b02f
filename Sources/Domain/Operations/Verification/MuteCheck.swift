// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers

/// Refuses programs that the person has muted.
struct MuteCheck: Sendable {
    private let approvals: ApprovalBroker

    /// Makes one that knows the mutes of this broker.
    init(approvals: ApprovalBroker) {
        self.approvals = approvals
    }

    /// Throws `muted` for a program that is, before anything is looked at for it.
    ///
    /// Who asks is found out only while anybody is muted: that is expensive, and hardly ever needed.
    func check(_ requester: CachedRequester) async throws(Refusal) {
        try await check(requester, counting: true)
    }

    /// The same once more for a request that the person may have been asked about meanwhile, without counting it as
    /// denied unseen: it may be the one that they denied with a mute.
    func checkAgain(_ requester: CachedRequester) async throws(Refusal) {
        try await check(requester, counting: false)
    }

    private func check(_ requester: CachedRequester, counting: Bool) async throws(Refusal) {
        guard await approvals.hasMutes else { return }
        let caller = await requester.caller()
        let isMuted =
            counting
            ? await approvals.countIfMuted(caller, asking: requester) : await approvals.isMuted(caller)
        if isMuted { throw .muted }
    }
}

extension ApprovalBroker {
    /// Whether anything that this program asks is denied unseen; if so, its request is counted, unless it is already.
    func countIfMuted(_ caller: Caller, asking request: CachedRequester) -> Bool {
        guard !request.isCounted else { return isMuted(caller) }
        guard countIfMuted(caller) else { return false }
        request.noteCounted()
        return true
    }
}
