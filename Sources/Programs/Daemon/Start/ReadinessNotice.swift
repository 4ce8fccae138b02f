// SPDX-License-Identifier: Apache-2.0

import Linux
import Logging
import ServiceLifecycle

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
