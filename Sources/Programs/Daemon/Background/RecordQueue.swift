// SPDX-License-Identifier: Apache-2.0

import Audit
import ConcurrencyTools
import Logging

/// Records that are kept in the order in which they came, those together that have come while others were being kept.
actor RecordQueue: MainLoopActor {
    private let most: Int
    private let logger: Logger
    private let keep: BatchRecorder
    private var waiting: [AuditTrail.Happened] = []
    private var left = 0
    private var writing: Task<Void, Never>?

    /// Nothing waits yet.
    ///
    /// - Parameters:
    ///   - most: How many may wait; what comes beyond them is counted in the log instead.
    ///   - logger: Where that is told.
    ///   - keep: Keeps some of them; it has a deadline of its own.
    init(most: Int = .max, logger: Logger, keep: @escaping BatchRecorder) {
        (self.most, self.logger, self.keep) = (most, logger, keep)
    }

    /// Has one more kept; returns at once.
    func add(_ happened: AuditTrail.Happened) {
        guard waiting.count < most else {
            left += 1
            return
        }
        waiting.append(happened)
        guard writing == nil else { return }
        // Not the caller's: being cancelled, as everybody is at the daemon's end, ends no record.
        writing = Task(executorPreference: MainLoop.executor) { await self.write() }
    }

    /// Returns once nothing waits any more.
    func finish() async {
        await writing?.value
    }

    private func write() async {
        while !waiting.isEmpty {
            let (next, left) = (waiting, left)
            (waiting, self.left) = ([], 0)
            if left > 0 {
                logger.error(
                    "questions that came to nothing are not recorded, since the disk takes too long",
                    metadata: ["count": "\(left)"]
                )
            }
            await keep(next)
        }
        writing = nil
    }
}
