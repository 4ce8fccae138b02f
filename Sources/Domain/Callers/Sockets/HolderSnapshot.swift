// SPDX-License-Identifier: Apache-2.0

import Linux

/// What one look at a socket has found.
package struct HolderSnapshot: Sendable {
    /// How it went.
    package enum Outcome: Hashable, Sendable {
        /// These hold it.
        case found
        /// Nobody who can be looked at has it.
        case nobody
        /// There was no time or no free place to find out more: nothing may be assumed.
        case unclear
    }

    /// A descriptor that was found, with what its process ran.
    struct Held: Sendable {
        let socket: SocketHolder
        let program: RunningProgram?

        init(_ socket: SocketHolder, _ holder: Holder) {
            self.socket = socket
            program = holder.process.running
        }

        var isUnchanged: Bool {
            socket.holds && program.map { $0 == RunningProgram(of: socket.pid) } ?? false
        }
    }

    /// How it went.
    package let outcome: Outcome

    /// The processes that have the socket.
    package let holders: [Holder]

    /// Those that were seen with it earlier and no longer have it.
    package let earlier: [Holder]

    /// Those of them that have ended: nobody can tell which programs they were.
    package let departed: [ProcessIdentity]

    /// Whether everything that may be looked at was; if not, somebody else may have it as well.
    package let isComplete: Bool

    private let descriptors: [Held]
    private let at: ContinuousClock.Instant
    private let cost: Duration

    /// How many descriptors are looked at again rather than anew.
    private static let few = 4
    /// The part of a core's time that new looks may take, however many requests come: a thirty-second.
    private static let share = 32
    private static let longest = Duration.seconds(1)

    init(
        _ outcome: Outcome,
        holders: [Holder] = [],
        earlier: [Holder] = [],
        departed: [ProcessIdentity] = [],
        descriptors: [Held] = [],
        isComplete: Bool = true,
        since start: ContinuousClock.Instant
    ) {
        self.outcome = outcome
        self.holders = holders
        self.earlier = earlier
        self.departed = departed
        self.descriptors = descriptors
        self.isComplete = isComplete
        at = start
        cost = .now - start
    }

    /// Those of the holders that still have the socket and run the same program; a few system calls.
    package var remaining: [Holder] {
        zip(holders, descriptors).filter { $1.isUnchanged }.map(\.0)
    }

    /// Whether a request that asks nobody needs no new look: all holders still have the socket and run the same
    /// programs, and the last look is recent in proportion to its cost.
    ///
    /// A process that has come to share the socket since then has it from one of those, which could as well pass the
    /// answer on to it.
    package var isGood: Bool {
        isComplete && !holders.isEmpty && holders.count <= Self.few
            && ContinuousClock.now - at < min(cost * Self.share, Self.longest)
            && descriptors.allSatisfy(\.isUnchanged)
    }
}
