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

/// Answers everyone who waits, as soon as the daemon is told to stop.
struct QueueShutdown: Service {
    let approvals: ApprovalBroker

    func run() async throws {
        try? await gracefulShutdown()  // cancelled is told to stop, too
        await approvals.shutDown()
    }
}

/// Something that runs along until the daemon stops.
struct BackgroundTask: Service {
    /// What it is, for the log.
    let name: String
    let logger: Logger
    let work: @Sendable () async throws -> Void

    init(_ name: String, _ logger: Logger, _ work: @escaping @Sendable () async throws -> Void) {
        self.name = name
        self.logger = logger
        self.work = work
    }

    func run() async throws {
        do {
            try await cancelWhenGracefulShutdown { try await work() }
        } catch is CancellationError {
            return  // told to stop
        } catch {
            // The bus going is the watch's business; anything else is lived without.
            logger.error("\(name) has ended", metadata: ["why": "\(error)"])
        }
        // A service that returns would stop the others: its work being over is no reason.
        try? await gracefulShutdown()  // cancelled is told to stop, too
    }
}

/// Tells the service manager when everything is held, and when the daemon stops.
struct ReadinessNotice: Service {
    let logger: Logger

    func run() async throws {
        ServiceManager.notify("READY=1\nSTATUS=Waiting for programs to ring")
        logger.notice("ready")
        try? await gracefulShutdown()  // cancelled is told to stop, too
        ServiceManager.notify("STOPPING=1")
    }
}
