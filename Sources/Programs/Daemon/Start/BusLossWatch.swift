// SPDX-License-Identifier: Apache-2.0

import DBus
import ServiceLifecycle

/// The session bus is gone: nobody could answer any more, and libsecret can't connect again.
struct BusLost: Error, CustomStringConvertible {
    let description = "the session bus is gone"
}

/// Ends the daemon, with an error, when the bus goes.
struct BusLossWatch: Service {
    let bus: BusConnection

    func run() async throws {
        await cancelWhenGracefulShutdown { await bus.disconnected() }
        // Told to stop, the daemon leaves the bus; otherwise the bus has left it.
        guard Task.isShuttingDownGracefully || Task.isCancelled else { throw BusLost() }
    }
}
