// SPDX-License-Identifier: Apache-2.0

import Kernel

/// What one look at a socket has found.
package struct Look: Sendable {
    /// A descriptor that was found, with the file that its process ran.
    struct Held: Sendable {
        let socket: SocketHolder
        let executable: ExecutableFile?

        init(_ socket: SocketHolder, _ holder: Holder) {
            self.socket = socket
            executable = holder.process.file
        }

        var isUnchanged: Bool {
            socket.holds && executable.map { $0.isRun(by: socket.pid) } ?? false
        }
    }

    /// The processes that have the socket.
    package let holders: [Holder]

    private let descriptors: [Held]
    private let at: ContinuousClock.Instant
    private let cost: Duration

    /// How many descriptors are looked at again rather than anew.
    private static let few = 4
    /// Of each core's time the part that looking anew may take, however many requests come: a thirty-second.
    private static let share = 32
    private static let longest = Duration.seconds(1)

    init(holders: [Holder], descriptors: [Held], at: ContinuousClock.Instant, cost: Duration) {
        self.holders = holders
        self.descriptors = descriptors
        self.at = at
        self.cost = cost
    }

    /// Those of the holders that still have the socket and run the same program; a few system calls.
    package var remaining: [Holder] {
        zip(holders, descriptors).filter { $1.isUnchanged }.map(\.0)
    }

    /// Whether it needn't be looked anew for a request that asks nobody: all holders still have the socket and run the
    /// same programs, and the look is young for what it cost.
    ///
    /// Somebody who shares the socket with one of those since then is that one's accomplice, and could as well have had
    /// the answer from it.
    package var isGood: Bool {
        !holders.isEmpty && holders.count <= Self.few
            && ContinuousClock.now - at < min(cost * Self.share, Self.longest)
            && descriptors.allSatisfy(\.isUnchanged)
    }
}
