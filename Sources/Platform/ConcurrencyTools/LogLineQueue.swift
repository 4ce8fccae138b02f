// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Lines on their way to where they are written: a reader that hangs, such as the journal, holds up nobody who logs.
///
/// The queue is bounded. What doesn't fit is lost, and counted in a line of its own once there is room again.
package final class LogLineQueue: Sendable {
    private struct State {
        /// The bytes that wait.
        var waiting = 0
        var lost = 0
    }

    private let state = Mutex(State())
    private let work = BlockingWork(label: "org.keybell.lines", most: .max)
    private let most: Int
    private let write: @Sendable (String) -> Void
    private let loss: @Sendable (Int) -> String

    /// A queue to somewhere.
    ///
    /// - Parameters:
    ///   - most: How many bytes may wait.
    ///   - loss: The line that says how many were lost.
    ///   - write: Writes a line; may block.
    package init(
        most: Int = 1 << 18,
        loss: @escaping @Sendable (Int) -> String,
        write: @escaping @Sendable (String) -> Void
    ) {
        (self.most, self.loss, self.write) = (most, loss, write)
    }

    /// Has a line written after those before it, without waiting for that.
    package func append(_ line: String) {
        let size = line.utf8.count
        state.withLock { state in
            guard state.waiting + size <= most else {
                state.lost += 1
                return
            }
            state.waiting += size
            let lost = state.lost
            state.lost = 0
            // Started under the lock, so that the lines keep their order.
            work.begin { [self] in
                if lost > 0 { write(loss(lost)) }
                write(line)
                self.state.withLock { $0.waiting -= size }
            }
        }
    }

    /// Waits until everything so far is written, but no longer than the timeout.
    package func flush(within limit: Duration) async {
        // What hangs is given up; whoever is cancelled has said what is to be read, too.
        _ = await work(within: limit) { [self] in
            let lost = state.withLock { state in
                defer { state.lost = 0 }
                return state.lost
            }
            if lost > 0 { write(loss(lost)) }
        }
    }
}
