// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import DBus
import Synchronization

/// Unlocks that go on when nobody waits for them any more, for the person may be typing by then: one of each vault at a
/// time, whoever else wants it waits for the same.
final class SharedUnlocks: Sendable {
    /// What came of one.
    struct Outcome: Sendable {
        /// Why it is still locked; nil if it is open.
        let failure: DBusError?
    }

    private typealias Waiters = [ObjectIdentifier: AsyncStream<Outcome>.Continuation]
    private let running = Mutex<[String: Waiters]>([:])

    /// Unlocks a vault, or joins in.
    ///
    /// - Parameters:
    ///   - vault: Its name.
    ///   - cancellation: Ends the wait.
    ///   - unlock: What unlocks it, where nothing does yet.
    /// - Returns: What came of it; nil if the wait was ended.
    func outcome(
        of vault: String,
        until cancellation: Cancellation,
        _ unlock: @escaping @Sendable () async -> Outcome
    ) async -> Outcome? {
        let (outcomes, waiter) = AsyncStream.makeStream(of: Outcome.self)
        let id = ObjectIdentifier(cancellation)
        let isFirst = running.withLock { running in
            let isFirst = running[vault] == nil
            running[vault, default: [:]][id] = waiter
            return isFirst
        }
        cancellation.whenCancelled { [self] in
            running.withLock { _ = $0[vault]?.removeValue(forKey: id) }
            waiter.finish()
        }
        if isFirst {
            Task(executorPreference: MainLoop.executor) { [self] in
                let outcome = await unlock()
                for waiter in running.withLock({ $0.removeValue(forKey: vault) ?? [:] }).values {
                    waiter.yield(outcome)
                    waiter.finish()
                }
            }
        }
        var iterator = outcomes.makeAsyncIterator()
        return await iterator.next()
    }
}
