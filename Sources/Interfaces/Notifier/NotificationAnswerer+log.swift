// SPDX-License-Identifier: Apache-2.0

import Logging

extension NotificationAnswerer {
    /// Logs what keeps a request from the person; all other effects log nothing.
    nonisolated func log(_ effect: NotificationEffect) {
        switch effect {
        case .tellMissing:
            logger.warning(
                "no notification server is running: requests wait to be answered by keybell watch or keybell allow"
            )
        case .tellHidden:
            logger.warning(
                "the notification server took a request away at once, as in do-not-disturb: requests wait to be answered by keybell watch or keybell allow"
            )
        case .tellRefused(let code, let reason):
            logger.warning(
                "the notification server didn't take a request, which is tried again",
                metadata: ["code": "\(code)", "error": "\(reason)"]
            )
        case .tellReplaced(let code):
            logger.warning(
                "another program had put its own text in place of a request, which is shown again",
                metadata: ["code": "\(code)"]
            )
        case .tellAbandoned(let code):
            logger.warning(
                "the notification server tells of presses before anybody can have read a request: it waits to be answered by keybell watch or keybell allow",
                metadata: ["code": "\(code)"]
            )
        case .post, .nudge, .close, .answer, .tellShownAgain: break
        }
    }
}
