// SPDX-License-Identifier: Apache-2.0

import Approval

/// What stands on the screen, and what a signal about it means.
///
/// It is a value: each method takes an event and the time and returns what is to be done, so that every rule about
/// notifications is tested without a bus or a clock. A signal is only believed from the server that shows the
/// notification in question; a closing is never an answer, nor is an allow that came before a person can have read what
/// it is for.
struct NotificationState: Sendable {
    typealias Instant = ContinuousClock.Instant

    var limits: ApprovalLimits
    /// `[approval] dismiss = "deny"`.
    var dismissalDenies: Bool
    let makeKey: @Sendable () -> String

    /// The requests that are to be seen, in the order in which they came.
    var notifications: [RequestNotification] = []
    var waitingCount = WaitingCount()
    /// The server's unique name as far as known.
    var peer: String?
    /// The last servers that have left; a unique name never comes back.
    var departed: [String] = []
    /// Whether the server is known to show one notification at a time, so that they are given to it one by one.
    var queues = false
    /// Whether it is known to draw what has no room only as something else goes.
    var holdsBack = false
    /// When the next notification is drawn at the latest in place of the last one that has gone.
    var nextDrawn: Instant?
    /// Whether it is known to draw what waits only when it is told of something.
    var stalls = false
    /// When it is told of something, so that it draws what may wait.
    var nudgeDue: Instant?
    /// The last notifications that were sent for that alone: nothing of theirs says anything about others.
    var nudges: [UInt32] = []
    /// When the next may come there.
    var nextTurn: Instant?
    /// When what disappeared with its server is shown by another.
    var serverRetry = ServerRetry()
    /// What else may stand before a question, where the server shows one at a time.
    var others = OtherNotifications()
    var hasToldMissing = false
    var hasToldHidden = false
    var hasToldAbandoned = false
    private var lastTicket: UInt64 = 0
    private var lastTurn: UInt64 = 0
    /// Signals that came before the answer to `Notify` said what they are about.
    private(set) var early: [Signal] = []
    private static let keptSignals = 64
    private static let keptServers = 16
    private static let keptNudges = 16

    init(
        limits: ApprovalLimits = ApprovalLimits(),
        dismissalDenies: Bool = false,
        makeKey: @escaping @Sendable () -> String = NotificationState.randomKey
    ) {
        self.limits = limits
        self.dismissalDenies = dismissalDenies
        self.makeKey = makeKey
    }

    /// A key that nobody can guess, 80 bits from the system's generator.
    static let randomKey: @Sendable () -> String = {
        RequestCode.random(16)
    }

    /// A server has left.
    mutating func departs(_ server: String) {
        departed = (departed + [server]).suffix(Self.keptServers)
    }

    // MARK: Requests

    /// A request is to be shown; one that is there already may be announced twice as the notifier starts.
    mutating func show(_ request: PendingRequest, now: Instant) -> [NotificationEffect] {
        guard !notifications.contains(where: { $0.request.code == request.code }) else { return [] }
        notifications.append(RequestNotification(request: request, turn: newTurn()))
        return place(now: now)
    }

    /// What was clicked away comes back when it is asked again, but not while the click may still go on.
    mutating func askedAgain(_ request: PendingRequest, now: Instant) -> [NotificationEffect] {
        guard let index = notifications.firstIndex(where: { $0.request.code == request.code }) else {
            return show(request, now: now)
        }
        switch notifications[index].phase {
        case .closed(var closed) where closed.denialDue == nil && closed.again == nil:
            closed.again = max(now, closed.at + limits.pause)
            notifications[index].phase = .closed(closed)
            notifications[index].turn = newTurn()
        case .abandoned:
            notifications[index].phase = .resting(until: now + limits.pause)
        case .refused(nil):
            notifications[index].phase = .refused(until: now + limits.pause)
            return []
        // Another server shows it by itself; until then there are just the agents.
        case .lost: break
        default:
            return []
        }
        return [.tellShownAgain(code: notifications[index].request.code)] + tick(now: now)
    }

    /// A request has ended, or is shown by somebody else.
    mutating func remove(_ code: String, now: Instant) -> [NotificationEffect] {
        guard let index = notifications.firstIndex(where: { $0.request.code == code }) else { return [] }
        let close = takingAway(index, now: now)
        notifications.remove(at: index)
        return close + place(now: now)
    }

    /// An answer that came through a notification wasn't taken: it is asked again.
    mutating func refused(_ code: String, now: Instant) -> [NotificationEffect] {
        guard let index = notifications.firstIndex(where: { $0.request.code == code }) else { return [] }
        notifications[index].phase = .resting(until: now + limits.pause)
        return place(now: now)
    }

