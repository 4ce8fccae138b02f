// SPDX-License-Identifier: Apache-2.0

/// How many requests of one connection are taken in before the event loop turns to the others: a value that is told what
/// comes.
///
/// One read may hold more than a thousand requests, and whoever keeps sending them would keep everybody else waiting.
struct PipelineLimit: Equatable {
    private var count = 0

    /// Whether the request whose head came last is the last one: the connection is closed after its answer, and what
    /// comes after it isn't looked at.
    var isReached: Bool { count >= HTTPLimits.pipelinedRequests }

    /// Bytes came.
    ///
    /// - Parameter waiting: How many requests before them are still to be answered.
    mutating func readBegan(waiting: Int) {
        count = max(waiting, 0)
    }

    /// A request's head came.
    mutating func head() {
        count += 1
    }
}
