// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP

/// What an operation answers, before it is sealed with the client's key.
struct OperationResult: Sendable {
    var reply: Reply
    /// The request that the reply is sealed for; nil for one that goes out in the open (a ping, a failure).
    var request: VerifiedMessage?
    /// The reply's share of the memory for all replies, until it has gone out.
    var lease: ReplyBudget.Lease?
    /// Ends the memory of the decisions that this reply delivers, once it has arrived.
    var settles: (@Sendable () async -> Void)?
    /// What follows it, whatever became of it; nobody waits for this.
    var ends: (@Sendable (DeliveryOutcome) -> Void)?

    init(
        reply: Reply,
        to request: VerifiedMessage? = nil,
        lease: ReplyBudget.Lease? = nil,
        settles: (@Sendable () async -> Void)? = nil,
        ends: (@Sendable (DeliveryOutcome) -> Void)? = nil
    ) {
        (self.reply, self.request, self.lease) = (reply, request, lease)
        (self.settles, self.ends) = (settles, ends)
    }
}
