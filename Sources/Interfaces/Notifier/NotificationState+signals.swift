// SPDX-License-Identifier: Apache-2.0

import Approval

// What a server says of notifications; what a press does is in `NotificationState+presses.swift`.
extension NotificationState {
    /// Something that a notification server says of a notification.
    struct Signal: Sendable, Equatable {
        enum Kind: Sendable, Equatable {
            /// `ActionInvoked`
            case invoked(key: String)
            /// `NotificationReplied`
            case replied(text: String)
            /// `NotificationClosed`
            case closed(reason: UInt32)
        }

        let kind: Kind
        let id: UInt32
        let peer: String
    }

    /// Why a notification was closed.
    private enum Reason {
        static let expired: UInt32 = 1
        static let dismissed: UInt32 = 2
    }

    /// A server speaks of a notification.
    mutating func take(_ signal: Signal, now: Instant) -> [NotificationEffect] {
        guard !(signal.peer == peer && nudges.contains(signal.id)) else { return [] }
        if signal.id == waitingCount.id, signal.peer == waitingCount.peer {
            guard case .closed = signal.kind else { return [] }
            waitingCount.wasClosed()
            freed(now: now)
            return place(now: now)
        }
        guard let index = notifications.firstIndex(where: { $0.isShown(as: signal.id, by: signal.peer) })
        else {
            keepEarly(signal)
            // One that was taken away already, or another program's: ours move up in any case.
            guard !departed.contains(signal.peer) else { return [] }
            otherMoved(signal, now: now)
            return []
        }
        switch signal.kind {
        case .invoked(let key):
            guard let press = notifications[index].keys.first(where: { $0.value == key })?.key, press != .name
            else {
                return replaced(index, by: key, now: now)
            }
            return pressed(press, nil, at: index, now: now)
        case .replied(let text):
            guard notifications[index].keys[.name] != nil else { return [] }
            return pressed(.name, text, at: index, now: now)
        case .closed(let reason):
            return closed(index, reason: reason, now: now)
        }
    }

    /// GNOME's desktop speaks of a notification; of ours the service itself does.
    mutating func shellTold(_ signal: Signal, now: Instant) {
        guard queues, !nudges.contains(signal.id), !onScreen.contains(where: { $0.id == signal.id }) else {
            return
        }
        otherMoved(signal, now: now)
    }

    /// Another's notification, or one of ours that was taken away, has gone or goes.
    private mutating func otherMoved(_ signal: Signal, now: Instant) {
        if case .closed = signal.kind {
            freed(now: now, isOurs: false)
            if stalls, nudgeDue == nil, !onScreen.isEmpty { nudgeDue = now + limits.nudge }
        } else if queues || holdsBack {
            // What is drawn in its place comes up under the same hand.
            disturb(now: drawnNext(now: now))
        }
    }

    /// Closed without a press is no answer, whatever the reason; unless the person has configured that a dismissal
    /// denies, and then only if no press follows at once, since some servers close before they tell of a press.
    ///
    /// What a server lets expire, though it was told not to, comes back by itself, and so does what was clicked away
    /// just after it had come or moved: that click was meant for something else, and denies nothing. Everything else
    /// comes back when it is asked again.
    private mutating func closed(_ index: Int, reason: UInt32, now: Instant) -> [NotificationEffect] {
        guard case .visible(let shown) = notifications[index].phase else { return [] }
        var closed = RequestNotification.Closed(shown: shown, at: now)
        closed.isDismissed = reason == Reason.dismissed
        let wasReadable = shown.since + limits.hasty <= now
        switch reason {
        case Reason.dismissed where now < shown.restingSince + limits.hasty:
            guard notifications[index].earlyPresses < limits.earlyPresses else { break }
            notifications[index].earlyPresses += 1
            notifications[index].reason = RequestNotification.early
            closed.again = now + limits.pause
        case Reason.dismissed where dismissalDenies:
            closed.denialDue = now + limits.dismissal
        case Reason.expired where wasReadable && notifications[index].expiries < limits.expiries:
            notifications[index].expiries += 1
            notifications[index].turn = newTurn()
            closed.again = now + limits.pause
        default: break
        }
        notifications[index].phase = .closed(closed)
        freed(now: now)
        // Not by the person, and so soon: do-not-disturb, if the server reports it.
        guard reason != Reason.dismissed, !wasReadable else { return place(now: now) }
        notifications[index].wasSeen = notifications[index].attempt > 0
        guard !hasToldHidden else { return place(now: now) }
        hasToldHidden = true
        return [.tellHidden] + place(now: now)
    }
}
