// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import TestSupport
import Testing

@testable import Notifier

/// A press on Always of what can't be kept.
@Suite(.timeLimit(.minutes(1))) struct KeptAnswerTests {
    private static func request() -> ApprovalRequest {
        let asker = ProcessIdentity(pid: 42, startTime: 1)
        return ApprovalRequest(
            kind: .release,
            caller: Caller(
                uid: 1000,
                holders: [asker],
                processes: [ProcessRecord(identity: asker, executable: "/usr/bin/firefox")]
            ),
            questionDigest: [1],
            client: "firefox",
            host: "github.com",
            entries: [EntryLine(uuid: "AA", title: "GitHub", username: "octocat")],
            alwaysOffered: true
        )
    }

    @Test func `an answer that isn't kept as it was meant is told of, with the reason`() async throws {
        let bus = try await PrivateBus()
        let server = try await FakeServer(on: bus)
        let session = try await Session(on: bus)
        let answer = Task { await session.approvals.ask(Self.request()) { _ in { "There is no room." } } }
        let shown = try await server.shown()
        let code = try session.code(in: shown)
        try await server.press("Always", on: shown)
        let notice = try await server.shown(2)
        #expect(notice.title == "Your answer isn't kept as chosen (\(code))")
        #expect(notice.body.contains("holds for this session at most. There is no room."))
        #expect(notice.actions.isEmpty)
        _ = await answer.value
        try await session.end()
    }

    @Test func `an allow that could not be carried out is told of once, with the reason`() async throws {
        let bus = try await PrivateBus()
        let server = try await FakeServer(on: bus)
        let session = try await Session(on: bus)
        let answer = Task { await session.approvals.ask(Self.request()) }
        let shown = try await server.shown()
        let code = try session.code(in: shown)
        await session.approvals.failed(code, because: "Nobody has allowed it yet.")
        try await server.press("Allow", on: shown)
        _ = await answer.value
        await session.approvals.failed(code, because: "The prompt was closed.")
        await session.approvals.failed(code, because: "It was closed again.")
        let notice = try await server.shown(2)
        #expect(notice.title == "Your answer came to nothing (\(code))")
        #expect(notice.body.hasPrefix("The prompt was closed.\n"))
        #expect(notice.actions.isEmpty)
        #expect(await session.approvals.recent().map(\.failure) == ["The prompt was closed."])
        try await session.end()
    }
}
