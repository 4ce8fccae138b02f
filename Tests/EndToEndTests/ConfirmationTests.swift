// SPDX-License-Identifier: Apache-2.0

import DBus
import TestSupport
import Testing

/// `[approval] confirm_with = "pinentry"` with a real pinentry.
@Suite(.timeLimit(.minutes(2))) struct ConfirmationTests {
    private func session(on display: XvfbDisplay) async throws -> DaemonSession {
        let session = try await DaemonSession(
            """
            confirm_with = "pinentry"
            confirm_kinds = ["associate"]
            [unlock]
            pinentry = "pinentry-gtk-2"
            """,
            starting: false
        )
        try await session.start(environment: display.environment)
        return session
    }

    @Test(arguments: [("alt+a", true), ("alt+d", false)])
    func `an allow counts only once the person has confirmed it in pinentry's window`(
        key: String,
        isYes: Bool
    )
        async throws
    {
        let display = try await XvfbDisplay()
        let session = try await session(on: display)
        let body = try associateBody()
        async let reply = session.send(body)
        let question = try await BusAnswerer(session).question()
        #expect(question.details["confirm-with"]?.asString == "pinentry")
        async let allow = session.keybell("allow", question.code)
        try await display.type([["key", key]], into: "pinentry")
        #expect(try await allow.status == (isYes ? 0 : 1))
        #expect(try await reply.json["Success"] as? Bool == isYes)
        #expect(try await BusAnswerer(session).questions().isEmpty)
        guard !isYes else { return }
        #expect(try await session.keybell("log").output.contains("since it wasn't confirmed"))
    }

    @Test func `a window that is closed without an answer leaves the request waiting`() async throws {
        let display = try await XvfbDisplay()
        let session = try await session(on: display)
        let body = try associateBody()
        async let reply = session.send(body)
        let code = try await BusAnswerer(session).question().code
        async let first = session.keybell("allow", code)
        try await display.type([["key", "Escape"]], into: "pinentry")
        let unconfirmed = try await first
        #expect(unconfirmed.status == 1)
        #expect(unconfirmed.errors.contains("closed without an answer: allow it once more"))
        #expect(try await BusAnswerer(session).questions().map(\.code) == [code])
        async let second = session.keybell("allow", code)
        try await display.type([["key", "alt+a"]], into: "pinentry")
        #expect(try await second.status == 0)
        #expect(try await reply.json["Success"] as? Bool == true)
    }

    @Test(arguments: ["/nonexistent/pinentry", "/bin/false", "/usr/bin/yes", "pinentry-gtk-2"])
    func `without a window to ask in an allow ends with what to do, and the request goes on waiting`(
        pinentry: String
    ) async throws {
        let session = try await DaemonSession(
            """
            confirm_with = "pinentry"
            confirm_kinds = ["associate"]
            [unlock]
            pinentry = "\(pinentry)"
            """
        )
        let body = try associateBody()
        async let reply = session.send(body)
        let question = try await BusAnswerer(session).question()
        for _ in 1...2 {
            let allow = try await session.keybell("allow", question.code)
            #expect(allow.status == 1)
            #expect(allow.errors.contains("was not confirmed"))
            #expect(allow.errors.contains("pinentry"))
        }
        #expect(try await BusAnswerer(session).questions().map(\.code) == [question.code])
        #expect(try await session.keybell("deny", question.code).status == 0)
        #expect(try await reply.json["Success"] as? Bool == false)
    }
}
