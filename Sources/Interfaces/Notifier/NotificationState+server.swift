// SPDX-License-Identifier: Apache-2.0

import Approval

// When what is shown: the first few at once, or one after the other.
extension NotificationState {
    /// Everything that a server shows now.
    var onScreen: [(id: UInt32, peer: String)] {
        let asked = notifications.compactMap { notification -> (UInt32, String)? in
            guard case .visible(let shown) = notification.phase else { return nil }
            return (shown.id, shown.peer)
        }
        guard let id = waitingCount.id, let peer = waitingCount.peer else { return asked }
        return asked + [(id, peer)]
    }

    /// The codes that a person could have read.
    var seen: Set<String> {
        Set(
            notifications.filter { $0.wasSeen || ($0.isCounted && waitingCount.id != nil) }.map(
                \.request.code
            )
        )
    }

    /// Whether news would stand in a question's way.
    var isCrowded: Bool {
        queues && notifications.contains(where: \.isPresent)
    }

    /// When `tick` is due.
    var alarm: Instant? {
        let dues = notifications.compactMap(\.due) + [serverRetry.due, nudgeDue].compactMap(\.self)
        let waits =
            queues && notifications.contains(where: \.isPlaceable)
            && !notifications.contains(where: \.holdsPlace)
        return (dues + (waits ? [nextTurn].compactMap(\.self) : [])).min()
    }

    /// Something on the screen comes, goes or moves: what the next press hits may be another notification than the
    /// one it was meant for, so that the guard against that starts anew for all that are open.
    ///
    /// - Parameter now: The time; a later one where it takes the server a while to draw what comes next.
    mutating func disturb(now: Instant) {
        for index in notifications.indices {
            guard case .visible(var shown) = notifications[index].phase else { continue }
            shown.restingSince = max(shown.restingSince, now)
            notifications[index].phase = .visible(shown)
        }
    }

    /// A notification is gone: what was refused because there were too many is tried again, and after one of ours the
    /// next may follow after a pause.
    mutating func freed(now: Instant, isOurs: Bool = true) {
        let drawn = drawnNext(now: now)
        nextDrawn = max(drawn, nextDrawn ?? drawn)
        // Where there is only one at a time, none is behind ours.
        disturb(now: isOurs && queues ? now : drawn)
        if isOurs { nextTurn = now + limits.pause }
        for index in notifications.indices {
            guard case .refused(nil) = notifications[index].phase else { continue }
            notifications[index].phase = .refused(until: now + limits.pause)
        }
    }

    /// When what was behind a notification that goes now is drawn at the latest.
    func drawnNext(now: Instant) -> Instant {
        queues || holdsBack ? now + limits.drawing : now
    }

    /// Gives the first few requests a notification each; the others are counted in one, or wait for their turn.
    mutating func place(now: Instant) -> [NotificationEffect] {
        var effects: [NotificationEffect] = []
        let line = notifications.indices.filter { notifications[$0].isPlaceable }.sorted {
            notifications[$0].turn < notifications[$1].turn
        }
        for index in line {
            guard hasRoom(now: now) else {
                notifications[index].phase = .counted
                continue
            }
            let ticket = newTicket()
            notifications[index].phase = .posting(ticket: ticket, to: peer, isSent: false)
            effects.append(.post(ticket: ticket))
        }
        return effects + placeWaitingCount(now: now)
    }

    private func hasRoom(now: Instant) -> Bool {
        let taken = notifications.count(where: \.holdsPlace)
        guard queues else { return taken < limits.notifications }
        return taken == 0 && nextTurn.map { $0 <= now } ?? true
    }

    /// The owner of the service's name has changed: a new server is shown everything that waits.
    mutating func serverChanged(to new: String?, now: Instant) -> [NotificationEffect] {
        let isAnother = peer != new
        if let old = peer, isAnother {
            departs(old)
            (queues, nextTurn, others) = (false, nil, OtherNotifications())
            (holdsBack, nextDrawn, stalls, nudgeDue, nudges) = (false, nil, false, nil, [])
        }
        peer = new
        if waitingCount.peer != new {
            waitingCount = WaitingCount(phase: waitingCount.ticket == nil ? .none : waitingCount.phase)
        }
        let lost = notifications.indices.filter { isLost(notifications[$0], with: new, isAnother) }
        // What the person has clicked away needs no new server.
        let wasShowing = lost.contains { notifications[$0].isPresent }
        for index in lost {
            // A server that has kept its history may take the same text for a duplicate.
            notifications[index].attempt += 1
            notifications[index].wasAway = !notifications[index].isPresent
            notifications[index].phase = .lost
        }
        guard new != nil else {
            if isAnother { serverRetry.serverLeft(withQuestions: wasShowing, now: now, limits: limits) }
            return []
        }
        if isAnother { serverRetry.serverCame(now: now) }
        (hasToldMissing, hasToldHidden, hasToldAbandoned) = (false, false, false)
        for index in notifications.indices {
            guard case .lost = notifications[index].phase else { continue }
            (
                notifications[index].refusals, notifications[index].expiries,
                notifications[index].earlyPresses
            ) = (0, 0, 0)
            notifications[index].wasAway = false
            notifications[index].phase = .unplaced
        }
        return place(now: now)
    }

    /// Whether a server other than the one that has this would have to show it.
    ///
    /// What the person has clicked away waits
    /// until it is asked again, and a dismissal that may still deny isn't asked at all.
    private func isLost(_ notification: RequestNotification, with new: String?, _ isAnother: Bool) -> Bool {
        switch notification.phase {
        case .visible(let shown): shown.peer != new
        case .closed(let closed):
            closed.shown.peer != new && closed.denialDue == nil
                && !(closed.isDismissed && closed.again == nil)
        case .resting, .refused, .abandoned: isAnother
        default: false
        }
    }

    /// Something that was put off is due.
    mutating func tick(now: Instant) -> [NotificationEffect] {
        var effects = nudge(now: now)
        if serverRetry.begin(now: now) {
            for index in notifications.indices {
                guard case .lost = notifications[index].phase, !notifications[index].wasAway else { continue }
                notifications[index].phase = .unplaced
            }
        }
        for index in notifications.indices {
            if let due = notifications[index].denialDue, due <= now {
                notifications[index].phase = .answered
                effects.append(.answer(code: notifications[index].request.code, .deny, Choices(), .dismissal))
            } else if let due = notifications[index].showingDue, due <= now {
                showAgain(index)
            }
        }
        return effects + place(now: now)
    }

    /// Makes the server draw what it may have accepted but not drawn, if it is time.
    ///
    /// Not by sending that once more: where it is drawn already, GNOME Shell takes its buttons away.
    private mutating func nudge(now: Instant) -> [NotificationEffect] {
        guard let due = nudgeDue, due <= now else { return [] }
        nudgeDue = nil
        disturb(now: drawnNext(now: now))
        guard let peer, onScreen.contains(where: { $0.peer == peer }) else { return [] }
        return [.nudge(peer: peer)]
    }

    /// Has it placed anew; no two texts are the same, since servers drop duplicates.
    private mutating func showAgain(_ index: Int) {
        if case .refused = notifications[index].phase {} else { notifications[index].attempt += 1 }
        notifications[index].phase = .unplaced
    }
}
