// SPDX-License-Identifier: Apache-2.0

import Approval

/// A request that is shown, or is to be shown, in a notification.
struct RequestNotification: Sendable {
    typealias Instant = NotificationState.Instant

    enum Phase: Sendable {
        /// Has no notification yet.
        case unplaced
        /// Counted with others in one notification, or waiting for its turn.
        case counted
        /// On its way to the server, which at that time was this one as far as known; `isSent` once it has been written.
        case posting(ticket: UInt64, to: String?, isSent: Bool)
        /// On the screen.
        case visible(Shown)
        /// Closed without an answer; a press that was made before may still be reported.
        case closed(Closed)
        /// Taken away to be shown again then; it keeps its place.
        case resting(until: Instant)
        /// The server didn't take it; tried again then, or without a time once another notification has closed.
        case refused(until: Instant?)
        /// There is no server, or it has gone.
        case lost
        /// Pressed too early too often: left to whoever else answers.
        case abandoned
        /// Answered by a press; what follows is ignored.
        case answered
    }

    /// A notification that its server has closed.
    struct Closed: Sendable {
        let shown: Shown
        let at: Instant
        /// Whether the person has clicked it away.
        var isDismissed = false
        /// When it counts as denied, where a dismissal denies.
        var denialDue: Instant?
        /// When it is shown again by itself.
        var again: Instant?
    }

    /// Why a question comes back after a press or a dismissal that wasn't counted.
    static let early = "Shown again: your click may have been meant for something else."

    let request: PendingRequest
    /// Why it is shown again, where the person can't know.
    var reason: String?
    var phase = Phase.unplaced
    var keys: [Press: String] = [:]
    /// How often it has been shown before.
    var attempt = 0
    /// Its place in the line of those that have no notification yet.
    var turn: UInt64
    /// How many presses and dismissals came too early.
    var earlyPresses = 0
    /// How often the server has let it expire.
    var expiries = 0
    /// How often the server has refused it.
    var refusals = 0
    /// Whether it wasn't visible when its server left.
    var wasAway = false
    /// Whether it has been on a screen, as far as the server says.
    var wasSeen = false

    var ticket: UInt64? {
        guard case .posting(let ticket, _, _) = phase else { return nil }
        return ticket
    }

    var shown: Shown? {
        switch phase {
        case .visible(let shown): shown
        case .closed(let closed): closed.shown
        default: nil
        }
    }

    var denialDue: Instant? {
        guard case .closed(let closed) = phase else { return nil }
        return closed.denialDue
    }

    /// When something is to be done about it by itself.
    var due: Instant? {
        switch phase {
        case .closed(let closed): [closed.denialDue, closed.again].compactMap(\.self).min()
        case .resting(let until): until
        case .refused(let until): until
        default: nil
        }
    }

    /// When it is to be shown again by itself.
    var showingDue: Instant? {
        switch phase {
        case .closed(let closed): closed.again
        case .resting(let until): until
        case .refused(let until): until
        default: nil
        }
    }

    func isShown(as id: UInt32, by peer: String) -> Bool {
        shown?.id == id && shown?.peer == peer
    }

    /// Whether it takes one of the few places on the screen.
    var holdsPlace: Bool {
        switch phase {
        case .posting, .visible, .resting: true
        default: false
        }
    }

    /// Whether the person sees it, or is about to.
    var isPresent: Bool {
        switch phase {
        case .unplaced, .counted, .posting, .visible, .resting: true
        default: showingDue != nil
        }
    }

    /// Whether its server has been told to show it.
    var isSent: Bool {
        switch phase {
        case .posting(_, _, let isSent): isSent
        case .visible: true
        default: false
        }
    }

    var isCounted: Bool {
        guard case .counted = phase else { return false }
        return true
    }

    var isPlaceable: Bool {
        switch phase {
        case .unplaced, .counted: true
        default: false
        }
    }
}

/// A notification as its server knows it.
struct Shown: Sendable, Equatable {
    let id: UInt32
    let peer: String
    let since: NotificationState.Instant
    /// Since when nothing has come, gone or moved that could have put it under a hand that meant something else.
    var restingSince: NotificationState.Instant
    /// When it is on the screen at the latest, where its server may have another one there.
    var drawnBy: NotificationState.Instant

    init(id: UInt32, peer: String, since: NotificationState.Instant) {
        (self.id, self.peer, self.since, restingSince, drawnBy) = (id, peer, since, since, since)
    }
}
