// SPDX-License-Identifier: Apache-2.0

import Approval
import Clients
import KeePassHTTP
import Testing
import Vault

@testable import Operations

/// The answer for one form is none for another that was never shown.
@Suite(.timeLimit(.minutes(1))) struct SameQuestionTests {
    private static let shown: KeyValuePairs = ["Url": "https://bank.example/"]

    static let unshown: [KeyValuePairs<String, String>] = [
        ["Url": "http://bank.example/"],
        ["Url": "ftp://bank.example/"],
        ["Url": "ws://bank.example/"],
        ["Url": "https://bank.example/", "SubmitUrl": "http://bank.example/login"],
        ["Url": "https://bank.example/", "SubmitUrl": "https://evil.example\\@bank.example/"],
        ["Url": "https://bank.example/", "SubmitUrl": "https://evil.example/"],
    ]

    private func fixture() async -> OperationsFixture {
        let fixture = await OperationsFixture()
        await fixture.vault.put(.at("https://bank.example/", "bank"))
        return fixture
    }

    @Test(arguments: unshown)
    func `while it waits`(other: KeyValuePairs<String, String>) async throws {
        let fixture = await fixture()
        var events = fixture.approvals.events().makeAsyncIterator()
        let first = fixture.sending(fixture.client, try fixture.client.request(.getLogins, Self.shown))
        let question = try await fixture.next(&events)
        let second = fixture.sending(fixture.client, try fixture.client.request(.getLogins, other))
        let another = try await fixture.next(&events)
        try await fixture.allow(question, Choices(scope: .always))
        try await fixture.deny(another)
        #expect(try await first.value.titles == ["bank"])
        #expect(try await second.value.titles == [])
        #expect(await fixture.grants.grants.map(\.key.form) == [GrantKey.Form(scheme: "https")])
    }

    @Test(arguments: unshown)
    func `while the answer is undelivered, or a denial keeps it quiet`(
        other: KeyValuePairs<String, String>
    ) async throws {
        for word in [PersonAnswer.allow, .deny] {
            let fixture = await fixture()
            _ = try await fixture.verified(
                fixture.client,
                fixture.client.request(.getLogins, Self.shown),
                word
            )
            let exchange = try await fixture.verified(
                fixture.client,
                fixture.client.request(.getLogins, other),
                .deny
            )
            #expect(exchange.titles == [])
            #expect(await fixture.asked().count == 2)
        }
    }

    @Test func `paths and further fields make no other question`() async throws {
        let fixture = await fixture()
        _ = try await fixture.verified(fixture.client, fixture.client.request(.getLogins, Self.shown), .allow)
        let own: KeyValuePairs = ["Url": "https://bank.example/a", "SubmitUrl": "https://bank.example/b"]
        #expect(
            try await fixture.verified(fixture.client, fixture.client.request(.getLogins, own)).titles == [
                "bank"
            ]
        )
        #expect(await fixture.asked().count == 1)
    }

    @Test func `a decision is remembered once, however many asked`() async throws {
        let fixture = await fixture()
        var events = fixture.approvals.events().makeAsyncIterator()
        let body = try fixture.client.request(.getLogins, Self.shown)
        let first = fixture.sending(fixture.client, body)
        let question = try await fixture.next(&events)
        let second = fixture.sending(fixture.client, try fixture.client.request(.getLogins, Self.shown))
        try await fixture.allow(question, Choices(scope: .session, seconds: 600))
        _ = try await (first.value, second.value)
        _ = try await fixture.verified(fixture.client, try fixture.client.request(.getLogins, Self.shown))
        #expect(await fixture.grants.grants.count == 1)
    }

    @Test func `an Id of several scripts is proposed in vain`() async throws {
        let fixture = await fixture()
        let client = TestClient(id: "fіrefоx")
        let body = try client.request(.associate)
        let exchange = try await fixture.verified(client, body, .allow)
        #expect(exchange.reply.id != "fіrefоx")
        #expect(await fixture.asked().first?.suggestedID?.utf8.allSatisfy { $0 < 0x80 } == true)
    }

    @Test(arguments: [
        ("ﬁrefox", "firefox-2"), ("fire\u{2011}fox", "fire-fox"), ("fire\u{1D5BF}ox", "firefox-2"),
    ])
    func `an Id of characters like plainer ones is proposed in plain ones`(id: String, plain: String)
        async throws
    {
        let fixture = await fixture()
        let client = TestClient(id: id)
        let exchange = try await fixture.verified(client, try client.request(.associate), .allow)
        #expect(exchange.reply.id == plain)
        #expect(await fixture.asked().first?.suggestedID == plain)
    }
}
