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

    private func scene(_ titles: String...) async -> Scene {
        let scene = await Scene()
        for title in titles { await scene.vault.put(.at("https://a.example/", title, username: title)) }
        return scene
    }

    private func id(_ title: String, _ scene: Scene) async throws -> String {
        try #require(await scene.vault.all().first { $0.title == title }).id.hex
    }

    @Test func `just some entries allowed: those`() async throws {
        let scene = await scene("a", "b", "c")
        let chosen = [try await id("c", scene).lowercased(), try await id("a", scene)]
        let rung = try await scene.verified(
            scene.guest,
            scene.guest.request(.getLogins, Self.page),
            .allow(Choices(entries: chosen))
        )
        #expect(rung.titles == ["a", "c"])
        #expect(rung.reply.count == 2)
    }

    @Test func `what is changed while the person is asked about it doesn't go out`() async throws {
        let scene = await scene("moved", "stays")
        let moved = try #require(await scene.vault.all().first { $0.title == "moved" })
        var events = scene.approvals.events().makeAsyncIterator()
        let ringing = scene.ringing(scene.guest, try scene.guest.request(.getLogins, Self.page))
        let question = try await scene.next(&events)
        var elsewhere = moved
        elsewhere.url = "https://b.example/"
        await scene.vault.put(elsewhere, password: "of another site")
        try await scene.allow(question)
        #expect(try await ringing.value.titles == ["stays"])
    }

    @Test func `always is remembered for the chosen entries, under key, program, vault and host`()
        async throws
    {
        let scene = await scene("a", "b")
        let chosen = try await id("b", scene)
        let body = try scene.guest.request(.getLogins, Self.page)
        let rung = try await scene.verified(
            scene.guest,
            body,
            .allow(Choices(entries: [chosen], scope: .always))
        )
        await rung.deliver()
        let grant = try #require(await scene.grants.grants.first)
        #expect(
            grant.key
                == GrantKey(
                    fingerprint: scene.guest.key.fingerprint,
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
        _ = try await scene.verified(scene.guest, body, .deny)
        #expect(await scene.asked().last?.entries.map(\.title) == ["a"])
    }

    @Test func `once is not remembered`() async throws {
        let scene = await scene("a")
        _ = try await scene.verified(scene.guest, scene.guest.request(.getLogins, Self.page), .allow)
        #expect(await scene.grants.grants.isEmpty)
    }

    @Test func `session is remembered with its end`() async throws {
        let scene = await scene("a")
        let before = ContinuousClock.now
        _ = try await scene.verified(
            scene.guest,
            scene.guest.request(.getLogins, Self.page),
            .allow(Choices(scope: .session, seconds: 600))
        )
        guard case .session(let expires?) = await scene.grants.grants.first?.scope else {
            Issue.record("no session with an end")
            return
        }
        #expect(expires >= before + .seconds(600))
        #expect(expires <= .now + .seconds(600))
    }

    @Test func `session without seconds has no end of its own`() async throws {
        let scene = await scene("a")
        let body = try scene.guest.request(.getLogins, Self.page)
        _ = try await scene.verified(scene.guest, body, .allow(Choices(scope: .session)))
        #expect(await scene.grants.grants.first?.scope == .session(expires: nil))
    }

    @Test func `a denial for always is remembered as one`() async throws {
        let scene = await scene("a", "b")
        let body = try scene.guest.request(.getLogins, Self.page)
        let rung = try await scene.verified(scene.guest, body, .deny(Choices(scope: .always)))
        #expect(rung.reply.success)
        let grant = try #require(await scene.grants.grants.first)
        #expect(grant.allows == false)
        #expect(grant.entries?.count == 2)
    }

    @Test func `entries of several vaults are remembered each under its own`() async throws {
        let second = MemoryVault("Second")
        let scene = await Scene(others: [second])
        await scene.vault.put(.at("https://a.example/", "a"))
        await second.put(.at("https://a.example/", "b"))
        let body = try scene.guest.request(.getLogins, Self.page)
        _ = try await scene.verified(scene.guest, body, .allow(Choices(scope: .always)))
        #expect(Set(await scene.grants.grants.map(\.key.vault)) == ["Passwords", "Second"])
        #expect(await scene.grants.grants.map(\.entries?.count) == [1, 1])
    }

    // MARK: Clients that give up and come again

    @Test func `an allow answers the same question again until one reply has arrived`() async throws {
        let scene = await scene("a")
        let body = try scene.guest.request(.getLogins, Self.page)
        let first = try await scene.verified(scene.guest, body, .allow)
        await first.deliver(.notSent)
        let second = try await scene.verified(scene.guest, body)
        #expect(second.titles == ["a"])
        #expect(await scene.asked().count == 1)
        await second.deliver()
        _ = try await scene.verified(scene.guest, body, .deny)
        #expect(await scene.asked().count == 2)
    }

    @Test func `the answer to one page is none to another`() async throws {
        let scene = await scene("a")
        await scene.vault.put(.at("https://b.example/", "b"))
        _ = try await scene.verified(scene.guest, scene.guest.request(.getLogins, Self.page), .allow)
        let other = try scene.guest.request(.getLogins, ["Url": "https://b.example/"])
        #expect(try await scene.verified(scene.guest, other, .deny).reply.entries.isEmpty)
        let submit = try scene.guest.request(
            .getLogins,
            ["Url": "https://a.example/", "SubmitUrl": "https://evil.example/"]
        )
        #expect(try await scene.verified(scene.guest, submit, .deny).reply.entries.isEmpty)
        #expect(await scene.asked().count == 3)
    }

    @Test func `the answer to one key or program is none to another`() async throws {
        let scene = await scene("a")
        _ = try await scene.verified(scene.guest, scene.guest.request(.getLogins, Self.page), .allow)
        let thief = scene.guest.from(.named("curl", 300))
        #expect(
            try await scene.verified(thief, thief.request(.getLogins, Self.page), .deny).reply.entries.isEmpty
        )
        let rekeyed = TestClient(id: "firefox")
        await scene.clients.welcome(rekeyed)
        let rung = try await scene.verified(rekeyed, rekeyed.request(.getLogins, Self.page), .deny)
        #expect(rung.reply.entries.isEmpty)
        #expect(await scene.asked().count == 3)
    }

    @Test func `the same question while it waits is one prompt, and both get the answer`() async throws {
        let scene = await scene("a")
        var events = scene.approvals.events().makeAsyncIterator()
        let first = scene.ringing(scene.guest, try scene.guest.request(.getLogins, Self.page))
        let question = try await scene.next(&events)
        let second = scene.ringing(scene.guest, try scene.guest.request(.getLogins, Self.page))
        try await scene.allow(question)
        #expect(try await first.value.titles == ["a"])
        #expect(try await second.value.titles == ["a"])
        #expect(await scene.asked().count == 1)
    }

    @Test func `always counts also when nobody listens any more`() async throws {
        try await Scene.onOneThread {
            let scene = await scene("a")
            var events = scene.approvals.events().makeAsyncIterator()
            let ringing = scene.ringing(scene.guest, try scene.guest.request(.getLogins, Self.page))
            let question = try await scene.next(&events)
            ringing.cancel()
            await Scene.everythingElse()
            try await scene.allow(question, Choices(scope: .always))
            _ = try await ringing.value
            #expect(await scene.grants.grants.map(\.allows) == [true])
        }
    }

    // MARK: What changes while the person thinks

    @Test func `an entry that was deleted meanwhile is left out`() async throws {
        let scene = await scene("a", "b")
        var events = scene.approvals.events().makeAsyncIterator()
        let ringing = scene.ringing(scene.guest, try scene.guest.request(.getLogins, Self.page))
        let question = try await scene.next(&events)
        let gone = try #require(LoginID(hex: try await id("a", scene)))
        await scene.vault.remove(gone)
        try await scene.allow(question)
        let rung = try await ringing.value
        #expect(rung.titles == ["b"])
        #expect(rung.reply.count == 1)
    }

    @Test func `an entry that was changed while the keyring asked about it is left out, too`() async throws {
        let scene = await Scene(rules: { $0.access = .never })
        var entry = Login.at("https://a.example/", "a")
        await scene.vault.put(entry)
        entry.url = "https://b.example/"
        await scene.vault.asks { [entry, vault = scene.vault] in await vault.put(entry, password: "other") }
        let rung = try await scene.verified(scene.guest, scene.guest.request(.getLogins, Self.page))
        #expect(rung.titles.isEmpty && rung.reply.success)
        #expect(await scene.asked().isEmpty)
    }

    @Test func `a vault that was locked meanwhile hands out nothing`() async throws {
        let scene = await scene("a")
        var events = scene.approvals.events().makeAsyncIterator()
        let ringing = scene.ringing(scene.guest, try scene.guest.request(.getLogins, Self.page))
        let question = try await scene.next(&events)
        await scene.vault.lock()
        try await scene.allow(question)
        let rung = try await ringing.value
        #expect(rung.status == 503)
        #expect(rung.reply.error == "Database locked")
    }

    // MARK: Telling the person

    @Test func `a delivery is told of once it has arrived`() async throws {
        let told = Deliveries()
        var scene = await scene("a")
        scene.change { $0.tellDelivery = { await told.add($0) } }
        let rung = try await scene.verified(scene.guest, scene.guest.request(.getLogins, Self.page), .allow)
        await rung.deliver(.notSent)
        #expect(await told.all.isEmpty)
        await rung.deliver()
        #expect(await told.all.map(\.client) == ["firefox"])
        #expect(await told.all.map(\.host) == ["a.example"])
        #expect(await told.all.map(\.count) == [1])
        let none = try scene.guest.request(.getLogins, ["Url": "https://none.example/"])
        await (try await scene.verified(scene.guest, none)).deliver()
        #expect(await told.all.count == 1)
    }

    actor Deliveries {
        private(set) var all: [Delivery] = []

        func add(_ delivery: Delivery) { all.append(delivery) }
    }
}
