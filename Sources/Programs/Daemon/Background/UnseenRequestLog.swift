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
        var hasAgent = await !approvals.agents().isEmpty
        var hasTold = false
        for await event in approvals.events() {
            switch event {
            case .agentsChanged(let agents):
                hasAgent = !agents.isEmpty
                hasTold = hasTold && !hasAgent
            case .added where !hasAgent && !hasTold:
                hasTold = true
                logger.warning(
                    "a request waits and nothing shows it: the notifier is off and no agent is there; answer with keybell watch, or keybell requests and keybell allow"
                )
            default: break
            }
        }
    }
}
