// SPDX-License-Identifier: Apache-2.0

import Approval

/// What the answerer is to do after an event.
enum BoardAction: Sendable, Equatable {
    /// Find the server and have `compose` write the note of this ticket.
    case post(ticket: UInt64)
    /// Take a notification away.
    case close(id: UInt32, peer: String)
    /// The person has answered.
    case answer(code: String, Decision, Choices, Surface)
    /// Nobody shows notifications; said once.
    case tellMissing
    /// The server took a notification away before anybody could have read it; said once for each server.
    case tellHidden
    /// A button was pressed that Keybell didn't put there: another program has replaced the notification.
    case tellReplaced(code: String)
}

/// What stands on the screen, and what a signal about it means.
///
/// It is a value: each method takes an event and returns what is to be done, so that every rule of the contract
/// about notifications is tested without a bus. No signal is believed but from the server that shows the note it
/// speaks of, and no closing is an answer.
struct NotificationBoard: Sendable {
    typealias Instant = ContinuousClock.Instant

    let limits: Limits
    /// `[approval] dismiss = "deny"`.
    let dismissalDenies: Bool
    let makeKey: @Sendable () -> String

    /// The requests that are to be seen, in the order in which they came.
    var bubbles: [Bubble] = []
    var tally = Tally()
    /// The server's unique name as far as known.
    var peer: String?
    /// Servers that have left; a unique name never comes back.
    var departed: Set<String> = []
    var hasToldMissing = false
    var hasToldHidden = false
    private var lastTicket: UInt64 = 0
    /// Signals that came before the answer to `Notify` said what they are about.
    private var early: [Signal] = []

    init(
        limits: Limits = Limits(),
        dismissalDenies: Bool = false,
        makeKey: @escaping @Sendable () -> String = NotificationBoard.randomKey
    ) {
        self.limits = limits
        self.dismissalDenies = dismissalDenies
        self.makeKey = makeKey
    }

    /// A key that nobody can guess, 80 bits from the system's generator.
    static let randomKey: @Sendable () -> String = {
        String((0..<16).map { _ in RequestCode.alphabet[Int.random(in: RequestCode.alphabet.indices)] })
    }

    /// When `tick` is due.
    var alarm: Instant? {
        bubbles.compactMap(\.denialDue).min()
    }

    // MARK: Requests

    /// A request is to be seen.
    mutating func show(_ request: PendingRequest) -> [BoardAction] {
        guard !bubbles.contains(where: { $0.request.code == request.code }) else { return [] }
        bubbles.append(Bubble(request: request))
        return place()
    }

    /// A request has ended, or is shown by somebody else.
    mutating func remove(_ code: String) -> [BoardAction] {
        guard let index = bubbles.firstIndex(where: { $0.request.code == code }) else { return [] }
        let bubble = bubbles.remove(at: index)
        return closing(bubble) + place()
    }

    /// An answer that came through a notification wasn't taken: it is asked again.
    mutating func refused(_ code: String) -> [BoardAction] {
        guard let index = bubbles.firstIndex(where: { $0.request.code == code }) else { return [] }
        return showAgain(index)
    }

    private mutating func showAgain(_ index: Int) -> [BoardAction] {
        bubbles[index].attempt += 1
        bubbles[index].phase = .unplaced
        return place()
    }

    private func closing(_ bubble: Bubble) -> [BoardAction] {
        guard case .visible(let shown) = bubble.phase else { return [] }
        return [.close(id: shown.id, peer: shown.peer)]
    }

    // MARK: Posting

    mutating func newTicket() -> UInt64 {
        lastTicket += 1
        return lastTicket
    }

    /// Writes the note of a ticket for the server that is there now; nil if it isn't wanted any more.
    mutating func compose(_ ticket: UInt64, on server: NotificationServer) -> Note? {
        if tally.ticket == ticket { return composeTally(on: server) }
        guard let index = bubbles.firstIndex(where: { $0.ticket == ticket }) else { return nil }
        let request = bubbles[index].request
        var keys: [Press: String] = [:]
        for press in Press.offered(for: request, on: server) {
            keys[press] = press == .name ? Press.replyKey : makeKey()
        }
        bubbles[index].keys = keys
        return Note(asking: request, on: server, attempt: bubbles[index].attempt, keys: keys)
    }

    /// The server has taken a note.
    mutating func posted(_ ticket: UInt64, id: UInt32, by peer: String, now: Instant) -> [BoardAction] {
        defer { if !isPosting { early = [] } }
        if tally.ticket == ticket { return tallyPosted(id: id, by: peer) }
        guard let index = bubbles.firstIndex(where: { $0.ticket == ticket }) else {
            // Ended meanwhile.
            return [.close(id: id, peer: peer)]
        }
        guard !departed.contains(peer) else {
            bubbles[index].phase = .unplaced
            return place()
        }
        bubbles[index].phase = .visible(Shown(id: id, peer: peer, since: now))
        bubbles[index].wasSeen = true
        hasToldMissing = false
        let arrived = early.filter { $0.id == id && $0.peer == peer }
        return arrived.flatMap { take($0, now: now) }
    }