    /// Takes a notification off the screen, if it is there.
    mutating func takingAway(_ index: Int, now: Instant) -> [NotificationEffect] {
        guard notifications[index].isSent else { return [] }
        freed(now: now)
        guard case .visible(let shown) = notifications[index].phase else { return [] }
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

    /// Writes the notification for a ticket, for the present server; nil if it is no longer wanted, or not yet.
    mutating func compose(_ ticket: UInt64, on server: NotificationServer, now: Instant) -> NotifyCall? {
        if !departed.contains(server.peer) {
            (queues, holdsBack, stalls) = (server.queues, server.holdsBack, server.stalls)
        }
        if waitingCount.ticket == ticket {
            let note = composeWaitingCount(on: server)
            if note != nil { disturb(now: now) }
            return note
        }
        guard let index = notifications.firstIndex(where: { $0.ticket == ticket }),
            case .posting(_, let to, _) = notifications[index].phase
        else { return nil }
        guard isTurn(of: index, now: now) else {
            notifications[index].phase = .counted
            return nil
        }
        disturb(now: now)
        notifications[index].phase = .posting(ticket: ticket, to: to, isSent: true)
        let request = notifications[index].request
        var keys: [Press: String] = [:]
        for press in Press.offered(for: request, on: server) {
            keys[press] = press == .name ? Press.replyKey : makeKey()
        }
        notifications[index].keys = keys
        return NotifyCall(
            asking: request,
            on: server,
            attempt: notifications[index].attempt,
            reason: notifications[index].reason,
            // Elsewhere a notification of its own counts them.
            others: server.queues ? notifications.count(where: \.isPlaceable) : 0,
            keys: keys
        )
    }

    /// Whether nothing else is to be shown first; only now is it known whether the server keeps all but one back.
    private func isTurn(of index: Int, now: Instant) -> Bool {
        guard queues else { return true }
        let isFree = nextTurn.map { $0 <= now } ?? true
        return isFree
            && !notifications.indices.contains { other in
                guard other != index, notifications[other].holdsPlace else { return false }
                let isOnlyPlanned = notifications[other].ticket != nil && !notifications[other].isSent
                return !isOnlyPlanned || notifications[other].turn < notifications[index].turn
            }
    }

    /// The server has accepted a notification.
    mutating func posted(_ ticket: UInt64, id: UInt32, by peer: String, now: Instant) -> [NotificationEffect]
    {
        defer { if !isPosting { early = [] } }
        disturb(now: now)
        let isBehind = others.questionGot(id, now: now, limits: limits)
        if waitingCount.ticket == ticket { return waitingCountPosted(id: id, by: peer, now: now) }
        guard let index = notifications.firstIndex(where: { $0.ticket == ticket }) else {
            // Ended meanwhile.
            freed(now: now)
            return [.close(id: id, peer: peer)]
        }
        guard !departed.contains(peer) else {
            notifications[index].phase = .unplaced
            return place(now: now)
        }
        var shown = Shown(id: id, peer: peer, since: now)
        shown.restingSince = nextDrawn.map { max(now, $0) } ?? now
        shown.drawnBy = queues && isBehind ? now + limits.banner : now
        notifications[index].phase = .visible(shown)
        notifications[index].wasSeen = true
        notifications[index].refusals = 0
        hasToldMissing = false
        let arrived = early.filter { $0.id == id && $0.peer == peer }
        return arrived.flatMap { take($0, now: now) }
    }

    /// The server has accepted news.
    mutating func newsPosted(id: UInt32, now: Instant) {
        disturb(now: now)
        others.newsGot(id, now: now)
    }

    /// The server has accepted a nudge.
    mutating func nudged(id: UInt32) {
        nudges = (nudges + [id]).suffix(Self.keptNudges)
        others.nudgeGot(id)
    }

    /// A notification could not be posted.
    ///
    /// Without a server it waits for the next one; what a server didn't accept is tried again after a while, and then
    /// whenever another notification has gone, since some servers only take so many.
    ///
    /// - Parameters:
    ///   - ticket: Which one.
    ///   - reason: Why the server didn't accept it; nil if there is no server at all.
    ///   - now: The time.
    /// - Returns: What is to be done.
    mutating func failed(_ ticket: UInt64, reason: String?, now: Instant) -> [NotificationEffect] {
        defer { if !isPosting { early = [] } }
        if waitingCount.ticket == ticket {
            waitingCount = WaitingCount()
            return reason == nil ? missing() : []
        }
        guard let index = notifications.firstIndex(where: { $0.ticket == ticket }) else { return [] }
        // Another server may have come while this one was being asked.
        if case .posting(_, let old, _) = notifications[index].phase, let peer, peer != old {
            notifications[index].phase = .unplaced
            return place(now: now)
        }
        guard let reason else {
            notifications[index].phase = .lost
            return missing()
        }
        let delays = limits.refusedNotify
        let count = notifications[index].refusals
        notifications[index].refusals += 1
        notifications[index].phase = .refused(until: count < delays.count ? now + delays[count] : nil)
        let tell = NotificationEffect.tellRefused(code: notifications[index].request.code, reason: reason)
        return (count == 0 ? [tell] : []) + place(now: now)
    }

    private mutating func missing() -> [NotificationEffect] {
        guard !hasToldMissing else { return [] }
        hasToldMissing = true
        return [.tellMissing]
    }

    private var isPosting: Bool {
        waitingCount.ticket != nil || notifications.contains { $0.ticket != nil }
    }

    /// A signal that may be about a notification whose posting hasn't been answered yet.
    mutating func keepEarly(_ signal: Signal) {
        guard isPosting else { return }
        // The server reports every notification to everybody; one that never answers must not fill the memory.
        early = (early + [signal]).suffix(Self.keptSignals)
    }
}
