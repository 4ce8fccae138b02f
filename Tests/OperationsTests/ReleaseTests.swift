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
        _ scene: Scene,
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
            fingerprint: fingerprint ?? scene.guest.key.fingerprint,
            program: program,
            origin: origin,
            vault: vault,
            kind: kind,
            host: host,
            form: form
        )
        await scene.grants.remember(Grant(key: key, allows: allows, entries: entries, scope: .always))
    }

    @Test func `by default the person is asked, with all there is to know`() async throws {
        let scene = await Scene()
        let login = Login.at("https://a.example/", "Example")
        await scene.vault.put(login)
        let body = try scene.guest.request(
            .getLogins,
            ["Url": "https://a.example/x?q=1", "SubmitUrl": "https://b.example/post"]
        )
        let rung = try await scene.verified(scene.guest, body, .allow)
        #expect(rung.titles == ["Example"])
        let asked = try #require(await scene.asked().first)
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
        let scene = await Scene()
        let rung = try await scene.verified(scene.guest, scene.guest.request(.getLogins, Self.page))
        #expect(rung.status == 200)
        #expect(rung.reply.success)
        #expect(rung.reply.count == 0)
        #expect(rung.body.contains("\"Entries\":[]"))
        #expect(await scene.asked().isEmpty)
    }

    @Test func `denied is a success with no entries`() async throws {
        let scene = await Scene()
        await scene.vault.put(.at("https://a.example/", "a"))
        let body = try scene.guest.request(.getLogins, Self.page)
        for _ in 0..<2 {  // the second time unseen
            let rung = try await scene.verified(scene.guest, body, .deny)
            #expect(rung.status == 200)
            #expect(rung.reply.success)
            #expect(rung.reply.count == 0)
            #expect(rung.body.contains("\"Entries\":[]"))
        }
        #expect(await scene.asked().count == 1)
        #expect(await scene.vault.openedSecrets == 0)
    }

    @Test func `nobody answers: no success, and where to answer`() async throws {
        var limits = ApprovalLimits()
        limits.timeout = .milliseconds(1)
        let scene = await Scene(limits: limits)
        await scene.vault.put(.at("https://a.example/", "a"))
        let body = try scene.guest.request(.getLogins, Self.page)
        let rung = try await scene.ringing(scene.guest, body).value
        #expect(rung.status == 200)
        #expect(rung.reply.success == false)
        #expect(rung.reply.error?.contains("keybell watch") == true)
        #expect(!rung.body.contains("Entries"))
    }

    @Test func `too many questions are told as such`() async throws {
        var limits = ApprovalLimits()
        limits.perProgram = 0
        limits.waitingPerProgram = 0
        let scene = await Scene(limits: limits)
        await scene.vault.put(.at("https://a.example/", "a"))
        let rung = try await scene.verified(scene.guest, scene.guest.request(.getLogins, Self.page))
        #expect(rung.reply.success == false)
        #expect(rung.reply.error == "Too many questions are waiting")
    }

    @Test func `a broker that shuts down is no allow`() async throws {
        let scene = await Scene()
        await scene.vault.put(.at("https://a.example/", "a"))
        var events = scene.approvals.events().makeAsyncIterator()
        let ringing = scene.ringing(scene.guest, try scene.guest.request(.getLogins, Self.page))
        _ = try await scene.next(&events)
        await scene.approvals.shutDown()
        let rung = try await ringing.value
        #expect(rung.reply.success == false)
        #expect(rung.reply.entries.isEmpty)
    }

    // MARK: What covers

    @Test(arguments: [ClientRules.AccessAsk.never, .unlessGranted])
    func `where it can't be read what was decided the person is asked, whatever else would cover it`(
        _ access: ClientRules.AccessAsk
    ) async throws {
        let scene = await Scene(rules: { $0.access = access })
        await scene.vault.put(.at("https://a.example/", "a", allow: ["a.example"]))
        await grant(scene)
        await scene.grants.becomeUnreadable()
        let rung = try await scene.verified(scene.guest, scene.guest.request(.getLogins, Self.page), .deny)
        #expect(rung.titles.isEmpty)
        #expect(await scene.asked().count == 1)
    }

    @Test func `where nobody is asked, what can't be read is refused`() async throws {
        let scene = await Scene(rules: { $0.access = .granted })
        await scene.vault.put(.at("https://a.example/", "a", allow: ["a.example"]))
        await grant(scene)
        await scene.grants.becomeUnreadable()
        let rung = try await scene.verified(scene.guest, scene.guest.request(.getLogins, Self.page))
        #expect(rung.reply.success == false)
        #expect(rung.reply.entries.isEmpty)
        #expect(await scene.asked().isEmpty)
    }

    @Test func `a denial last known counts while nothing can be read`() async throws {
        let scene = await Scene(rules: { $0.access = .never })
        await scene.vault.put(.at("https://a.example/", "a"))
        await grant(scene, allows: false)
        await scene.grants.becomeUnreadable()
        let rung = try await scene.verified(scene.guest, scene.guest.request(.getLogins, Self.page))
        #expect(rung.titles.isEmpty)
        #expect(await scene.asked().isEmpty)
    }

    @Test func `an allow that can't be kept for always is told to whoever gave it, and counts`() async throws
    {
        let scene = await Scene()
        await scene.vault.put(.at("https://a.example/", "a"))
        await scene.grants.becomeUnreadable()
        var events = scene.approvals.events().makeAsyncIterator()
        let ringing = scene.ringing(scene.guest, try scene.guest.request(.getLogins, Self.page))
        let code = try await scene.next(&events).code
        let effect = try await scene.approvals.answer(
            code: code,
            decision: .allow,
            choices: Choices(scope: .always),
            through: .notifier
        )
        let trouble =
            "It is not kept for always, and holds for this session at most. \(KeyringError.deadline.advice)"
        #expect(effect == .notKept(trouble))
        #expect(await scene.approvals.recent().map(\.keepTrouble) == [trouble])
        #expect(await scene.approvals.recent().map(\.scope) == [.session])
        #expect(try await ringing.value.titles == ["a"])
    }

    @Test func `an entry's own Allow list covers its host`() async throws {
        let scene = await Scene()
        await scene.vault.put(.at("https://a.example/", "a", allow: ["a.example"]))
        let rung = try await scene.verified(scene.guest, scene.guest.request(.getLogins, Self.page))
        #expect(rung.titles == ["a"])
        #expect(await scene.asked().isEmpty)
    }

    @Test(arguments: ["https://evil.example/", "a.example.evil://x@b@c"])
    func `an Allow list doesn't cover a form that goes elsewhere`(_ submitUrl: String) async throws {
        let scene = await Scene()
        await scene.vault.put(.at("https://a.example/", "a", allow: ["a.example"]))
        let body = try scene.guest.request(
            .getLogins,
            ["Url": "https://a.example/", "SubmitUrl": submitUrl]
        )
        _ = try await scene.verified(scene.guest, body, .deny)
        #expect(await scene.asked().count == 1)
    }

    @Test func `an Allow list of the domain doesn't cover another host of it`() async throws {
        let scene = await Scene()
        await scene.vault.put(.at("https://a.example/", "a", allow: ["a.example"]))
        let body = try scene.guest.request(.getLogins, ["Url": "https://www.a.example/"])
        _ = try await scene.verified(scene.guest, body, .deny)
        #expect(await scene.asked().count == 1)
    }

    @Test func `a Deny list is never offered`() async throws {
        let scene = await Scene()
        await scene.vault.put(.at("https://a.example/", "a", deny: ["a.example"]))
        let rung = try await scene.verified(scene.guest, scene.guest.request(.getLogins, Self.page))
        #expect(rung.reply.entries.isEmpty)
        #expect(await scene.asked().isEmpty)
    }

    @Test func `a grant covers`() async throws {
        let scene = await Scene()
        await scene.vault.put(.at("https://a.example/", "a"))
        await grant(scene)
        let rung = try await scene.verified(scene.guest, scene.guest.request(.getLogins, Self.page))
        #expect(rung.titles == ["a"])
        #expect(await scene.asked().isEmpty)
    }

    @Test(arguments: ["ftp://a.example/", "http://a.example/", "ws://a.example/", "wss://a.example/"])
    func `a grant for a page by https doesn't cover a form that goes by anything else`(submit: String)
        async throws
    {
        let scene = await Scene()
        await scene.vault.put(.at("https://a.example/", "a"))
        await grant(scene)
        let body = try scene.guest.request(
            .getLogins,
            ["Url": "https://a.example/login", "SubmitUrl": submit]
        )
        _ = try await scene.verified(scene.guest, body, .deny)
        #expect(await scene.asked().count == 1)
    }

    @Test func `a grant for another host, vault, kind, key, program, Origin or entry doesn't`() async throws {
        let scene = await Scene()
        await scene.vault.put(.at("https://a.example/", "a"))
        await grant(scene, host: "www.a.example")
        await grant(scene, host: "a.example:8443")
        await grant(scene, vault: "Others")
        await grant(scene, kind: .change)
        await grant(scene, kind: .create)
        await grant(scene, fingerprint: "00:00")
        await grant(scene, program: "/usr/bin/chromium")
        await grant(scene, origin: "moz-extension://x")
        await grant(scene, form: GrantKey.Form(submitHost: "b.example", scheme: "https"))
        await grant(scene, form: nil)
        await grant(scene, entries: [LoginID.random().hex])
        _ = try await scene.verified(scene.guest, scene.guest.request(.getLogins, Self.page), .deny)
        #expect(await scene.asked().count == 1)
    }

    @Test func `a remembered denial is kept silently, whatever would allow`() async throws {
        for rule in ClientRules.AccessAsk.allCases where rule != .granted {
            let scene = await Scene(rules: { $0.access = rule })
            await scene.vault.put(.at("https://a.example/", "a", allow: ["a.example"]))
            await grant(scene, allows: false)
            let rung = try await scene.verified(scene.guest, scene.guest.request(.getLogins, Self.page))
            #expect(rung.reply.success)
            #expect(rung.reply.entries.isEmpty)
            #expect(await scene.asked().isEmpty)
        }
    }

    @Test func `ask = never asks nobody`() async throws {
        let scene = await Scene(rules: { $0.access = .never })
        await scene.vault.put(.at("https://a.example/", "a"))
        let rung = try await scene.verified(scene.guest, scene.guest.request(.getLogins, Self.page))
        #expect(rung.titles == ["a"])
        #expect(await scene.asked().isEmpty)
    }

    @Test func `ask = always asks in spite of grants and lists`() async throws {
        let scene = await Scene(rules: { $0.access = .always })
        await scene.vault.put(.at("https://a.example/", "a", allow: ["a.example"]))
        await grant(scene)
        _ = try await scene.verified(scene.guest, scene.guest.request(.getLogins, Self.page), .deny)
        #expect(await scene.asked().count == 1)
    }

    @Test(arguments: ["backup", "caf\u{E9}", "cafe\u{301}"])
    func `a client's own rules count instead of the others'`(id: String) async throws {
        var rules = ClientRules()
        rules.access = .never
        let scene = await Scene(Policy(exceptions: ["backup": rules, "caf\u{E9}": rules]))
        let backup = TestClient(id: id)
        await scene.clients.welcome(backup)
        await scene.vault.put(.at("https://a.example/", "a"))
        #expect(try await scene.verified(backup, backup.request(.getLogins, Self.page)).titles == ["a"])
        #expect(await scene.asked().isEmpty)
        _ = try await scene.verified(scene.guest, scene.guest.request(.getLogins, Self.page), .deny)
        #expect(await scene.asked().count == 1)
    }

    @Test func `just what isn't covered is asked about, and the rest comes with it in order`() async throws {
        let scene = await Scene()
        await scene.vault.put(.at("https://a.example/", "covered", username: "b", allow: ["a.example"]))
        await scene.vault.put(.at("https://a.example/", "first", username: "a"))
        await scene.vault.put(.at("https://a.example/", "last", username: "c"))
        let body = try scene.guest.request(.getLogins, Self.page)
        let rung = try await scene.verified(scene.guest, body, .allow)
        #expect(rung.titles == ["first", "covered", "last"])
        #expect(await scene.asked().first?.entries.map(\.title) == ["first", "last"])
        #expect(try await scene.verified(scene.guest, body, .deny).reply.count == 3)
    }

    @Test func `a denial leaves what is covered`() async throws {
        let scene = await Scene()
        await scene.vault.put(.at("https://a.example/", "covered", allow: ["a.example"]))
        await scene.vault.put(.at("https://a.example/", "asked"))
        let rung = try await scene.verified(scene.guest, scene.guest.request(.getLogins, Self.page), .deny)
        #expect(rung.titles == ["covered"])
    }

    @Test func `a copy of an entry in another vault has its own standing`() async throws {
        let second = MemoryVault("Second")
        let scene = await Scene(others: [second])
        let login = Login.at("https://a.example/", "mine")
        var copy = login
        copy.title = "copy"
        await scene.vault.put(login)
        await second.put(copy)
        await grant(scene, vault: "Second")
        let rung = try await scene.verified(scene.guest, scene.guest.request(.getLogins, Self.page), .deny)
        #expect(rung.titles == ["copy"])
        #expect(await scene.asked().first?.entries.map(\.title) == ["mine"])
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
        let scene = await Scene(rules: { $0.access = rule })
        await scene.vault.put(.at("https://a.example/", "a", allow: ["a.example"]))
        await grant(scene)
        let thief = scene.guest.from(caller)
        let rung = try await scene.verified(thief, thief.request(.getLogins, Self.page), .deny)
        #expect(rung.reply.entries.isEmpty)
        #expect(await scene.asked().first?.body.contains("Its key was given to somebody else: ") == true)
    }

    @Test func `a key that came from an unknown program isn't familiar from another one`() async throws {
        let scene = await Scene(rules: { $0.access = .never })
        await scene.vault.put(.at("https://a.example/", "a"))
        let guest = TestClient(id: "old", caller: .nobody)
        await scene.clients.welcome(guest)
        _ = try await scene.verified(guest, guest.request(.getLogins, Self.page), .deny)
        #expect(await scene.asked().count == 1)
    }

    @Test func `always for an unfamiliar program records the pair, for the same place only`() async throws {
        let scene = await Scene()
        await scene.vault.put(.at("https://a.example/", "a"))
        await scene.vault.put(.at("https://b.example/", "b", allow: ["b.example"]))
        let other = scene.guest.from(.named("curl", 300))
        let body = try other.request(.getLogins, Self.page)
        let first = try await scene.verified(other, body, .allow(Choices(scope: .always)))
        await first.deliver()
        #expect(try await scene.verified(other, body).titles == ["a"])
        #expect(await scene.asked().count == 1)
        _ = try await scene.verified(other, other.request(.getLogins, ["Url": "https://b.example/"]), .deny)
        #expect(await scene.asked().count == 2)
    }

    @Test func `whose an imported key is isn't known until the person allows it something for always`()
        async throws
    {
        let scene = await Scene()
        await scene.vault.put(.at("https://a.example/", "a"))
        await scene.vault.put(.at("https://b.example/", "b"))
        let guest = TestClient(id: "old", caller: .named("chromium", origin: "chrome-extension://x"))
        await scene.clients.bring(guest)
        let body = try guest.request(.getLogins, Self.page)
        let once = try await scene.verified(guest, body, .allow)
        await once.deliver()
        #expect(await scene.clients.client("old")?.program == "")
        let always = try await scene.verified(guest, body, .allow(Choices(scope: .always)))
        await always.deliver()
        let bodies = await scene.asked().map(\.body)
        #expect(bodies.count == 2)
        #expect(bodies.allSatisfy { $0.contains("the program isn't known yet") })
        #expect(await scene.clients.client("old")?.program == "/usr/bin/chromium")
        #expect(await scene.clients.client("old")?.origin == "chrome-extension://x")
        _ = try await scene.verified(guest, guest.request(.getLogins, ["Url": "https://b.example/"]), .deny)
        #expect(await scene.asked().last?.body.contains("key") == false)
    }

    @Test func `with any_program every program is familiar`() async throws {
        let scene = await Scene(rules: { $0.anyProgram = true })
        await scene.vault.put(.at("https://a.example/", "a", allow: ["a.example"]))
        let other = scene.guest.from(.named("curl", 300))
        #expect(try await scene.verified(other, other.request(.getLogins, Self.page)).titles == ["a"])
        #expect(await scene.asked().isEmpty)
    }
}
