// SPDX-License-Identifier: Apache-2.0

import Approval

/// When questions whose server has left are shown again through the bus, which starts a server if it can.
///
/// The first time comes after a moment in which a server that restarts by itself will have taken its name again; one
/// that leaves at each notification is started a few times, with growing pauses, and then only for a new question.
struct ServerRetry: Sendable, Equatable {
    typealias Instant = NotificationState.Instant

    /// When that is due; nil where nothing is planned.
    private(set) var due: Instant?
    private var tries = 0
    private var serverSince: Instant?

    /// A server is there.
    mutating func serverCame(now: Instant) {
        (due, serverSince) = (nil, now)
    }

    /// The server has left, with questions on it or without.
    mutating func serverLeft(withQuestions: Bool, now: Instant, limits: ApprovalLimits) {
        if let since = serverSince, since + limits.steadyServer <= now { tries = 0 }
        serverSince = nil
        let pauses = limits.serverRetries
        due = withQuestions && tries < pauses.count ? now + pauses[tries] : nil
    }

    /// Begins it, if it is time: it is then no longer planned; false if it isn't.
    mutating func begin(now: Instant) -> Bool {
        guard let planned = due, planned <= now else { return false }
        (due, tries) = (nil, tries + 1)
        return true
    }
}
