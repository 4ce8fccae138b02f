// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Logging

/// What is to be where it is kept when the daemon ends: all at once, so that what is stuck holds up nothing else.
struct LastWork: Sendable {
    /// A part of it.
    struct Part: Sendable {
        /// How long it may take.
        let timeout: Duration
        /// What the log says where that isn't enough.
        let trouble: String
        let work: @Sendable () async -> Void
    }

    let parts: [Part]
    let logger: Logger

    /// Returns once all is done, or the longest timeout is over.
    func run() async {
        await withTaskGroup { group in
            for part in parts {
                group.addTask {
                    do {
                        try await withDeadline(part.timeout, part.work)
                    } catch {
                        logger.error("\(part.trouble)")
                    }
                }
            }
        }
    }
}
