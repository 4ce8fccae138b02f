// SPDX-License-Identifier: Apache-2.0

import Approval
import DBus
import Linux
import Logging
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

/// Answers everyone who waits, for a question or for an unlock that was allowed, as soon as the daemon is told to stop.
struct QueueShutdown: Service {
    let approvals: ApprovalBroker
    let endUnlocks: @Sendable () async -> Void

    func run() async throws {
        try? await gracefulShutdown()  // cancelled is told to stop, too
        // Before what is being kept ends, which may take a while.
        await endUnlocks()
        await approvals.shutDown()
    }
}

/// Tells the service manager when everything is held, and when the daemon stops.
struct ReadinessNotice: Service {
    let logger: Logger

    func run() async throws {
        ServiceManager.notify("READY=1\nSTATUS=Waiting for requests")
        logger.notice("ready")
        try? await gracefulShutdown()  // cancelled is told to stop, too
        ServiceManager.notify("STOPPING=1")
    }
}
