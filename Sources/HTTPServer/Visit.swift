// SPDX-License-Identifier: Apache-2.0

package import Callers
package import Kernel
import Synchronization

/// One request and who sends it.
package struct Visit: Sendable {
    /// The owner of the connection's other end.
    package var owner: SocketOwner { peer.owner }

    /// The Origin that the door allowed; claimed by the peer, nil for a script.
    package let origin: String?

    /// What the peer says it is.
    package let userAgent: String?

    private let peer: Peer

    init(peer: Peer, origin: String?, userAgent: String?) {
        self.peer = peer
        self.origin = origin
        self.userAgent = userAgent
    }

    /// Identifies who sends it: once for a connection, since it is dear.
    package func caller() async -> Caller {
        await peer.caller(origin: origin, userAgent: userAgent)
    }
}

/// The other end of a connection.
final class Peer: Sendable {
    /// To whom it belonged when the connection was accepted.
    let owner: SocketOwner

    /// Of the answers that are written to it.
    let receipts = Receipts()

    private let local: InternetAddress
    private let remote: InternetAddress
    private let known = Mutex<Caller?>(nil)

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

    /// Identifies the processes behind the other end, once they have been found.
    func caller(origin: String?, userAgent: String?) async -> Caller {
        let caller: Caller
        if let found = known.withLock({ $0 }) {
            caller = found
        } else {
            caller = await Identification.caller(of: owner, origin: nil, userAgent: nil)
            if caller.isKnown { known.withLock { $0 = caller } }
        }
        return Caller(
            uid: caller.uid,
            holders: caller.holders,
            processes: caller.processes,
            sandbox: caller.sandbox,
            origin: origin,
            userAgent: userAgent,
            // A process that can't be seen may still be there; one whose socket has gone isn't.
            hasLeft: !caller.isKnown && !isThere
        )
    }

    private static func owner(local: InternetAddress, remote: InternetAddress) -> SocketOwner? {
        // The other end's table entry has the addresses the other way round. Unreadable tables: nobody's.
        (try? SocketTable.owner(local: remote, remote: local)) ?? nil
    }
}
