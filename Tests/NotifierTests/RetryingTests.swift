// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import ConcurrencyTools
import DBus
import Logging
import TestSupport
import Testing

@testable import Notifier

/// A notifier that the bus gives no hold of it at first.
@Suite(.timeLimit(.minutes(1))) struct RetryingTests {
    @Test func `what waits is shown once the bus takes the subscriptions, and somebody stands in until then`()
        async throws
    {
        let bus = try await PrivateBus(mostMatchRules: 8)
        let server = try await FakeServer(on: bus)
        let connection = try await bus.connect()
        // All that this connection may have.
        var held: [AsyncStream<Message>] = []
        while held.count <= 8,
            let stream = try? await connection.signals(interface: "org.example.Number\(held.count)")
        {
            held.append(stream)
        }
        #expect(held.count <= 8)
        let log = Observed<[String]>([])
        let standsIn = Observed(0)
        let approvals = ApprovalBroker(watchProcess: { process, _ in process })
        let notifier = NotificationAnswerer(
            approvals: approvals,
            bus: connection,
            logger: Logger(label: "test") { _ in LogCollector(log: log) },
            look: { pid, uid in Answerer(identity: ProcessIdentity(pid: pid, startTime: 1), uid: uid) }
        )
        let running = Task(executorPreference: MainLoop.executor) {
            await notifier.run(retryingAfter: .milliseconds(10)) {
                standsIn.update { $0 += 1 }
                try? await pause(.seconds(60))
            }
        }
        let request = ApprovalRequest(
            kind: .release,
            caller: Caller(uid: 1000, holders: [ProcessIdentity(pid: 42, startTime: 1)], processes: []),
            questionDigest: [1],
            client: "firefox",
            host: "github.com"
        )
        let answer = Task { await approvals.ask(request) }
        try await standsIn.wait(for: "the second try") { $0 > 1 ? () : nil }
        #expect(log.now.first == "the notifier can't show requests, and will try again")
        held = []
        let shown = try await server.shown()
        #expect(shown.title.contains(try #require(await approvals.pending().first?.code)))
        await approvals.shutDown()
        _ = await answer.value
        await running.value
        await connection.close()
    }
}
