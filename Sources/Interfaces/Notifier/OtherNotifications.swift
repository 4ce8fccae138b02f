// SPDX-License-Identifier: Apache-2.0

import Approval

/// What can be known of notifications other than questions, on a server that draws one at a time.
///
/// One of those keeps a question from being drawn though the server has accepted it. Another program's `Notify` isn't
/// announced to anybody, but servers count their ids up, so a gap between two of ours reveals one.
struct OtherNotifications: Sendable, Equatable {
    typealias Instant = NotificationState.Instant

    private var lastID: UInt32 = 0
    private var newsAt: Instant?

    /// A question has got an id.
    ///
    /// - Returns: Whether another notification may stand before it, undrawn yet.
    mutating func questionGot(_ id: UInt32, now: Instant, limits: ApprovalLimits) -> Bool {
        let hasGap = id != lastID &+ 1
        lastID = id
        return hasGap || newsAt.map { now < $0 + limits.banner } ?? false
    }

    /// What is taken away at once and never drawn has got an id.
    mutating func nudgeGot(_ id: UInt32) {
        if id == lastID &+ 1 { lastID = id }
    }

    /// News of ours has got an id.
    mutating func newsGot(_ id: UInt32, now: Instant) {
        // What came in between is as old as it is, or drawn before it.
        if id == lastID &+ 1 { lastID = id }
        newsAt = now
    }
}