    /// A note could not be posted; it is tried again when another server comes.
    ///
    /// - Parameters:
    ///   - ticket: Which one.
    ///   - isMissing: Whether that is because there is no server at all.
    /// - Returns: What is to be done.
    mutating func failed(_ ticket: UInt64, isMissing: Bool) -> [BoardAction] {
        defer { if !isPosting { early = [] } }
        if tally.ticket == ticket {
            tally = Tally()
        } else if let index = bubbles.firstIndex(where: { $0.ticket == ticket }) {
            // Another server may have come while this one was being asked.
            if case .posting(_, let old) = bubbles[index].phase, let peer, peer != old {
                bubbles[index].phase = .unplaced
                return place()
            }
            bubbles[index].phase = .lost
        }
        guard isMissing, !hasToldMissing else { return [] }
        hasToldMissing = true
        return [.tellMissing]
    }

    private var isPosting: Bool {
        tally.ticket != nil || bubbles.contains { $0.ticket != nil }
    }

    // MARK: Signals

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

    /// A server speaks of a notification.
    mutating func take(_ signal: Signal, now: Instant) -> [BoardAction] {
        if signal.id == tally.id, signal.peer == tally.peer {
            if case .closed = signal.kind { tally.wasClosed() }
            return []
        }
        guard let index = bubbles.firstIndex(where: { $0.isShown(as: signal.id, by: signal.peer) })
        else {
            if isPosting { early.append(signal) }
            return []
        }
        switch signal.kind {
        case .invoked(let key):
            guard let press = bubbles[index].keys.first(where: { $0.value == key })?.key, press != .name
            else {
                return replaced(index, by: key)
            }
            return pressed(press, nil, at: index, now: now)
        case .replied(let text):
            guard bubbles[index].keys[.name] != nil else { return [] }
            return pressed(.name, text, at: index, now: now)
        case .closed(let reason):
            return closed(index, reason: reason, now: now)
        }
    }

    /// The first press counts and takes the notification away; an allow too soon after it came up is no answer.
    private mutating func pressed(_ press: Press, _ text: String?, at index: Int, now: Instant)
        -> [BoardAction]
    {
        guard let shown = bubbles[index].shown else { return [] }
        let code = bubbles[index].request.code
        let close = closing(bubbles[index])
        guard press == .deny || shown.since + limits.hasty <= now else {
            return close + showAgain(index)
        }
        bubbles[index].phase = .answered
        let answer: BoardAction =
            switch press {
            case .allow: .answer(code: code, .allow, Choices(), .notifier)
            case .always: .answer(code: code, .allow, Choices(scope: .always), .notifier)
            case .name: .answer(code: code, .allow, Choices(id: text), .notifier)
            case .deny: .answer(code: code, .deny, Choices(), .notifier)
            }
        return close + [answer] + place()
    }

    /// A button that isn't ours: another program has given our id to `Notify` and put its own text before the person.
    ///
    /// No server tells of a replacement itself, so it is noticed only by a press. That one is no answer; the other's
    /// text is taken away and the request shown anew. Some servers tell of a click on the body as "default", unasked.
    private mutating func replaced(_ index: Int, by key: String) -> [BoardAction] {
        guard case .visible = bubbles[index].phase, !["", "default", Press.replyKey].contains(key) else {
            return []
        }
        let tell = BoardAction.tellReplaced(code: bubbles[index].request.code)
        return [tell] + closing(bubbles[index]) + showAgain(index)
    }

    /// Closed without a press is no answer, whatever the reason; unless the person has configured that a dismissal
    /// denies, and then only if no press follows at once, since some servers close before they tell of a press.
    private mutating func closed(_ index: Int, reason: UInt32, now: Instant) -> [BoardAction] {
        guard case .visible(let shown) = bubbles[index].phase else { return [] }
        let dismissed: UInt32 = 2
        let due = dismissalDenies && reason == dismissed ? now + limits.dismissal : nil
        bubbles[index].phase = .closed(shown, denialDue: due)
        // Not by the person, and so soon: do-not-disturb, where the server tells of it.
        guard reason != dismissed, now < shown.since + limits.hasty else { return place() }
        bubbles[index].wasSeen = bubbles[index].attempt > 0
        guard !hasToldHidden else { return place() }
        hasToldHidden = true
        return [.tellHidden] + place()
    }

    /// A dismissal has stood long enough.
    mutating func tick(now: Instant) -> [BoardAction] {
        var actions: [BoardAction] = []
        for index in bubbles.indices {
            guard let due = bubbles[index].denialDue, due <= now else { continue }
            bubbles[index].phase = .answered
            actions.append(.answer(code: bubbles[index].request.code, .deny, Choices(), .dismissal))
        }
        return actions
    }
}
