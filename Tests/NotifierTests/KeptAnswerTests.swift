// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import TestSupport
import Testing

@testable import Notifier

/// A press on Always of what can't be kept.
@Suite(.timeLimit(.minutes(1))) struct KeptAnswerTests {
    @Test func `an answer that isn't kept as it was meant is told of, with the reason`() async throws {
        let bus = try await PrivateBus()
        let server = try await FakeServer(on: bus)
        let session = try await Session(on: bus)
        let asker = ProcessIdentity(pid: 42, startTime: 1)
        let request = ApprovalRequest(
            kind: .release,
            caller: Caller(
                uid: 1000,
                holders: [asker],
                processes: [ProcessRecord(identity: asker, executable: "/usr/bin/firefox")]
            ),
            sameness: [1],
            client: "firefox",
            host: "github.com",
            entries: [EntryLine(uuid: "AA", title: "GitHub", username: "octocat")],
            alwaysOffered: true
        )
        let answer = Task { await session.approvals.ask(request) { _ in { "There is no room." } } }
        let shown = try await server.shown()
        let code = try session.code(in: shown)
        try await server.press("Always", on: shown)
        let notice = try await server.shown(2)
        #expect(notice.title == "Your answer holds for less long (\(code))")
        #expect(notice.body.contains("holds for this session at most. There is no room."))
        #expect(notice.actions.isEmpty)
        _ = await answer.value
        try await session.end()
    }
}
