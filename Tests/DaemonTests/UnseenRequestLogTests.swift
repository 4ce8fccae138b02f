// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import ConcurrencyTools
import Testing

@testable import Daemon

/// What the log says of requests that nothing shows.
struct UnseenRequestLogTests {
    @Test func `it is said once, however often the notifier is tried`() async throws {
        let (collected, approvals) = (CollectedLog(), ApprovalBroker())
        var events = approvals.events().makeAsyncIterator()
        let asking = Task {
            await approvals.ask(
                ApprovalRequest(kind: .associate, caller: .unknown(uid: 1000), questionDigest: [])
            )
        }
        while case let event? = await events.next() {
            if case .added = event { break }
        }
        let log = UnseenRequestLog("can't show it", approvals, collected.logger)
        for _ in 0..<3 {
            let run = Task { await log.run() }
            run.cancel()
            await run.value
        }
        #expect(collected.messages.count == 1)
        await approvals.shutDown()
        _ = await asking.value
    }
}
