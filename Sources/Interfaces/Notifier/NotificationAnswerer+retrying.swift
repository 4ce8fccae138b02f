// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import DBus
import Logging

extension NotificationAnswerer {
    /// Does what `run` does; while the bus doesn't accept the subscriptions, it is tried again and again.
    ///
    /// - Parameters:
    ///   - pause: How long until the next try.
    ///   - fallback: What is done meanwhile, since nothing is shown; it ends when it is cancelled, or when there is nothing more to
    ///   show.
    package func run(
        retryingAfter pause: Duration = .seconds(30),
        meanwhile fallback: @escaping @Sendable () async -> Void
    ) async {
        var told: DBusError?
        while !Task.isCancelled {
            do throws(DBusError) {
                return try await run()
            } catch {
                if error != told {
                    logger.error(
                        "the notifier can't show requests, and will try again",
                        metadata: ["why": "\(error)"]
                    )
                }
                told = error
            }
            let isOver = await withTaskGroup(of: Bool.self) { group in
                group.addTask {
                    await fallback()
                    return true
                }
                group.addTask {
                    try? await ConcurrencyTools.pause(pause)  // cancelled counts as over, too
                    return false
                }
                defer { group.cancelAll() }
                return await group.next() ?? true
            }
            if isOver { return }
        }
    }
}
