// SPDX-License-Identifier: Apache-2.0

import Approval

// The guard against double clicks, and against clicks that were meant for something else: which press of a button counts.
extension NotificationState {
    /// The first press counts and takes the notification away.
    ///
    /// An allow so soon after the notification came up, or after anything on the screen changed, doesn't count: the
    /// hand was on its way to something else. Where the server may have drawn another program's notification first,
    /// there is no telling when ours came up: there, the first press that comes while the other one may have been on
    /// the screen has ours shown again.
    mutating func pressed(_ press: Press, _ text: String?, at index: Int, now: Instant)
        -> [NotificationEffect]
    {
        guard let shown = notifications[index].shown else { return [] }
        let isFirst = notifications[index].earlyPresses == 0
        let since = isFirst ? max(shown.restingSince, shown.drawnBy) : shown.restingSince
        guard press == .deny || since + limits.hasty <= now else {
            return pressedEarly(index, now: now)
        }
        let code = notifications[index].request.code
        let close = takingAway(index, now: now)
        notifications[index].phase = .answered
        let answer: NotificationEffect =
            switch press {
            case .allow: .answer(code: code, .allow, Choices(), .notifier)
            case .always: .answer(code: code, .allow, Choices(scope: .always), .notifier)
            case .name: .answer(code: code, .allow, Choices(id: text), .notifier)
            case .deny: .answer(code: code, .deny, Choices(), .notifier)
            }
        return close + [answer] + place(now: now)
    }

    /// Shows it again after a pause; a few times only, for there may be a server that presses by itself.
    private mutating func pressedEarly(_ index: Int, now: Instant) -> [NotificationEffect] {
        // Its closing was reported first, and has been counted.
        if case .closed(let closed) = notifications[index].phase, closed.again != nil { return [] }
        let close = takingAway(index, now: now)
        guard notifications[index].earlyPresses < limits.earlyPresses else {
            notifications[index].phase = .abandoned
            // The asker is told how it can be answered.
            notifications[index].wasSeen = false
            let tell: [NotificationEffect] =
                hasToldAbandoned ? [] : [.tellAbandoned(code: notifications[index].request.code)]
            hasToldAbandoned = true
            return close + tell + place(now: now)
        }
        notifications[index].earlyPresses += 1
        notifications[index].reason = RequestNotification.early
        notifications[index].phase = .resting(until: now + limits.pause)
        return close + place(now: now)
    }

    /// A button that isn't ours: another program has given our id to `Notify` and put its own text before the person.
    ///
    /// No server reports a replacement, so it is only noticed by a press. That press isn't an answer; the other's text
    /// is taken away and the request shown anew. Some servers report a click on the body as "default", unasked.
    mutating func replaced(_ index: Int, by key: String, now: Instant) -> [NotificationEffect] {
        guard case .visible = notifications[index].phase, !["", "default", Press.replyKey].contains(key)
        else {
            return []
        }
        return [.tellReplaced(code: notifications[index].request.code)] + pressedEarly(index, now: now)
    }
}
