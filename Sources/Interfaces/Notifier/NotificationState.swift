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
    /// A request that was clicked away has been asked again and is shown once more.
    case tellShownAgain(code: String)
    /// Nobody shows notifications; said once.
    case tellMissing
    /// The server took a notification away before anybody could have read it; said once for each server.
    case tellHidden
    /// The server didn't take a notification; said once for each request.
    case tellRefused(code: String, reason: String)
    /// A button was pressed that Keybell didn't put there: another program has replaced the notification.
    case tellReplaced(code: String)
    /// Buttons are pressed before anybody can have read them; said once for each server.
    case tellAbandoned(code: String)
}

/// What stands on the screen, and what a signal about it means.
///
/// It is a value: each method takes an event and the time and returns what is to be done, so that every rule
/// about notifications is tested without a bus or a clock. No signal is believed but from the server that
/// shows the note it speaks of, no closing is an answer, and no allow that came before a person can have read what it
/// is for.
struct NotificationState: Sendable {
    typealias Instant = ContinuousClock.Instant

    var limits: Limits
    /// `[approval] dismiss = "deny"`.
    var dismissalDenies: Bool
    let makeKey: @Sendable () -> String

    /// The requests that are to be seen, in the order in which they came.
    var bubbles: [Bubble] = []
    var tally = Tally()
    /// The server's unique name as far as known.
    var peer: String?
    /// The last servers that have left; a unique name never comes back.
    var departed: [String] = []
    /// Whether the server is known to show one notification at a time, so that they are given to it one by one.
    var queues = false
    /// When the next may come there.
    var nextTurn: Instant?
    /// When what its server has taken with it is shown by another.
    var revival = Revival()
    var hasToldMissing = false
    var hasToldHidden = false
    var hasToldAbandoned = false
    private var lastTicket: UInt64 = 0
    private var lastTurn: UInt64 = 0
    /// Signals that came before the answer to `Notify` said what they are about.
    private(set) var early: [Signal] = []
    private static let keptSignals = 64
    private static let keptServers = 16

    init(
        limits: Limits = Limits(),
        dismissalDenies: Bool = false,
        makeKey: @escaping @Sendable () -> String = NotificationState.randomKey
    ) {
        self.limits = limits
        self.dismissalDenies = dismissalDenies
        self.makeKey = makeKey
    }

    /// A key that nobody can guess, 80 bits from the system's generator.
    static let randomKey: @Sendable () -> String = {
        String((0..<16).map { _ in RequestCode.alphabet[Int.random(in: RequestCode.alphabet.indices)] })
    }

    /// A server has left.
    mutating func departs(_ server: String) {
        departed = (departed + [server]).suffix(Self.keptServers)
    }

    // MARK: Requests

    /// A request is to be seen; one that is there already may be told of twice as the notifier starts.
    mutating func show(_ request: PendingRequest, now: Instant) -> [BoardAction] {
        guard !bubbles.contains(where: { $0.request.code == request.code }) else { return [] }
        bubbles.append(Bubble(request: request, turn: newTurn()))
        return place(now: now)
    }

    /// What was clicked away comes back when it is asked again, but not while the click may still go on.
    mutating func askedAgain(_ request: PendingRequest, now: Instant) -> [BoardAction] {
        guard let index = bubbles.firstIndex(where: { $0.request.code == request.code }) else {
            return show(request, now: now)
        }
        switch bubbles[index].phase {
        case .closed(var closed) where closed.denialDue == nil && closed.again == nil:
            closed.again = max(now, closed.at + limits.pause)
            bubbles[index].phase = .closed(closed)
            bubbles[index].turn = newTurn()
        case .abandoned:
            bubbles[index].phase = .resting(until: now + limits.pause)
        case .refused(nil):
            bubbles[index].phase = .refused(until: now + limits.pause)
            return []
        default:
            return []
        }
        return [.tellShownAgain(code: bubbles[index].request.code)] + tick(now: now)
    }

    /// A request has ended, or is shown by somebody else.
    mutating func remove(_ code: String, now: Instant) -> [BoardAction] {
        guard let index = bubbles.firstIndex(where: { $0.request.code == code }) else { return [] }
        let close = takingAway(index, now: now)
        bubbles.remove(at: index)
        return close + place(now: now)
    }

    /// An answer that came through a notification wasn't taken: it is asked again.
    mutating func refused(_ code: String, now: Instant) -> [BoardAction] {
        guard let index = bubbles.firstIndex(where: { $0.request.code == code }) else { return [] }
        bubbles[index].phase = .resting(until: now + limits.pause)
        return place(now: now)
    }

    /// Takes a notification off the screen, if it is there.
    mutating func takingAway(_ index: Int, now: Instant) -> [BoardAction] {
        guard bubbles[index].isSent else { return [] }
        freed(now: now)
        guard case .visible(let shown) = bubbles[index].phase else { return [] }
        return [.close(id: shown.id, peer: shown.peer)]
    }

