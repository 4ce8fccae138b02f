// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import DBus
import Synchronization

/// The unlocks and imports that callers of the bus can give up, or stop waiting for, each as long as it runs.
final class LentUnlocks: Sendable {
    private let running = Mutex<[String: [Cancellation]]>([:])

    /// Runs one that ends when its caller gives it up or leaves the bus.
    func run<Value: Sendable>(
        for sender: String,
        on bus: BusConnection,
        _ unlock: @Sendable (Cancellation) async throws(DBusError) -> Value
    ) async throws(DBusError) -> Value {
        let cancellation = Cancellation()
        // Before anything is waited for, so that it can be given up from now on.
        running.withLock { $0[sender, default: []].append(cancellation) }
        defer {
            running.withLock { running in
                running[sender]?.removeAll { $0 === cancellation }
                if running[sender]?.isEmpty == true { running[sender] = nil }
            }
        }
        let owners = try await bus.owners(of: sender)
        let watch = Task(executorPreference: MainLoop.executor) {
            for await owner in owners where owner == nil { cancellation.cancel() }
        }
        defer { watch.cancel() }
        return try await unlock(cancellation)
    }

    /// Gives up what runs for a caller.
    func cancel(for sender: String) {
        for cancellation in running.withLock({ $0[sender] ?? [] }) { cancellation.cancel() }
    }
}
