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
    private struct Sighting {
        /// The last look at it.
        var look: SocketSnapshot?
        /// Who has had it since the first byte of the request that is being answered, as far as somebody looked.
        var seen: [Holder] = []
        /// Who was seen with it, and running what, since it was accepted or a later request began.
        var seenHolders: [SocketHolder] = []
        /// Those of them that had ended before they could be looked at.
        var departed: [ProcessIdentity] = []
        /// Whether a look since then found nobody although it was open: those found later may not be all.
        var isUnseen = false
        /// Counts requests.
        var request = 0
        /// When the last look was made, if for this request and for no question yet.
        var unused: ContinuousClock.Instant?
    }

    /// How old a look may be that was made for something else in the same request.
    private static let anew = Duration.milliseconds(50)
    /// How many that were seen are remembered.
    private static let most = 64

    private let local: InternetAddress
    private let remote: InternetAddress
    private let sight = Mutex(Sighting())

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
    func requestBegan() {
        sight.withLock { sight in
            sight.request += 1
            sight.unused = nil
            sight.seen = sight.look?.remaining ?? []
            // Whoever connected counts for the first request, whenever that comes.
            guard sight.request > 1 else { return }
            sight.seenHolders = []
            sight.departed = []
            sight.isUnseen = false
        }
    }

    /// Notes soon who has the socket and what they run: for a new connection, or for a request that is slow to come,
    /// since it may be another's, or another program's, by the time it is complete.
    ///
    /// Nothing has been checked by then, so whatever anybody sends may cost next to nothing.
    func glimpse() {
        let request = sight.withLock { max($0.request, 1) }
        Task(executorPreference: MainLoop.executor) {
            let found = await Identification.glimpse(at: self.owner)
            let isUnseen = found.isEmpty && self.isThere
            self.sight.withLock { sight in
                guard max(sight.request, 1) == request, sight.seenHolders.count < Self.most else { return }
                if isUnseen { sight.isUnseen = true }
                sight.seenHolders += found.filter { !sight.seenHolders.contains($0) }
            }
        }
    }

    /// Identifies the processes behind the other end.
    ///
    /// - Parameters:
    ///   - origin: As the request claims it.
    ///   - userAgent: Likewise.
    ///   - isAnew: Whether it is for a question, for which a look made for another question, or for an earlier request,
    ///     isn't good enough.
    /// - Returns: Who asks, with all that were seen with the socket since the request's first byte.
    func caller(origin: String?, userAgent: String?, isAnew: Bool) async -> Caller {
        let known = sight.withLock { sight -> SocketSnapshot? in
            guard isAnew else { return sight.look.flatMap { $0.isGood ? $0 : nil } }
            guard let unused = sight.unused, .now - unused < Self.anew else { return nil }
            sight.unused = nil
            return sight.look
        }
        let look: SocketSnapshot
        if let known { look = known } else { look = await self.look(isUnused: !isAnew) }
        let (seen, departed, isUnseen) = sight.withLock { ($0.seen, $0.departed, $0.isUnseen) }
        return Caller(
            socket: owner,
            present: look.holders,
            earlier: seen,
            departed: departed,
            isComplete: look.isComplete && !isUnseen,
            origin: origin,
            userAgent: userAgent,
            // A process that can't be seen may still be there; one whose socket has gone isn't.
            hasLeft: look.outcome == .nobody && !isThere
        )
    }

    private func look(isUnused: Bool) async -> SocketSnapshot {
        let (request, seenHolders) = sight.withLock { ($0.request, $0.seenHolders) }
        let look = await Identification.look(at: owner, isAnew: !isUnused, seenHolders: seenHolders)
        sight.withLock { sight in
            sight.look = look
            sight.unused = isUnused && sight.request == request ? .now : nil
            // What was seen for an earlier request is not about the one that has come meanwhile.
            guard sight.request == request else { return }
            sight.seen = look.holders.union(look.earlier).union(sight.seen)
            sight.departed += look.departed.filter { !sight.departed.contains($0) }
        }
        return look
    }

    private static func owner(local: InternetAddress, remote: InternetAddress) -> SocketOwner? {
        // The other end's table entry has the addresses the other way round. If the tables can't be read, nobody owns
        // it.
        (try? SocketTable.owner(local: remote, remote: local)) ?? nil
    }
}
