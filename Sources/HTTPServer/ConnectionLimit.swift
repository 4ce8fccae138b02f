// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// How many connections may be open at once, over all sockets of the daemon.
package final class ConnectionLimit: Sendable {
    /// How a new connection is treated.
    enum Admission: Equatable, Sendable {
        /// It is served.
        case served

        /// It is told that there are too many.
        case refused

        /// Even those that wait to be told are too many: it is closed.
        case closed
    }

    private struct Counts {
        var served = 0
        var refused = 0
    }

    private let maximum: Int
    private let maximumRefused: Int
    private let counts = Mutex(Counts())

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
    func enter() -> Admission {
        counts.withLock { counts in
            if counts.served < maximum {
                counts.served += 1
                return .served
            }
            if counts.refused < maximumRefused {
                counts.refused += 1
                return .refused
            }
            return .closed
        }
    }

    /// Counts a connection out.
    func leave(_ admission: Admission) {
        counts.withLock { counts in
            switch admission {
            case .served: counts.served -= 1
            case .refused: counts.refused -= 1
            case .closed: break
            }
        }
    }
}
