// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Logging

/// What is to be where it is kept when the daemon ends, in steps: all of one at once, so that what is stuck holds up nothing
/// else of it, and the next one once it is over, since that keeps what comes of it.
struct LastWork: Sendable {
    /// A part of it.
    struct Part: Sendable {
        /// How long it may take.
        let timeout: Duration
        /// What the log says where that isn't enough.
        let trouble: String
        let work: @Sendable () async -> Void
    }

    let steps: [[Part]]
    let logger: Logger

    /// Returns once all is done, or the longest timeout of each step is over; being cancelled makes it no shorter.
    func run() async {
        for step in steps { await run(step) }
    }

    private func run(_ parts: [Part]) async {
        await withTaskGroup { group in
            for part in parts {
                group.addTask {
                    guard await timedDespiteCancellation(part.timeout, part.work) == nil else { return }
                    logger.error("\(part.trouble)")
                }
            }
        }
    }
}
