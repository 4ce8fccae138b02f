// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How many connections may be open at once, over all sockets of the daemon.
///
/// Where there is no place left, the oldest connection that doesn't use its own gives it up: one that is slow
/// about its request, then one that sends nothing, then one at rest, then any with a half-sent request. One that waits
/// for its answer never does.
package final class ConnectionLimit: Sendable {
    /// How a new connection is treated.
    enum Admission: Sendable {
        /// It is served, in this place.
        case served(Place)

        /// It is told that there are too many.
        case refused

        /// Even those that wait to be told are too many: it is closed.
        case closed
    }

    private struct State {
        var places: [ObjectIdentifier: Place] = [:]
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
    package init(_ maximum: Int = 256, refused: Int = 64) {
        self.maximum = maximum
        maximumRefused = refused
    }

    /// Counts a new connection in, to be counted out by `leave`.
    ///
    /// - Parameter end: Closes the connection, should it have to make room.
    /// - Returns: How it is treated.
    func enter(end: @escaping @Sendable () -> Void) -> Admission {
        let (admission, former) = state.withLock { state -> (Admission, Place?) in
            var former: Place?
            if state.places.count >= maximum {
                former = Self.dispensable(of: state.places.values, now: .now)
                guard let former else {
                    guard state.refused < maximumRefused else { return (.closed, nil) }
                    state.refused += 1
                    return (.refused, nil)
                }
                state.places[ObjectIdentifier(former)] = nil
            }
            let place = Place(end: end)
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
        of places: some Collection<Place>,
        now: ContinuousClock.Instant
    ) -> Place? {
        places
            .compactMap { place in place.standing.dispensable(at: now).map { (place: place, rank: $0) } }
            .min { ($0.rank.order, $0.rank.since) < ($1.rank.order, $1.rank.since) }?
            .place
    }
}

/// What a connection is at.
enum Standing: Equatable, Sendable {
    /// It has sent nothing since it was opened.
    case silent(since: ContinuousClock.Instant)

    /// It has sent a part of a request, whose first byte came then.
    case sending(since: ContinuousClock.Instant)

    /// It rests between two requests.
    case resting(since: ContinuousClock.Instant)

    /// It has its last answer and is being closed.
    case leaving(since: ContinuousClock.Instant)

    /// It waits for an answer of ours, or for the rest of one.
    case busy

    /// How long a connection may take for a request, or do nothing, before others come first: a local program that
    /// means to ask does so at once.
    static let deadlines = Duration.seconds(1)

    /// Whether it may have to make room now: which ones go first, and since when it has been like this.
    fileprivate func dispensable(
        at now: ContinuousClock.Instant
    ) -> (order: Int, since: ContinuousClock.Instant)? {
        func isLong(_ since: ContinuousClock.Instant) -> Bool { now - since >= Self.deadlines }
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
final class Place: Sendable {
    /// Closes the connection.
    let end: @Sendable () -> Void
    private let current = Mutex(Standing.silent(since: .now))

    fileprivate init(end: @escaping @Sendable () -> Void) {
        self.end = end
    }

    /// What the connection is at, as its handler says.
    var standing: Standing {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }
}
