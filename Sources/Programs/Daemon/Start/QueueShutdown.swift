// SPDX-License-Identifier: Apache-2.0

import Approval
import ServiceLifecycle

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
