// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools

/// Runs work on many logins (asking about them, handing them out) off the serving thread, so that no other request
/// waits for it.
enum ManyLoginsWork {
    /// Its own queue.
    static let queue = TaskQueue(label: "org.keybell.many-logins")

    /// Work on more logins than this is done there.
    static let fewLogins = 256

    /// Does some work where the caller is, or on `queue` if it is long.
    static func done<Result: Sendable, Failure: Error>(
        beside isLong: Bool,
        _ work: @Sendable () async throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        guard isLong else { return try await work() }
        return try await beside(work)
    }

    @concurrent
    private static func beside<Result: Sendable, Failure: Error>(
        _ work: @Sendable () async throws(Failure) -> Result
    ) async throws(Failure) -> Result {
        try await withTaskExecutorPreference(queue, operation: work)
    }
}
