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
        private let check: HolderCheck?

        /// - Parameters:
        ///   - socket: What was found.
        ///   - holder: The process.
        ///   - isKept: Whether the process is kept at hand for looking again, which takes two descriptors.
        init(_ socket: SocketHolder, _ holder: Holder, isKept: Bool) {
            self.socket = socket
            program = holder.process.running
            check = isKept ? program.flatMap { HolderCheck(socket, running: $0) } : nil
        }

        var isUnchanged: Bool {
            if let check, check.isUnchanged { return true }
            return socket.holds && program.map { $0 == RunningProgram(of: socket.pid) } ?? false
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
    /// How long it holds that all were seen unchanged: a request that comes within that comes whole.
    private static let moment = Duration.milliseconds(5)

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
    ///
    /// - Parameter seen: When ``remaining`` last was all of them.
    /// - Returns: Whether it is good.
    package func isGood(seen: ContinuousClock.Instant?) -> Bool {
        let now = ContinuousClock.now
        return isComplete && !holders.isEmpty && holders.count <= Self.few
            && now - at < min(cost * Self.share, Self.longest)
            && (seen.map { now - $0 < Self.moment } ?? false || descriptors.allSatisfy(\.isUnchanged))
    }
}
