// SPDX-License-Identifier: Apache-2.0

import Callers
import ConcurrencyTools
import Linux
import Synchronization

/// The other end of a connection.
final class Peer: Sendable {
    /// Whom it belonged to when the connection was accepted.
    let owner: SocketOwner

    /// What is known of the processes that have the socket.
    private struct Observation {
        /// The last look at it.
        var snapshot: HolderSnapshot?
        /// Counts them.
        var looks = 0
        /// Who has had it since the first byte of the request that is being answered, as far as somebody looked.
        var askers: [Holder] = []
        /// Who was seen with it, and running what, since it was accepted or a later request began.
        var seenHolders: [SocketHolder] = []
        /// Those of them that had ended before they could be looked at.
        var departed: [ProcessIdentity] = []
        /// Whether a look since then found nobody although it was open: those found later may not be all.
        var isUnseen = false
        /// Counts requests, all those as one for which the same holders count.
        var request = 0
        /// When all that the last look had found were seen unchanged, if for this request.
        var unchanged: ContinuousClock.Instant?
        /// What the last look alone tells of who asks: kept for the connection's next requests, where `CachedRequester` keeps
        /// for one request whom that was found to come from.
        var caller: Caller?
        /// When the last look was made, if for this request and for no question yet.
        var unused: ContinuousClock.Instant?

        /// Whether the last look tells all about who asks: those that it found, and nobody else.
        var isByLastLook: Bool {
            unchanged != nil && askers.count == snapshot?.holders.count && departed.isEmpty && !isUnseen
        }
    }

    /// How old a look may be that was made for something else in the same request.
    private static let freshness = Duration.milliseconds(50)
    /// How many that were seen are remembered.
    private static let mostRemembered = 64

    private let local: InternetAddress
    private let remote: InternetAddress
    private let observation = Mutex(Observation())

    /// Looks up the other end of an accepted connection; nil if nobody has it, or nobody can tell who does.
    ///
    /// - Parameters:
    ///   - local: Our address.
    ///   - remote: The peer's.
    init?(local: InternetAddress, remote: InternetAddress) {
        guard let owner = Self.owner(local: local, remote: remote) else { return nil }
        self.owner = owner
        self.local = local
        self.remote = remote
    }

    /// Whether the same socket is still open at the other end; one that is half closed is.
    var isThere: Bool {
        Self.owner(local: local, remote: remote) == owner
    }

    /// The first byte of a request came, while none was being read or answered.
    ///
    /// Cheap: of those who had the socket at the last look, it notes who still does.
    ///
    /// - Parameter isForgetting: Whether what was seen with the socket before counts for earlier requests alone. Not where
    ///   bytes may have been sent long ago, or were encrypted, which nobody can do who has just been given the socket.
    func requestBegan(forgettingOthers isForgetting: Bool) {
        observation.withLock { observation in
            observation.unused = nil
            let remaining = observation.snapshot?.remaining ?? []
            let isUnchanged = remaining.count == observation.snapshot?.holders.count
            observation.unchanged = isUnchanged ? .now : nil
            guard isForgetting else { return }
            observation.request += 1
            observation.askers = remaining
            // Whoever connected counts for the first request, whenever that comes.
            guard observation.request > 1 else { return }
            observation.seenHolders = []
            observation.departed = []
            observation.isUnseen = false
        }
    }

    /// Notes soon who has the socket and what they run: for a new connection, or for a request that is slow to come,
    /// since it may be another's, or another program's, by the time it is complete.
    ///
    /// Nothing has been checked by then, so whatever anybody sends may cost next to nothing.
    func noteHolders() {
        let request = observation.withLock { max($0.request, 1) }
        Task(executorPreference: MainLoop.executor) {
            let found = await CallerIdentification.holdersSoon(of: self.owner)
            let isUnseen = found.isEmpty && self.isThere
            self.observation.withLock { observation in
                guard max(observation.request, 1) == request else { return }
                let new = found.filter { !observation.seenHolders.contains($0) }
                let room = Self.mostRemembered - observation.seenHolders.count
                // Who can't be remembered counts as somebody who couldn't be seen.
                if isUnseen || new.count > room { observation.isUnseen = true }
                observation.seenHolders += new.prefix(max(room, 0))
            }
        }
    }

    /// Identifies the processes behind the other end.
    ///
    /// - Parameters:
    ///   - origin: As the request claims it.
    ///   - userAgent: Likewise.
    ///   - isAnew: Whether it is for a question, for which a snapshot made for another question, or for an earlier request,
    ///     isn't good enough.
    /// - Returns: Who asks, with all that were seen with the socket since the request's first byte.
    func caller(origin: String?, userAgent: String?, isAnew: Bool) async -> Caller {
        let (known, looks) = observation.withLock { observation -> (HolderSnapshot?, Int) in
            guard isAnew else {
                let snapshot = observation.snapshot
                let isGood = snapshot?.isGood(seen: observation.unchanged) ?? false
                return (isGood ? snapshot : nil, observation.looks)
            }
            guard let unused = observation.unused, .now - unused < Self.freshness else { return (nil, 0) }
            observation.unused = nil
            return (observation.snapshot, 0)
        }
        let snapshot: HolderSnapshot
        if let known { snapshot = known } else { snapshot = await takeSnapshot(isUnused: !isAnew) }
        let (askers, departed, isUnseen, last) = observation.withLock { observation in
            let isKnown = observation.isByLastLook && observation.looks == looks
            let last = isKnown ? observation.caller : nil
            return (observation.askers, observation.departed, observation.isUnseen, last)
        }
        if let last, last.origin == origin, last.userAgent == userAgent { return last }
        let caller = Caller(
            socket: owner,
            present: snapshot.holders,
            earlier: askers,
            departed: departed,
            isComplete: snapshot.isComplete && !isUnseen,
            origin: origin,
            userAgent: userAgent,
            // A process that can't be seen may still be there; one whose socket has gone isn't.
            hasLeft: snapshot.outcome == .nobody && !isThere
        )
        observation.withLock { observation in
            if known != nil, observation.isByLastLook, observation.looks == looks {
                observation.caller = caller
            }
        }
        return caller
    }

    private func takeSnapshot(isUnused: Bool) async -> HolderSnapshot {
        let (request, seenHolders) = observation.withLock { ($0.request, $0.seenHolders) }
        let snapshot = await CallerIdentification.snapshot(
            of: owner,
            isAnew: !isUnused,
            seenHolders: seenHolders
        )
        observation.withLock { observation in
            observation.snapshot = snapshot
            observation.looks += 1
            (observation.unchanged, observation.caller) = (nil, nil)
            observation.unused = isUnused && observation.request == request ? .now : nil
            // What was seen for an earlier request is not about the one that has come meanwhile.
            guard observation.request == request else { return }
            let askers = snapshot.holders.union(snapshot.earlier).union(observation.askers)
            observation.askers = Array(askers.prefix(snapshot.holders.count + Self.mostRemembered))
            observation.departed += snapshot.departed.filter { !observation.departed.contains($0) }
            // Who can't be remembered counts as somebody who couldn't be seen.
            if askers.count > observation.askers.count { observation.isUnseen = true }
        }
        return snapshot
    }

    private static func owner(local: InternetAddress, remote: InternetAddress) -> SocketOwner? {
        // The other end's table entry has the addresses the other way round. If the tables can't be read, nobody owns
        // it.
        (try? SocketTable.owner(local: remote, remote: local)) ?? nil
    }
}