    mutating func newTurn() -> UInt64 {
        lastTurn += 1
        return lastTurn
    }

    // MARK: Posting

    mutating func newTicket() -> UInt64 {
        lastTicket += 1
        return lastTicket
    }

    /// Writes the note of a ticket for the server that is there now; nil if it isn't wanted any more, or not yet.
    mutating func compose(_ ticket: UInt64, on server: NotificationServer, now: Instant) -> Note? {
        if !departed.contains(server.peer) { queues = server.queues }
        if tally.ticket == ticket {
            let note = composeTally(on: server)
            if note != nil { disturb(now: now) }
            return note
        }
        guard let index = bubbles.firstIndex(where: { $0.ticket == ticket }),
            case .posting(_, let to, _) = bubbles[index].phase
        else { return nil }
        guard isTurn(of: index, now: now) else {
            bubbles[index].phase = .counted
            return nil
        }
        disturb(now: now)
        bubbles[index].phase = .posting(ticket: ticket, to: to, isSent: true)
        let request = bubbles[index].request
        var keys: [Press: String] = [:]
        for press in Press.offered(for: request, on: server) {
            keys[press] = press == .name ? Press.replyKey : makeKey()
        }
        bubbles[index].keys = keys
        return Note(
            asking: request,
            on: server,
            attempt: bubbles[index].attempt,
            // Elsewhere a notification of its own counts them.
            others: server.queues ? bubbles.count(where: \.isPlaceable) : 0,
            keys: keys
        )
    }

    /// Whether nothing else is to be shown first; only now is it known whether the server keeps all but one back.
    private func isTurn(of index: Int, now: Instant) -> Bool {
        guard queues else { return true }
        let isFree = nextTurn.map { $0 <= now } ?? true
        return isFree
            && !bubbles.indices.contains { other in
                guard other != index, bubbles[other].holdsPlace else { return false }
                let isOnlyPlanned = bubbles[other].ticket != nil && !bubbles[other].isSent
                return !isOnlyPlanned || bubbles[other].turn < bubbles[index].turn
            }
    }

    /// The server has taken a note.
    mutating func posted(_ ticket: UInt64, id: UInt32, by peer: String, now: Instant) -> [BoardAction] {
        defer { if !isPosting { early = [] } }
        disturb(now: now)
        if tally.ticket == ticket { return tallyPosted(id: id, by: peer, now: now) }
        guard let index = bubbles.firstIndex(where: { $0.ticket == ticket }) else {
            // Ended meanwhile.
            freed(now: now)
            return [.close(id: id, peer: peer)]
        }
        guard !departed.contains(peer) else {
            bubbles[index].phase = .unplaced
            return place(now: now)
        }
        bubbles[index].phase = .visible(Shown(id: id, peer: peer, since: now))
        bubbles[index].wasSeen = true
        bubbles[index].refusals = 0
        hasToldMissing = false
        let arrived = early.filter { $0.id == id && $0.peer == peer }
        return arrived.flatMap { take($0, now: now) }
    }

    /// A note could not be posted.
    ///
    /// Without a server it waits for the next one; what a server didn't take is tried again after a while, and then
    /// whenever another notification has gone, for some servers take just so many.
    ///
    /// - Parameters:
    ///   - ticket: Which one.
    ///   - reason: Why the server didn't take it; nil if there is no server at all.
    ///   - now: The time.
    /// - Returns: What is to be done.
    mutating func failed(_ ticket: UInt64, reason: String?, now: Instant) -> [BoardAction] {
        defer { if !isPosting { early = [] } }
        if tally.ticket == ticket {
            tally = Tally()
            return reason == nil ? missing() : []
        }
        guard let index = bubbles.firstIndex(where: { $0.ticket == ticket }) else { return [] }
        // Another server may have come while this one was being asked.
        if case .posting(_, let old, _) = bubbles[index].phase, let peer, peer != old {
            bubbles[index].phase = .unplaced
            return place(now: now)
        }
        guard let reason else {
            bubbles[index].phase = .lost
            return missing()
        }
        let delays = limits.refusedNotify
        let count = bubbles[index].refusals
        bubbles[index].refusals += 1
        bubbles[index].phase = .refused(until: count < delays.count ? now + delays[count] : nil)
        let tell = BoardAction.tellRefused(code: bubbles[index].request.code, reason: reason)
        return (count == 0 ? [tell] : []) + place(now: now)
    }

    private mutating func missing() -> [BoardAction] {
        guard !hasToldMissing else { return [] }
        hasToldMissing = true
        return [.tellMissing]
    }

    private var isPosting: Bool {
        tally.ticket != nil || bubbles.contains { $0.ticket != nil }
    }

    /// A signal that may be about a note whose posting hasn't been answered yet.
    mutating func keepEarly(_ signal: Signal) {
        guard isPosting else { return }
        // The server tells everybody of every notification; one that never answers must not fill the memory.
        early = (early + [signal]).suffix(Self.keptSignals)
    }
}
