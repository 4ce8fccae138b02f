// SPDX-License-Identifier: Apache-2.0

package import Kernel

/// Finds out which processes are behind a socket.
package enum Identification {
    private static let search = SocketSearch()

    /// Looks who has a socket now, without blocking the thread that asks.
    ///
    /// - Parameter owner: The other end of a connection.
    /// - Returns: What was found; nobody if that takes too long.
    package static func look(at owner: SocketOwner) async -> Look {
        let start = ContinuousClock.now
        let found = await search.holders(of: owner.inode)
        let searched = ContinuousClock.now
        guard !found.isEmpty else {
            return Look(holders: [], descriptors: [], at: start, cost: searched - start)
        }
        let facts = await PatientRead.run { read(found) } ?? []
        return Look(
            holders: facts.map(\.holder),
            descriptors: facts.map(\.held),
            at: start,
            cost: ContinuousClock.now - start
        )
    }

    /// Looks once more at who has the socket of a caller.
    ///
    /// - Returns: The caller with all that have had it so far; nil if nobody has it now, or it can't be looked at.
    package static func lookAgain(at caller: Caller) async -> Caller? {
        guard let socket = caller.socket else { return nil }
        let look = await look(at: socket)
        guard !look.holders.isEmpty else { return nil }
        return Caller(
            socket: socket,
            present: look.holders,
            earlier: caller.askers,
            origin: caller.origin,
            userAgent: caller.userAgent
        )
    }

    /// Identifies the owner of a socket: reads the descriptors of all processes, and the holders' facts.
    ///
    /// Blocks; for a program that does nothing else.
    package static func search(_ owner: SocketOwner, origin: String?, userAgent: String?) -> Caller {
        let reader = ProcessReader()
        let holders = SocketHolder.find([owner.inode]).compactMap { Holder(of: $0.pid, by: reader) }
        return Caller(socket: owner, present: holders, origin: origin, userAgent: userAgent)
    }

    private typealias Fact = (holder: Holder, held: Look.Held)

    private static func read(_ found: [SocketHolder]) -> [Fact] {
        let reader = ProcessReader()
        return found.compactMap { socket in
            Holder(of: socket.pid, by: reader).map { (holder: $0, held: Look.Held(socket, $0)) }
        }
    }
}
