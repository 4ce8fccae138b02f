// SPDX-License-Identifier: Apache-2.0

import Logging
import ServiceLifecycle

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
            logger.error(
                "\(name) has failed, and is left out until keybelld is started anew",
                metadata: ["why": "\(error)"]
            )
        }
        // A service that returns would stop the others: its work being over is no reason.
        try? await gracefulShutdown()  // cancelled is told to stop, too
    }
}
