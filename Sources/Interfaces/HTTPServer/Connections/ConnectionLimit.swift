// SPDX-License-Identifier: Apache-2.0

import Callers
import Synchronization

/// How many connections may be open at once, over all sockets of the daemon.
///
/// When there is no place left, the oldest connection that isn't using its own gives it up: one that is slow with its
/// request, then one that sends nothing, then an idle one, then any with a half-sent request. If all wait for their
/// answers, the program with the most connections gives up the youngest one of its process with the most, so that none
/// keeps all others out; its question goes on, and whoever asks the same again joins it.
package final class ConnectionLimit: Sendable {
    /// How a new connection is treated.
    enum Admission: Sendable {
        /// It is served, in this place.
        case served(ConnectionSlot)

        /// It is told that there are too many.
        case refused

        /// Even those waiting to be told so are too many: it is closed.
        case closed
    }

    private struct State {
        var places: [ObjectIdentifier: ConnectionSlot] = [:]
        var refused = 0
    }

    private let maximum: Int
    private let maximumRefused: Int
    private let state = Mutex(State())

    /// Sets the limits.
    ///
    /// - Parameters:
    ///   - maximum: How many are served.
    ///   - refused: How many may at the same time be told that they aren't.
    package init(_ maximum: Int = HTTPLimits.connections, refused: Int = HTTPLimits.refusedConnections) {
        self.maximum = maximum
        maximumRefused = refused
    }

    /// Counts a new connection in, to be counted out by `leave`.
    ///
    /// - Parameter end: Closes the connection, should it have to make room.
    /// - Returns: How it is treated.
    func enter(end: @escaping @Sendable () -> Void) -> Admission {
        let (admission, former) = state.withLock { state -> (Admission, ConnectionSlot?) in
            var former: ConnectionSlot?
            if state.places.count >= maximum {
                let (places, now) = (state.places.values, ContinuousClock.now)
                former = Self.dispensable(of: places, now: now) ?? Self.excessive(of: places, now: now)
                guard let former else {
                    guard state.refused < maximumRefused else { return (.closed, nil) }
                    state.refused += 1
                    return (.refused, nil)
                }
                state.places[ObjectIdentifier(former)] = nil
            }
            let place = ConnectionSlot(end: end)
            state.places[ObjectIdentifier(place)] = place
            return (.served(place), former)
        }
        former?.end()
        return admission
    }

    /// Counts a connection out, which may have been counted out to make room.
    func leave(_ admission: Admission) {
        state.withLock { state in
            switch admission {
            case .served(let place): state.places[ObjectIdentifier(place)] = nil
            case .refused: state.refused -= 1
            case .closed: break
            }
        }
    }

    private static func dispensable(
        of places: some Collection<ConnectionSlot>,
        now: ContinuousClock.Instant
    ) -> ConnectionSlot? {
        places
            .compactMap { place in place.phase.dispensable(at: now).map { (place: place, rank: $0) } }
            .min { ($0.rank.order, $0.rank.since) < ($1.rank.order, $1.rank.since) }?
            .place
    }

    /// The youngest waiting connection of the process with the most of them, of the program with the most; nil while
    /// none has many.
    private static func excessive(of places: some Collection<ConnectionSlot>, now: ContinuousClock.Instant)
        -> ConnectionSlot?
    {
        let waiting = places.compactMap { place in place.wait.map { (place: place, wait: $0) } }
            .filter { now - $0.wait.since >= ConnectionPhase.grace }
        // Programs that hold a connection together count as one of their own: a program that gets another's process to
        // hold its connections doesn't use up that one's allowance.
        let programs = Dictionary(grouping: waiting) { $0.wait.caller.vouchedIDs }
        guard let greediest = programs.values.max(by: { $0.count < $1.count }), greediest.count > fairShare
        else {
            return nil
        }
        let processes = Dictionary(grouping: greediest) { Set($0.wait.caller.holders) }
        return processes.values.max { $0.count < $1.count }?.max { $0.wait.since < $1.wait.since }?.place
    }

    /// How many connections of one program may wait, no matter how full it is.
    private static let fairShare = 16
}

/// What a connection is doing.
enum ConnectionPhase: Equatable, Sendable {
    /// It has sent nothing since it was opened.
    case silent(since: ContinuousClock.Instant)

    /// It has sent part of a request, whose first byte came then.
    case sending(since: ContinuousClock.Instant)

    /// It is idle between two requests.
    case resting(since: ContinuousClock.Instant)

    /// It has its last answer and is being closed.
    case leaving(since: ContinuousClock.Instant)

    /// It waits for an answer of ours, or for the rest of one.
    case busy

    /// How long a connection may take for a request, or do nothing, before others come first: a local program that
    /// means to ask does so at once.
    static let grace = Duration.seconds(1)

    /// Whether it may have to make room now: which ones go first, and since when it has been like this.
    fileprivate func dispensable(
        at now: ContinuousClock.Instant
    ) -> (order: Int, since: ContinuousClock.Instant)? {
        func isLong(_ since: ContinuousClock.Instant) -> Bool { now - since >= Self.grace }
        return switch self {
        case .sending(let since): (isLong(since) ? 0 : 3, since)
        case .silent(let since): isLong(since) ? (1, since) : nil
        case .resting(let since): isLong(since) ? (2, since) : nil
        case .leaving(let since): (4, since)
        case .busy: nil
        }
    }
}

/// A served connection's place among those that there may be.
final class ConnectionSlot: Sendable {
    /// Closes the connection.
    let end: @Sendable () -> Void
    private let current = Mutex(ConnectionPhase.silent(since: .now))
    private let waiting = Mutex<Wait?>(nil)

    /// Who waits for an answer here, and since when that has been known.
    struct Wait: Sendable {
        var caller: Caller
        let since: ContinuousClock.Instant
    }

    fileprivate init(end: @escaping @Sendable () -> Void) {
        self.end = end
    }

    /// What the connection is doing, as its handler says.
    var phase: ConnectionPhase {
        get { current.withLock { $0 } }
        set {
            current.withLock { $0 = newValue }
            if newValue != .busy { waiting.withLock { $0 = nil } }
        }
    }

    /// The connection does nothing any more but go; it counts from the first time that this is said.
    func leaves() {
        if case .leaving = phase { return }
        phase = .leaving(since: .now)
    }

    /// Who waits for an answer, if somebody does and it has been found out who.
    var wait: Wait? {
        guard phase == .busy else { return nil }
        return waiting.withLock { $0 }
    }

    /// It has been found out whose request is being answered.
    func isAsked(by caller: Caller, since now: ContinuousClock.Instant = .now) {
        waiting.withLock { $0 = Wait(caller: caller, since: $0?.since ?? now) }
    }
}
