// SPDX-License-Identifier: Apache-2.0

/// An unlock that was allowed and is being carried out: what would open the same isn't asked about meanwhile.
///
/// It lasts for as long as that takes, which has nothing to do with how long the allow answers the same question again.
struct UnlockHold: Sendable {
    let allow: RememberedAllow
    /// When it ends for an unlock that hangs.
    let until: ApprovalQueue.Instant
    /// How many of those who were given the allow haven't yet said that they are done with it.
    var users: Int

    /// Nil if it isn't an unlock, or nobody is left to carry it out.
    init?(_ allow: RememberedAllow, users: Int, _ limits: ApprovalLimits, now: ApprovalQueue.Instant) {
        let count = allow.request.unlocks.count
        guard count > 0, users > 0 else { return nil }
        self.allow = allow
        self.users = users
        until = now + limits.unlocking * count
    }

    var code: String { allow.code }
}
