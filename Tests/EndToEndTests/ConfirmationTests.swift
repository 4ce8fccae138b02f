// SPDX-License-Identifier: Apache-2.0

import DBus
import TestSupport
import Testing

/// `[approval] confirm_with = "pinentry"` with a real pinentry.
@Suite(.timeLimit(.minutes(2))) struct ConfirmationTests {
    private func household(on display: XvfbDisplay) async throws -> Household {
        let household = try await Household(
            """
            confirm_with = "pinentry"
            confirm_kinds = ["associate"]
            [unlock]
            pinentry = "pinentry-gtk-2"
            """,
            starting: false
        )
        try await household.start(environment: display.environment)
        return household
    }

    @Test(arguments: [("alt+o", true), ("Escape", false)])
    func `an allow counts only once the person has confirmed it in pinentry's window`(
        key: String,
        isYes: Bool
    )
        async throws
    {
        let display = try await XvfbDisplay()
        let household = try await household(on: display)
        let body = try associateBody()
        async let reply = household.ring(body)
        let question = try await Porter(household).question()
        #expect(question.details["confirm-with"]?.asString == "pinentry")
        async let allow = household.keybell("allow", question.code)
        try await display.type([["key", key]], into: "pinentry")
        #expect(try await allow.status == (isYes ? 0 : 1))
        #expect(try await reply.json["Success"] as? Bool == isYes)
        #expect(try await Porter(household).questions().isEmpty)
    }

    @Test func `without a window to ask in the request goes on waiting, and the log says what to do`()
        async throws
    {
        let display = try await XvfbDisplay()
        let household = try await Household(
            """
            confirm_with = "pinentry"
            confirm_kinds = ["associate"]
            [unlock]
            pinentry = "/nonexistent/pinentry"
            """
        )
        let body = try associateBody()
        async let reply = household.ring(body)
        let question = try await Porter(household).question()
        let allow = try household.starting("allow", question.code)
        try await household.daemon.prints("[unlock] pinentry")
        #expect(try await Porter(household).questions().map(\.code) == [question.code])
        #expect(try await household.keybell("deny", question.code).status == 0)
        #expect(try await allow.end().status == 1)
        #expect(try await reply.json["Success"] as? Bool == false)
        withExtendedLifetime(display) {}
    }
}
