// SPDX-License-Identifier: Apache-2.0

import Approval
import Logging

/// Says in the log when requests wait that nothing shows: the notifier is turned off and there is no agent.
///
/// Once, until an agent comes and goes again. Where the notifier is on, it speaks for itself.
struct UnseenRequestLog: Sendable {
    let approvals: ApprovalBroker
    let logger: Logger

    func run() async {
        let events = approvals.events()
        var hasAgent = await !approvals.agents().isEmpty
        // What the notifier had on the screen when it was turned off.
        let isScreenLocked = await approvals.isScreenLocked
        let waits = await !approvals.pending().isEmpty
        var hasTold = waits && !hasAgent && !isScreenLocked
        if hasTold { tell() }
        for await event in events {
            switch event {
            case .agentsChanged(let agents):
                hasAgent = !agents.isEmpty
                hasTold = hasTold && !hasAgent
            case .added where !hasAgent && !hasTold:
                hasTold = true
                tell()
            default: break
            }
        }
    }

    private func tell() {
        logger.warning(
            "a request waits and nothing shows it: the notifier is off and no agent is there; answer with keybell watch, or keybell requests and keybell allow"
        )
    }
}
