// SPDX-License-Identifier: Apache-2.0

import Approval
import Logging
import Synchronization

/// Says in the log when requests wait that nothing shows: the notifier is turned off, or has no hold of the bus, and there
/// is no agent.
///
/// Once, until an agent comes and goes again, however often it is run. Where the notifier runs, it speaks for itself.
final class UnseenRequestLog: Sendable {
    private let notifierState: String
    private let approvals: ApprovalBroker
    private let logger: Logger
    private let hasTold = Mutex(false)

    /// Makes one that says why the notifier shows nothing.
    init(_ notifierState: String, _ approvals: ApprovalBroker, _ logger: Logger) {
        self.notifierState = notifierState
        self.approvals = approvals
        self.logger = logger
    }

    func run() async {
        let events = approvals.events()
        var hasAgent = await !approvals.agents().isEmpty
        // What the notifier had on the screen when it was turned off.
        let isScreenLocked = await approvals.isScreenLocked
        let waits = await !approvals.pending().isEmpty
        if hasAgent { forget() }
        if waits, !hasAgent, !isScreenLocked { tell() }
        for await event in events {
            switch event {
            case .agentsChanged(let agents):
                hasAgent = !agents.isEmpty
                if hasAgent { forget() }
            case .added where !hasAgent:
                tell()
            default: break
            }
        }
    }

    private func forget() {
        hasTold.withLock { $0 = false }
    }

    private func tell() {
        let isNew = hasTold.withLock { hasTold in
            defer { hasTold = true }
            return !hasTold
        }
        guard isNew else { return }
        logger.warning(
            "a request waits and nothing shows it: the notifier \(notifierState) and no agent is there; answer with keybell watch, or keybell requests and keybell allow"
        )
    }
}
