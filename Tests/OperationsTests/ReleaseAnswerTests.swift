// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients
import KeePassHTTP
import Testing
import Vault

@testable import Operations

/// What becomes of the person's answer.
@Suite(.timeLimit(.minutes(1))) struct ReleaseAnswerTests {
    static let page: KeyValuePairs = ["Url": "https://a.example/login"]

    private func fixture(_ titles: String...) async -> OperationsFixture {
        let fixture = await OperationsFixture()
        for title in titles { await fixture.vault.put(.at("https://a.example/", title, username: title)) }
        return fixture
    }

    private func id(_ title: String, _ fixture: OperationsFixture) async throws -> String {
        try #require(await fixture.vault.all().first { $0.title == title }).id.hex
    }

    @Test func `just some entries allowed: those`() async throws {
        let fixture = await fixture("a", "b", "c")
        let chosen = [try await id("c", fixture).lowercased(), try await id("a", fixture)]
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLogins, Self.page),
            .allow(Choices(entries: chosen))
        )
        #expect(exchange.titles == ["a", "c"])
        #expect(exchange.reply.count == 2)
    }

    @Test func `what is changed while the person is asked about it doesn't go out`() async throws {
        let fixture = await fixture("moved", "stays")
        let moved = try #require(await fixture.vault.all().first { $0.title == "moved" })
        var events = fixture.approvals.events().makeAsyncIterator()
        let pending = fixture.sending(fixture.client, try fixture.client.request(.getLogins, Self.page))
        let question = try await fixture.next(&events)
        var elsewhere = moved
        elsewhere.url = "https://b.example/"
        await fixture.vault.put(elsewhere, password: "of another site")
        try await fixture.allow(question)
        #expect(try await pending.value.titles == ["stays"])
    }

    @Test func `always is remembered for the chosen entries, under key, program, vault and host`()
        async throws
    {
        let fixture = await fixture("a", "b")
        let chosen = try await id("b", fixture)
        let body = try fixture.client.request(.getLogins, Self.page)
        let exchange = try await fixture.verified(
            fixture.client,
            body,
            .allow(Choices(entries: [chosen], scope: .always))
        )
        await exchange.deliver()
        let grant = try #require(await fixture.grants.grants.first)
        #expect(
            grant.key
                == GrantKey(
                    fingerprint: fixture.client.key.fingerprint,
                    program: "/usr/bin/firefox",
                    origin: nil,
                    vault: "Passwords",
                    kind: .release,
                    host: "a.example",
                    form: GrantKey.Form(scheme: "https")
                )
        )
        #expect(grant.allows)
        #expect(grant.entries == [chosen])
        #expect(grant.scope == .always)
        _ = try await fixture.verified(fixture.client, body, .deny)
        #expect(await fixture.asked().last?.entries.map(\.title) == ["a"])
    }

    @Test func `once is not remembered`() async throws {
        let fixture = await fixture("a")
        _ = try await fixture.verified(fixture.client, fixture.client.request(.getLogins, Self.page), .allow)
        #expect(await fixture.grants.grants.isEmpty)
    }

    @Test func `session is remembered with its end`() async throws {
        let fixture = await fixture("a")
        let before = ContinuousClock.now
        _ = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLogins, Self.page),
            .allow(Choices(scope: .session, seconds: 600))
        )
        guard case .session(let expires?) = await fixture.grants.grants.first?.scope else {
            Issue.record("no session with an end")
            return
        }
        #expect(expires >= before + .seconds(600))
        #expect(expires <= .now + .seconds(600))
    }

    @Test func `session without seconds has no end of its own`() async throws {
        let fixture = await fixture("a")
        let body = try fixture.client.request(.getLogins, Self.page)
        _ = try await fixture.verified(fixture.client, body, .allow(Choices(scope: .session)))
        #expect(await fixture.grants.grants.first?.scope == .session(expires: nil))
    }

    @Test func `a denial for always is remembered as one`() async throws {
        let fixture = await fixture("a", "b")
        let body = try fixture.client.request(.getLogins, Self.page)
        let exchange = try await fixture.verified(fixture.client, body, .deny(Choices(scope: .always)))
        #expect(exchange.reply.success)
        let grant = try #require(await fixture.grants.grants.first)
        #expect(grant.allows == false)
        #expect(grant.entries?.count == 2)
    }

    @Test func `entries of several vaults are remembered each under its own`() async throws {
        let second = MemoryVault("Second")
        let fixture = await OperationsFixture(others: [second])
        await fixture.vault.put(.at("https://a.example/", "a"))
        await second.put(.at("https://a.example/", "b"))
        let body = try fixture.client.request(.getLogins, Self.page)
        _ = try await fixture.verified(fixture.client, body, .allow(Choices(scope: .always)))
        #expect(Set(await fixture.grants.grants.map(\.key.vault)) == ["Passwords", "Second"])
        #expect(await fixture.grants.grants.map(\.entries?.count) == [1, 1])
    }

    // MARK: Clients that give up and come again

    @Test func `an allow answers the same question again until one reply has arrived`() async throws {
        let fixture = await fixture("a")
        let body = try fixture.client.request(.getLogins, Self.page)
        let first = try await fixture.verified(fixture.client, body, .allow)
        await first.deliver(.notSent)
        let second = try await fixture.verified(fixture.client, body)
        #expect(second.titles == ["a"])
        #expect(await fixture.asked().count == 1)
        await second.deliver()
        _ = try await fixture.verified(fixture.client, body, .deny)
        #expect(await fixture.asked().count == 2)
    }

    @Test func `the answer to one page is none to another`() async throws {
        let fixture = await fixture("a")
        await fixture.vault.put(.at("https://b.example/", "b"))
        _ = try await fixture.verified(fixture.client, fixture.client.request(.getLogins, Self.page), .allow)
        let other = try fixture.client.request(.getLogins, ["Url": "https://b.example/"])
        #expect(try await fixture.verified(fixture.client, other, .deny).reply.entries.isEmpty)
        let submit = try fixture.client.request(
            .getLogins,
            ["Url": "https://a.example/", "SubmitUrl": "https://evil.example/"]
        )
        #expect(try await fixture.verified(fixture.client, submit, .deny).reply.entries.isEmpty)
        #expect(await fixture.asked().count == 3)
    }

    @Test func `the answer to one key or program is none to another`() async throws {
        let fixture = await fixture("a")
        _ = try await fixture.verified(fixture.client, fixture.client.request(.getLogins, Self.page), .allow)
        let thief = fixture.client.from(.named("curl", 300))
        #expect(
            try await fixture.verified(thief, thief.request(.getLogins, Self.page), .deny).reply.entries
                .isEmpty
        )
        let rekeyed = TestClient(id: "firefox")
        await fixture.clients.welcome(rekeyed)
        let exchange = try await fixture.verified(rekeyed, rekeyed.request(.getLogins, Self.page), .deny)
        #expect(exchange.reply.entries.isEmpty)
        #expect(await fixture.asked().count == 3)
    }

    @Test func `the same question while it waits is one prompt, and both get the answer`() async throws {
        let fixture = await fixture("a")
        var events = fixture.approvals.events().makeAsyncIterator()
        let first = fixture.sending(fixture.client, try fixture.client.request(.getLogins, Self.page))
        let question = try await fixture.next(&events)
        let second = fixture.sending(fixture.client, try fixture.client.request(.getLogins, Self.page))
        try await fixture.allow(question)
        #expect(try await first.value.titles == ["a"])
        #expect(try await second.value.titles == ["a"])
        #expect(await fixture.asked().count == 1)
    }

    @Test func `always counts also when nobody listens any more`() async throws {
        try await OperationsFixture.onOneThread {
            let fixture = await fixture("a")
            var events = fixture.approvals.events().makeAsyncIterator()
            let pending = fixture.sending(fixture.client, try fixture.client.request(.getLogins, Self.page))
            let question = try await fixture.next(&events)
            pending.cancel()
            await OperationsFixture.everythingElse()
            try await fixture.allow(question, Choices(scope: .always))
            _ = try await pending.value
            #expect(await fixture.grants.grants.map(\.allows) == [true])
        }
    }

    // MARK: What changes while the person thinks

    @Test func `an entry that was deleted meanwhile is left out`() async throws {
        let fixture = await fixture("a", "b")
        var events = fixture.approvals.events().makeAsyncIterator()
        let pending = fixture.sending(fixture.client, try fixture.client.request(.getLogins, Self.page))
        let question = try await fixture.next(&events)
        let gone = try #require(LoginID(hex: try await id("a", fixture)))
        await fixture.vault.remove(gone)
        try await fixture.allow(question)
        let exchange = try await pending.value
        #expect(exchange.titles == ["b"])
        #expect(exchange.reply.count == 1)
    }

    @Test func `an entry that was changed while the keyring asked about it is left out, too`() async throws {
        let fixture = await OperationsFixture(rules: { $0.access = .never })
        var entry = Login.at("https://a.example/", "a")
        await fixture.vault.put(entry)
        entry.url = "https://b.example/"
        await fixture.vault.asks { [entry, vault = fixture.vault] in await vault.put(entry, password: "other")
        }
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLogins, Self.page)
        )
        #expect(exchange.titles.isEmpty && exchange.reply.success)
        #expect(await fixture.asked().isEmpty)
    }

    @Test func `a vault that was locked meanwhile hands out nothing`() async throws {
        let fixture = await fixture("a")
        var events = fixture.approvals.events().makeAsyncIterator()
        let pending = fixture.sending(fixture.client, try fixture.client.request(.getLogins, Self.page))
        let question = try await fixture.next(&events)
        await fixture.vault.lock()
        try await fixture.allow(question)
        let exchange = try await pending.value
        #expect(exchange.status == 503)
        #expect(exchange.reply.error == "Database locked")
    }

    // MARK: Telling the person

    @Test func `a delivery is told of once it has arrived`() async throws {
        let told = Deliveries()
        var fixture = await fixture("a")
        fixture.change { $0.tellDelivery = { await told.add($0) } }
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLogins, Self.page),
            .allow
        )
        await exchange.deliver(.notSent)
        #expect(await told.all.isEmpty)
        await exchange.deliver()
        #expect(await told.all.map(\.client) == ["firefox"])
        #expect(await told.all.map(\.host) == ["a.example"])
        #expect(await told.all.map(\.count) == [1])
        let none = try fixture.client.request(.getLogins, ["Url": "https://none.example/"])
        await (try await fixture.verified(fixture.client, none)).deliver()
        #expect(await told.all.count == 1)
    }

    actor Deliveries {
        private(set) var all: [Delivery] = []

        func add(_ delivery: Delivery) { all.append(delivery) }
    }
}
