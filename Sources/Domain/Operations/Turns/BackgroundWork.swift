// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools

/// Where logins are asked about and handed out that are many, beside the thread that serves; what one request waits for
/// keeps no other waiting.
enum BackgroundWork {
    /// Its own queue.
    static let queue = TaskQueue(label: "org.keybell.many-logins")

    /// What concerns more logins than this is done there.
    static let fewLogins = 256

    /// Does some work here, or there if it is long.
    static func done<Result, Failure: Error>(
        beside isLong: Bool,
        _ work: () async throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        guard isLong else { return try await work() }
        return try await withTaskExecutorPreference(queue, operation: work)
    }
}
