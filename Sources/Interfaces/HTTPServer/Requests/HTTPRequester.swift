// SPDX-License-Identifier: Apache-2.0

import Callers
import Operations
import Synchronization

/// One request and who sends it.
struct HTTPRequester: Requester {
    /// The Origin that the access policy allowed; claimed by the peer, nil for a script.
    let origin: String?

    /// What the peer says it is.
    private let userAgent: String?

    private let peer: Peer
    private let place: ConnectionSlot
    private let waiting: Waiting

    private final class Waiting: Sendable {
        let hasBegun: Atomic<Bool>

        init(hasBegun: Bool) { self.hasBegun = Atomic(hasBegun) }
    }

    /// - Parameters:
    ///   - peer: The other end.
    ///   - place: The connection's.
    ///   - origin: The Origin that the access policy allowed.
    ///   - userAgent: What the peer says it is.
    ///   - hasWaited: Whether the request was read some time ago.
    init(peer: Peer, place: ConnectionSlot, origin: String?, userAgent: String?, hasWaited: Bool) {
        waiting = Waiting(hasBegun: hasWaited)
        self.peer = peer
        self.place = place
        self.origin = origin
        self.userAgent = userAgent
    }

    /// Whether the other end is still open, if only for reading; while its bytes are being read it is taken to be.
    var isThere: Bool { !waiting.hasBegun.load(ordering: .relaxed) || peer.isThere }

    /// The answer has to wait for something: from now on the peer may have gone.
    func waits() { waiting.hasBegun.store(true, ordering: .relaxed) }

    /// Identifies who sends it: anew if the last look at the connection no longer holds.
    func caller() async -> Caller {
        await find(isAnew: false)
    }

    /// Identifies who sends it anew, which is expensive.
    func asker() async -> Caller {
        await find(isAnew: true)
    }

    private func find(isAnew: Bool) async -> Caller {
        let caller = await peer.caller(origin: origin, userAgent: userAgent, isAnew: isAnew)
        place.isAsked(by: caller)
        return caller
    }
}
