// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients
import KeePassHTTP
import SecretService
import Testing
import Vault

@testable import Operations

/// Who is asked before logins of one host are handed out.
@Suite(.timeLimit(.minutes(1))) struct ReleaseTests {
    static let page: KeyValuePairs = ["Url": "https://a.example/login"]

    private func grant(
        _ fixture: OperationsFixture,
        allows: Bool = true,
        program: String = "/usr/bin/firefox",
        origin: String? = nil,
        host: String = "a.example",
        vault: String = "Passwords",
        kind: GrantKey.Kind = .release,
        fingerprint: String? = nil,
        form: GrantKey.Form? = GrantKey.Form(scheme: "https"),
        entries: Set<String>? = nil
    ) async {
        let key = GrantKey(
            fingerprint: fingerprint ?? fixture.client.key.fingerprint,
            program: program,
            origin: origin,
            vault: vault,
            kind: kind,
            host: host,
            form: form
        )
        await fixture.grants.remember(Grant(key: key, allows: allows, entries: entries, scope: .always))
    }

    @Test func `by default the person is asked, with all there is to know`() async throws {
        let fixture = await OperationsFixture()
        let login = Login.at("https://a.example/", "Example")
        await fixture.vault.put(login)
        let body = try fixture.client.request(
            .getLogins,
            ["Url": "https://a.example/x?q=1", "SubmitUrl": "https://b.example/post"]
        )
        let exchange = try await fixture.verified(fixture.client, body, .allow)
        #expect(exchange.titles == ["Example"])
        let asked = try #require(await fixture.asked().first)
        #expect(asked.kind == .release)
        #expect(asked.client == "firefox")
        #expect(asked.verified)
        #expect(asked.vault == "Passwords")
        #expect(asked.host == "a.example")
        #expect(asked.submitHost == "b.example")
        #expect(asked.entries == [EntryLine(uuid: login.id.hex, title: "Example", username: "me")])
        #expect(asked.bulk == false)
        #expect(asked.alwaysOffered)
    }

    @Test func `nothing found is a success with no entries, and no question`() async throws {
        let fixture = await OperationsFixture()
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLogins, Self.page)
        )
        #expect(exchange.status == 200)
        #expect(exchange.reply.success)
        #expect(exchange.reply.count == 0)
        #expect(exchange.body.contains("\"Entries\":[]"))
        #expect(await fixture.asked().isEmpty)
    }

    @Test func `denied is a success with no entries`() async throws {
        let fixture = await OperationsFixture()
        await fixture.vault.put(.at("https://a.example/", "a"))
        let body = try fixture.client.request(.getLogins, Self.page)
        for _ in 0..<2 {  // the second time unseen
            let exchange = try await fixture.verified(fixture.client, body, .deny)
            #expect(exchange.status == 200)
            #expect(exchange.reply.success)
            #expect(exchange.reply.count == 0)
            #expect(exchange.body.contains("\"Entries\":[]"))
        }
        #expect(await fixture.asked().count == 1)
        #expect(await fixture.vault.openedSecrets == 0)
    }

    @Test func `nobody answers: no success, and where to answer`() async throws {
        var limits = ApprovalLimits()
        limits.timeout = .milliseconds(1)
        let fixture = await OperationsFixture(limits: limits)
        await fixture.vault.put(.at("https://a.example/", "a"))
        let body = try fixture.client.request(.getLogins, Self.page)
        let exchange = try await fixture.sending(fixture.client, body).value
        #expect(exchange.status == 200)
        #expect(exchange.reply.success == false)
        #expect(exchange.reply.error?.contains("keybell watch") == true)
        #expect(!exchange.body.contains("Entries"))
    }

    @Test func `too many questions are told as such`() async throws {
        var limits = ApprovalLimits()
        limits.perProgram = 0
        limits.waitingPerProgram = 0
        let fixture = await OperationsFixture(limits: limits)
        await fixture.vault.put(.at("https://a.example/", "a"))
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLogins, Self.page)
        )
        #expect(exchange.reply.success == false)
        #expect(exchange.reply.error == "Too many questions are waiting")
    }

    @Test func `a broker that shuts down is no allow`() async throws {
        let fixture = await OperationsFixture()
        await fixture.vault.put(.at("https://a.example/", "a"))
        var events = fixture.approvals.events().makeAsyncIterator()
        let pending = fixture.sending(fixture.client, try fixture.client.request(.getLogins, Self.page))
        _ = try await fixture.next(&events)
        await fixture.approvals.shutDown()
        let exchange = try await pending.value
        #expect(exchange.reply.success == false)
        #expect(exchange.reply.entries.isEmpty)
    }

    // MARK: What covers

    @Test(arguments: [ClientRules.AccessAsk.never, .unlessGranted])
    func `where it can't be read what was decided the person is asked, whatever else would standing it`(
        _ access: ClientRules.AccessAsk
    ) async throws {
        let fixture = await OperationsFixture(rules: { $0.access = access })
        await fixture.vault.put(.at("https://a.example/", "a", allow: ["a.example"]))
        await grant(fixture)
        await fixture.grants.becomeUnreadable()
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLogins, Self.page),
            .deny
        )
        #expect(exchange.titles.isEmpty)
        #expect(await fixture.asked().count == 1)
    }

    @Test func `where nobody is asked, what can't be read is refused`() async throws {
        let fixture = await OperationsFixture(rules: { $0.access = .granted })
        await fixture.vault.put(.at("https://a.example/", "a", allow: ["a.example"]))
        await grant(fixture)
        await fixture.grants.becomeUnreadable()
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLogins, Self.page)
        )
        #expect(exchange.reply.success == false)
        #expect(exchange.reply.entries.isEmpty)
        #expect(await fixture.asked().isEmpty)
    }

    @Test func `a denial last known counts while nothing can be read`() async throws {
        let fixture = await OperationsFixture(rules: { $0.access = .never })
        await fixture.vault.put(.at("https://a.example/", "a"))
        await grant(fixture, allows: false)
        await fixture.grants.becomeUnreadable()
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLogins, Self.page)
        )
        #expect(exchange.titles.isEmpty)
        #expect(await fixture.asked().isEmpty)
    }

    @Test func `an allow that can't be kept for always is told to whoever gave it, and counts`() async throws
    {
        let fixture = await OperationsFixture()
        await fixture.vault.put(.at("https://a.example/", "a"))
        await fixture.grants.becomeUnreadable()
        var events = fixture.approvals.events().makeAsyncIterator()
        let pending = fixture.sending(fixture.client, try fixture.client.request(.getLogins, Self.page))
        let code = try await fixture.next(&events).code
        let effect = try await fixture.approvals.answer(
            code: code,
            decision: .allow,
            choices: Choices(scope: .always),
            through: .notifier
        )
        let trouble =
            "It is not kept for good, and holds for this session at most. \(KeyringError.deadline.advice)"
        #expect(effect == .notKept(trouble))
        #expect(await fixture.approvals.recent().map(\.keepTrouble) == [trouble])
        #expect(await fixture.approvals.recent().map(\.scope) == [.session])
        #expect(try await pending.value.titles == ["a"])
    }

    @Test func `an entry's own Allow list standings its host`() async throws {
        let fixture = await OperationsFixture()
        await fixture.vault.put(.at("https://a.example/", "a", allow: ["a.example"]))
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLogins, Self.page)
        )
        #expect(exchange.titles == ["a"])
        #expect(await fixture.asked().isEmpty)
    }

    @Test(arguments: ["https://evil.example/", "a.example.evil://x@b@c"])
    func `an Allow list doesn't standing a form that goes elsewhere`(_ submitUrl: String) async throws {
        let fixture = await OperationsFixture()
        await fixture.vault.put(.at("https://a.example/", "a", allow: ["a.example"]))
        let body = try fixture.client.request(
            .getLogins,
            ["Url": "https://a.example/", "SubmitUrl": submitUrl]
        )
        _ = try await fixture.verified(fixture.client, body, .deny)
        #expect(await fixture.asked().count == 1)
    }

    @Test func `an Allow list of the domain doesn't standing another host of it`() async throws {
        let fixture = await OperationsFixture()
        await fixture.vault.put(.at("https://a.example/", "a", allow: ["a.example"]))
        let body = try fixture.client.request(.getLogins, ["Url": "https://www.a.example/"])
        _ = try await fixture.verified(fixture.client, body, .deny)
        #expect(await fixture.asked().count == 1)
    }

    @Test func `a Deny list is never offered`() async throws {
        let fixture = await OperationsFixture()
        await fixture.vault.put(.at("https://a.example/", "a", deny: ["a.example"]))
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLogins, Self.page)
        )
        #expect(exchange.reply.entries.isEmpty)
        #expect(await fixture.asked().isEmpty)
    }

    @Test func `a grant covers`() async throws {
        let fixture = await OperationsFixture()
        await fixture.vault.put(.at("https://a.example/", "a"))
        await grant(fixture)
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLogins, Self.page)
        )
        #expect(exchange.titles == ["a"])
        #expect(await fixture.asked().isEmpty)
    }

    @Test(arguments: ["ftp://a.example/", "http://a.example/", "ws://a.example/", "wss://a.example/"])
    func `a grant for a page by https doesn't standing a form that goes by anything else`(submit: String)
        async throws
    {
        let fixture = await OperationsFixture()
        await fixture.vault.put(.at("https://a.example/", "a"))
        await grant(fixture)
        let body = try fixture.client.request(
            .getLogins,
            ["Url": "https://a.example/login", "SubmitUrl": submit]
        )
        _ = try await fixture.verified(fixture.client, body, .deny)
        #expect(await fixture.asked().count == 1)
    }

    @Test func `a grant for another host, vault, kind, key, program, Origin or entry doesn't`() async throws {
        let fixture = await OperationsFixture()
        await fixture.vault.put(.at("https://a.example/", "a"))
        await grant(fixture, host: "www.a.example")
        await grant(fixture, host: "a.example:8443")
        await grant(fixture, vault: "Others")
        await grant(fixture, kind: .change)
        await grant(fixture, kind: .create)
        await grant(fixture, fingerprint: "00:00")
        await grant(fixture, program: "/usr/bin/chromium")
        await grant(fixture, origin: "moz-extension://x")
        await grant(fixture, form: GrantKey.Form(submitHost: "b.example", scheme: "https"))
        await grant(fixture, form: nil)
        await grant(fixture, entries: [LoginID.random().hex])
        _ = try await fixture.verified(fixture.client, fixture.client.request(.getLogins, Self.page), .deny)
        #expect(await fixture.asked().count == 1)
    }

    @Test func `a remembered denial is kept silently, whatever would allow`() async throws {
        for rule in ClientRules.AccessAsk.allCases where rule != .granted {
            let fixture = await OperationsFixture(rules: { $0.access = rule })
            await fixture.vault.put(.at("https://a.example/", "a", allow: ["a.example"]))
            await grant(fixture, allows: false)
            let exchange = try await fixture.verified(
                fixture.client,
                fixture.client.request(.getLogins, Self.page)
            )
            #expect(exchange.reply.success)
            #expect(exchange.reply.entries.isEmpty)
            #expect(await fixture.asked().isEmpty)
        }
    }

    @Test func `ask = never asks nobody`() async throws {
        let fixture = await OperationsFixture(rules: { $0.access = .never })
        await fixture.vault.put(.at("https://a.example/", "a"))
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLogins, Self.page)
        )
        #expect(exchange.titles == ["a"])
        #expect(await fixture.asked().isEmpty)
    }

    @Test func `ask = always asks in spite of grants and lists`() async throws {
        let fixture = await OperationsFixture(rules: { $0.access = .always })
        await fixture.vault.put(.at("https://a.example/", "a", allow: ["a.example"]))
        await grant(fixture)
        _ = try await fixture.verified(fixture.client, fixture.client.request(.getLogins, Self.page), .deny)
        #expect(await fixture.asked().count == 1)
    }

    @Test(arguments: ["backup", "caf\u{E9}", "cafe\u{301}"])
    func `a client's own rules count instead of the others'`(id: String) async throws {
        var rules = ClientRules()
        rules.access = .never
        let fixture = await OperationsFixture(Policy(exceptions: ["backup": rules, "caf\u{E9}": rules]))
        let backup = TestClient(id: id)
        await fixture.clients.welcome(backup)
        await fixture.vault.put(.at("https://a.example/", "a"))
        #expect(try await fixture.verified(backup, backup.request(.getLogins, Self.page)).titles == ["a"])
        #expect(await fixture.asked().isEmpty)
        _ = try await fixture.verified(fixture.client, fixture.client.request(.getLogins, Self.page), .deny)
        #expect(await fixture.asked().count == 1)
    }

    @Test func `just what isn't covered is asked about, and the rest comes with it in order`() async throws {
        let fixture = await OperationsFixture()
        await fixture.vault.put(.at("https://a.example/", "covered", username: "b", allow: ["a.example"]))
        await fixture.vault.put(.at("https://a.example/", "first", username: "a"))
        await fixture.vault.put(.at("https://a.example/", "last", username: "c"))
        let body = try fixture.client.request(.getLogins, Self.page)
        let exchange = try await fixture.verified(fixture.client, body, .allow)
        #expect(exchange.titles == ["first", "covered", "last"])
        #expect(await fixture.asked().first?.entries.map(\.title) == ["first", "last"])
        #expect(try await fixture.verified(fixture.client, body, .deny).reply.count == 3)
    }

    @Test func `a denial leaves what is covered`() async throws {
        let fixture = await OperationsFixture()
        await fixture.vault.put(.at("https://a.example/", "covered", allow: ["a.example"]))
        await fixture.vault.put(.at("https://a.example/", "asked"))
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLogins, Self.page),
            .deny
        )
        #expect(exchange.titles == ["covered"])
        let question = try #require(await fixture.asked().first)
        #expect(question.body.contains("1 other goes out anyway, as allowed before."))
    }

    @Test func `a copy of an entry in another vault has its own verdict`() async throws {
        let second = MemoryVault("Second")
        let fixture = await OperationsFixture(others: [second])
        let login = Login.at("https://a.example/", "mine")
        var copy = login
        copy.title = "copy"
        await fixture.vault.put(login)
        await second.put(copy)
        await grant(fixture, vault: "Second")
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLogins, Self.page),
            .deny
        )
        #expect(exchange.titles == ["copy"])
        #expect(await fixture.asked().first?.entries.map(\.title) == ["mine"])
    }

    // MARK: Unfamiliar programs

    static let strangers: [Caller] = [
        .named("curl", 300), .named("firefox", 100, origin: "moz-extension://other"), .nobody,
    ]

    @Test(arguments: strangers, ClientRules.AccessAsk.allCases.filter { $0 != .granted })
    func `a key from elsewhere asks although it is covered, and says so`(
        _ caller: Caller,
        _ rule: ClientRules.AccessAsk
    ) async throws {
        let fixture = await OperationsFixture(rules: { $0.access = rule })
        await fixture.vault.put(.at("https://a.example/", "a", allow: ["a.example"]))
        await grant(fixture)
        let thief = fixture.client.from(caller)
        let exchange = try await fixture.verified(thief, thief.request(.getLogins, Self.page), .deny)
        #expect(exchange.reply.entries.isEmpty)
        #expect(await fixture.asked().first?.body.contains("Its key was given to somebody else: ") == true)
    }

    @Test func `a key that came from an unknown program isn't familiar from another one`() async throws {
        let fixture = await OperationsFixture(rules: { $0.access = .never })
        await fixture.vault.put(.at("https://a.example/", "a"))
        let client = TestClient(id: "old", caller: .nobody)
        await fixture.clients.welcome(client)
        _ = try await fixture.verified(client, client.request(.getLogins, Self.page), .deny)
        #expect(await fixture.asked().count == 1)
    }

    @Test func `what a remembered denial denies unseen is counted with the question that it answered`()
        async throws
    {
        let fixture = await OperationsFixture()
        await fixture.vault.put(.at("https://a.example/", "a"))
        let body = try fixture.client.request(.getLogins, Self.page)
        _ = try await fixture.verified(fixture.client, body, .deny(Choices(scope: .always)))
        for _ in 0..<2 { #expect(try await fixture.verified(fixture.client, body).titles.isEmpty) }
        let recent = await fixture.approvals.recent()
        #expect(recent.map(\.unseen) == [2])
        #expect(recent.map(\.scope) == [.always])
    }

    @Test func `always for an unfamiliar program records the pair, for the same place only`() async throws {
        let fixture = await OperationsFixture()
        await fixture.vault.put(.at("https://a.example/", "a"))
        await fixture.vault.put(.at("https://b.example/", "b", allow: ["b.example"]))
        let other = fixture.client.from(.named("curl", 300))
        let body = try other.request(.getLogins, Self.page)
        let first = try await fixture.verified(other, body, .allow(Choices(scope: .always)))
        await first.deliver()
        #expect(try await fixture.verified(other, body).titles == ["a"])
        #expect(await fixture.asked().count == 1)
        _ = try await fixture.verified(other, other.request(.getLogins, ["Url": "https://b.example/"]), .deny)
        #expect(await fixture.asked().count == 2)
    }

    @Test func `whose an imported key is isn't known until the person allows it something for always`()
        async throws
    {
        let fixture = await OperationsFixture()
        await fixture.vault.put(.at("https://a.example/", "a"))
        await fixture.vault.put(.at("https://b.example/", "b"))
        let client = TestClient(id: "old", caller: .named("chromium", origin: "chrome-extension://x"))
        await fixture.clients.bring(client)
        let body = try client.request(.getLogins, Self.page)
        let once = try await fixture.verified(client, body, .allow)
        await once.deliver()
        #expect(await fixture.clients.client("old")?.program == "")
        let always = try await fixture.verified(client, body, .allow(Choices(scope: .always)))
        await always.deliver()
        let bodies = await fixture.asked().map(\.body)
        #expect(bodies.count == 2)
        #expect(bodies.allSatisfy { $0.contains("doesn't know yet which program its key belongs to") })
        #expect(await fixture.clients.client("old")?.program == "/usr/bin/chromium")
        #expect(await fixture.clients.client("old")?.origin == "chrome-extension://x")
        _ = try await fixture.verified(
            client,
            client.request(.getLogins, ["Url": "https://b.example/"]),
            .deny
        )
        #expect(await fixture.asked().last?.body.contains("key") == false)
    }

    @Test func `with any_program every program is familiar`() async throws {
        let fixture = await OperationsFixture(rules: { $0.anyProgram = true })
        await fixture.vault.put(.at("https://a.example/", "a", allow: ["a.example"]))
        let other = fixture.client.from(.named("curl", 300))
        #expect(try await fixture.verified(other, other.request(.getLogins, Self.page)).titles == ["a"])
        #expect(await fixture.asked().isEmpty)
    }
}
