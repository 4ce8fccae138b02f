// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients
import DisplayText
import KeePassHTTP
import SecretService
import SecureMemory
import Testing
import Vault

@testable import Operations

@Suite(.timeLimit(.minutes(1))) struct AssociateTests {
    let newcomer = TestClient(id: "", caller: .named("chromium", 200))

    @Test func `an allowed client is stored and told its Id under its own key`() async throws {
        let fixture = await OperationsFixture()
        let exchange = try await fixture.verified(newcomer, newcomer.request(.associate), .allow)
        #expect(exchange.status == 200)
        #expect(exchange.reply.success)
        #expect(exchange.reply.id == "chromium")
        #expect(exchange.reply.count == 0)
        #expect(exchange.reply.hash == MemoryVault.hash)
        let client = try #require(await fixture.clients.client("chromium"))
        #expect(client.fingerprint == newcomer.key.fingerprint)
        #expect(client.program == "/usr/bin/chromium")
        #expect(client.database == MemoryVault.hash)

        let asked = try #require(await fixture.asked().first)
        #expect(asked.kind == .associate)
        #expect(asked.suggestedID == "chromium")
        #expect(asked.fingerprint == newcomer.key.fingerprint)
        #expect(asked.client == nil)
        let known = TestClient(id: "chromium", key: newcomer.key)
        #expect(try await fixture.verified(known, known.request(.testAssociate)).reply.success)
    }

    @Test func `it sees what the person restricts it to, from its first request on`() async throws {
        let fixture = await OperationsFixture(rules: { $0.bulkAccess = .never })
        await fixture.vault.put(.at("https://in.example/", "in"))
        await fixture.vault.put(.at("https://out.example/", "out"))
        let restriction = try ClientRestriction(hosts: ["in.example"])
        let exchange = try await fixture.verified(
            newcomer,
            newcomer.request(.associate),
            .allow(Choices(restriction: restriction))
        )
        let known = newcomer.named(exchange.reply.id ?? "")
        #expect(await fixture.clients.client(known.id)?.restriction == restriction)
        #expect(try await fixture.verified(known, known.request(.getAllLogins)).titles == ["in"])
        // The same once more asks nobody, and changes nothing.
        _ = try await fixture.verified(known, known.request(.associate))
        #expect(await fixture.clients.client(known.id)?.restriction == restriction)
    }

    @Test func `a name that is taken gets a number`() async throws {
        let fixture = await OperationsFixture()
        let client = TestClient(id: "")
        let exchange = try await fixture.verified(client, client.request(.associate), .allow)
        #expect(exchange.reply.id == "firefox-2")
    }

    @Test func `the person's name for it counts`() async throws {
        let fixture = await OperationsFixture()
        let exchange = try await fixture.verified(
            newcomer,
            newcomer.request(.associate),
            .allow(Choices(id: "work browser"))
        )
        #expect(exchange.reply.id == "work browser")
        #expect(await fixture.clients.ids() == ["firefox", "work browser"])
    }

    @Test func `what another client is called becomes nobody's Id, whoever wants it`() async throws {
        let fixture = await OperationsFixture()
        await fixture.clients.rename(fixture.client, to: "night")
        let named = try await fixture.verified(
            newcomer,
            newcomer.request(.associate),
            .allow(Choices(id: "night", isNamedByPerson: true)),
            .allow
        )
        #expect(named.reply.id == "night-2")
        #expect(await fixture.asked().map(\.suggestedID) == ["chromium", "night-2"])
        let proposing = TestClient(id: "night", caller: .named("ruby", 300))
        let proposed = try await fixture.verified(proposing, proposing.request(.associate), .allow)
        #expect(proposed.reply.id == "night-3")
    }

    @Test func `a proposed Id comes back unchanged`() async throws {
        let fixture = await OperationsFixture()
        let client = TestClient(id: "KeePassRPC ü 7", caller: .named("ruby"))
        let exchange = try await fixture.verified(client, client.request(.associate), .allow)
        #expect(exchange.reply.id == "KeePassRPC ü 7")
        #expect(await fixture.asked().first?.suggestedID == "KeePassRPC ü 7")
    }

    @Test func `a name for which the configuration has looser rules comes with a warning, first of all`()
        async throws
    {
        var policy = Policy()
        var rules = ClientRules()
        rules.bulkAccess = .never
        policy.exceptions["backup"] = rules
        rules = ClientRules()
        rules.anyProgram = true
        policy.exceptions["any"] = rules
        policy.exceptions["strict"] = ClientRules()
        let fixture = await OperationsFixture(policy)
        for (id, warning) in [
            ("backup", "Your config.toml lets “backup” have logins without asking you."),
            ("any", "Your config.toml has looser rules for “any” than for others."), ("strict", nil),
        ] {
            let client = TestClient(id: id, caller: .named("ruby"))
            _ = try await fixture.verified(client, client.request(.associate), .allow)
            let body = try #require(await fixture.asked().last?.body)
            #expect(warning.map { body.hasPrefix($0) } ?? !body.contains("config.toml"), "\(body)")
        }
    }

    @Test func `a proposed Id in another form is the same Id in one form`() async throws {
        let fixture = await OperationsFixture()
        let first = TestClient(id: "cafe\u{301}", caller: .named("ruby"))
        let exchange = try await fixture.verified(first, first.request(.associate), .allow)
        #expect(exchange.reply.id.map { Array($0.utf8) } == Array("caf\u{E9}".utf8))
        let second = TestClient(id: "caf\u{E9}", caller: .named("perl"))
        var events = fixture.approvals.events().makeAsyncIterator()
        let pending = fixture.sending(second, try second.request(.associate))
        try await fixture.allow(try await fixture.next(&events))
        let overwrite = try await fixture.next(&events)
        #expect(overwrite.kind == .overwrite)
        try await fixture.allow(overwrite)
        #expect(try await pending.value.reply.success)
        #expect(await fixture.clients.ids() == ["caf\u{E9}", "firefox"])
    }

    @Test(arguments: [
        "x\u{FE0F}", "x\u{34F}", " x", "x  y", "x\u{2800}",
        "fire\u{200B}fox", "\u{202E}xoferif", "a\nb", "a\u{3164}", String(repeating: "x", count: 129),
    ])
    func `a proposal that couldn't be shown as it is stored is not suggested`(_ id: String) async throws {
        let fixture = await OperationsFixture()
        let client = TestClient(id: id, caller: .named("evil"))
        _ = try await fixture.verified(client, client.request(.associate), .deny)
        let suggested = try #require(await fixture.asked().first?.suggestedID)
        #expect(suggested != id)
        #expect(PlainText.cleaned(suggested) == suggested)
    }

    @Test
    func
        `a proposal that reads as another in Latin letters is suggested in those, and the person's own word is taken`()
        async throws
    {
        let fixture = await OperationsFixture()
        let client = TestClient(id: "\u{455}\u{455}\u{4BB}", caller: .named("ruby"))
        var events = fixture.approvals.events().makeAsyncIterator()
        let pending = fixture.sending(client, try client.request(.associate))
        let question = try await fixture.next(&events)
        #expect(question.suggestedID == "ssh")
        try await fixture.allow(question, Choices(id: "Сара"))
        #expect(try await pending.value.reply.id == "Сара")
        // Beside one of that reading it is asked for another.
        let second = TestClient(id: "", caller: .named("perl"))
        await fixture.clients.welcome(TestClient(id: "coco"))
        let asking = fixture.sending(second, try second.request(.associate))
        try await fixture.allow(try await fixture.next(&events), Choices(id: "\u{441}\u{43E}\u{441}\u{43E}"))
        let again = try await fixture.next(&events)
        #expect(again.suggestedID == "coco-2")
        try await fixture.allow(again)
        #expect(try await asking.value.reply.id == "coco-2")
    }

    @Test(arguments: ["", "  ", "a\nb", "a\u{202E}b"])
    func `a name that can't be one is not taken from the person`(_ id: String) async throws {
        let fixture = await OperationsFixture()
        var events = fixture.approvals.events().makeAsyncIterator()
        let pending = fixture.sending(newcomer, try newcomer.request(.associate))
        let question = try await fixture.next(&events)
        await #expect(throws: AnswerError.self) { try await fixture.allow(question, Choices(id: id)) }
        #expect(await fixture.approvals.pending().count == 1)
        try await fixture.deny(question)
        #expect(try await pending.value.reply.success == false)
        #expect(await fixture.clients.ids() == ["firefox"])
    }

    @Test func `not allowed means no Id, but version and hash`() async throws {
        let fixture = await OperationsFixture()
        let client = TestClient(id: "wanted")
        let exchange = try await fixture.verified(client, client.request(.associate), .deny)
        #expect(exchange.status == 200)
        #expect(exchange.reply.success == false)
        #expect(exchange.reply.id == nil)
        #expect(exchange.reply.version == "2.3.1.0")
        #expect(exchange.reply.hash == MemoryVault.hash)
        #expect(!exchange.body.contains("Verifier"))
        #expect(await fixture.clients.ids() == ["firefox"])
    }

    @Test func `after a denial the program is quiet, whatever key it brings`() async throws {
        let fixture = await OperationsFixture()
        _ = try await fixture.verified(newcomer, newcomer.request(.associate), .deny)
        let other = TestClient(id: "", caller: newcomer.caller)
        let exchange = try await fixture.verified(other, other.request(.associate), .allow)
        #expect(exchange.reply.success == false)
        #expect(await fixture.asked().count == 1)
    }

    @Test func `nobody answers in time: the client hears where to answer`() async throws {
        var limits = ApprovalLimits()
        limits.timeout = .milliseconds(1)
        let fixture = await OperationsFixture(limits: limits)
        let exchange = try await fixture.sending(newcomer, newcomer.request(.associate)).value
        #expect(exchange.status == 200)
        #expect(exchange.reply.success == false)
        #expect(exchange.reply.error?.contains("keybell watch") == true)
    }

    @Test func `a signature that another key made is refused before anyone is asked`() async throws {
        let fixture = await OperationsFixture()
        let good = try WireRequest("associate", id: nil, key: newcomer.key)
        let other = try #require(ClientKey.random().base64().exposedText())
        let mine = try #require(newcomer.key.base64().exposedText())
        let spoilt: [WireRequest] = [
            good.with("Key", "\"\(other)\""), good.with("Key", "\"AAAA\""), good.with("Key", "7"),
            good.with("Key", "\"\(mine)\"").with("Verifier", "\"AAAA\""),
            good.with("Key", "\"\(mine)\"").with("Hmac", "\"AAAA\""),
            good.with("Key", "\"\(mine)\"").with("Nonce", nil),
        ]
        for request in spoilt {
            let exchange = try await fixture.verified(request.bytes, [.allow])
            #expect(exchange.status == 200)
            #expect(exchange.reply.error == "Couldn't verify request")
        }
        #expect(await fixture.asked().isEmpty)
    }

    @Test(arguments: [nil, "null", "\"\""])
    func `an associate without a key is a 400`(_ key: String?) async throws {
        let fixture = await OperationsFixture()
        let request = try WireRequest("associate", id: nil, key: newcomer.key).with("Key", key)
        let exchange = try await fixture.verified(request.bytes)
        #expect(exchange.status == 400)
        #expect(exchange.reply.error == "Invalid request: Key: required")
    }

    @Test func `an Id of null is none, and a key of 16 bytes is one`() async throws {
        let fixture = await OperationsFixture()
        let key = try #require(ClientKey(base64: SecretBytes(utf8: "AAECAwQFBgcICQoLDA0ODw==")))
        let request = try WireRequest("associate", id: nil, key: key)
            .with("Id", "null")
            .with("Key", "\"AAECAwQFBgcI\\r\\nCQoLDA0ODw==\"")
        let exchange = try await fixture.verified(request.bytes, from: .named("perl"), key: key, [.allow])
        #expect(exchange.reply.id == "perl")
    }

    @Test func `the same key under the same Id again is let in silently`() async throws {
        let fixture = await OperationsFixture()
        let exchange = try await fixture.verified(fixture.client, fixture.client.request(.associate))
        #expect(exchange.reply.id == "firefox")
        #expect(await fixture.asked().isEmpty)
        #expect(await fixture.clients.registrations == 0)
    }

    @Test func `a key that is stored twice is let in under either Id`() async throws {
        let fixture = await OperationsFixture()
        let twin = TestClient(id: "a-twin", key: fixture.client.key)
        await fixture.clients.welcome(twin)
        for client in [fixture.client, twin] {
            #expect(try await fixture.verified(client, client.request(.associate)).reply.id == client.id)
        }
        #expect(await fixture.asked().isEmpty)
    }

    @Test func `the same key under another Id asks`() async throws {
        let fixture = await OperationsFixture()
        let other = TestClient(id: "other", key: fixture.client.key)
        let exchange = try await fixture.verified(other, other.request(.associate), .allow)
        #expect(exchange.reply.id == "other")
        #expect(await fixture.asked().count == 1)
    }

    @Test func `a key that can't be stored is no success`() async throws {
        let fixture = await OperationsFixture()
        await fixture.clients.failToStore(with: .keyring(.noDefaultCollection))
        let exchange = try await fixture.verified(newcomer, newcomer.request(.associate), .allow)
        #expect(exchange.reply.success == false)
        #expect(exchange.reply.id == nil)
        #expect(exchange.reply.error == KeyringError.noDefaultCollection.advice)
    }

    @Test func `an Id that the keyring doesn't take is no lock`() async throws {
        let fixture = await OperationsFixture()
        await fixture.clients.failToStore(with: .badName)
        let exchange = try await fixture.verified(newcomer, newcomer.request(.associate), .allow)
        #expect(exchange.status == 200)
        #expect(exchange.reply.error == ClientError.badName.advice)
    }

    @Test func `a client that gave up gets its allow when it comes again`() async throws {
        let fixture = await OperationsFixture()
        var events = fixture.approvals.events().makeAsyncIterator()
        let body = try newcomer.request(.associate)
        let pending = fixture.sending(newcomer, body)
        let question = try await fixture.next(&events)
        pending.cancel()
        _ = try await pending.value
        try await fixture.allow(question, Choices(id: "mine"))
        let exchange = try await fixture.verified(newcomer, newcomer.request(.associate))
        #expect(exchange.reply.id == "mine")
        #expect(await fixture.asked().count == 1)
    }

    @Test func `the same attempt twice is one question, and both are let in`() async throws {
        let fixture = await OperationsFixture()
        var events = fixture.approvals.events().makeAsyncIterator()
        let first = fixture.sending(newcomer, try newcomer.request(.associate))
        let question = try await fixture.next(&events)
        let second = fixture.sending(newcomer, try newcomer.request(.associate))
        try await fixture.allow(question)
        #expect(try await first.value.reply.id == "chromium")
        #expect(try await second.value.reply.id == "chromium")
        #expect(await fixture.asked().count == 1)
        #expect(await fixture.clients.ids() == ["chromium", "firefox"])
    }

    @Test func `a new attempt with another key takes the place of the one that waits`() async throws {
        let fixture = await OperationsFixture()
        var events = fixture.approvals.events().makeAsyncIterator()
        let first = fixture.sending(newcomer, try newcomer.request(.associate))
        _ = try await fixture.next(&events)
        let other = TestClient(id: "", caller: newcomer.caller)
        let exchange = try await fixture.verified(other, other.request(.associate), .allow)
        #expect(exchange.reply.id == "chromium")
        #expect(try await first.value.reply.success == false)
        #expect(await fixture.clients.client("chromium")?.fingerprint == other.key.fingerprint)
    }

    @Test func `it is served while the vault is locked`() async throws {
        let fixture = await OperationsFixture()
        await fixture.vault.lock()
        #expect(try await fixture.verified(newcomer, newcomer.request(.associate), .allow).reply.success)
    }

    @Test(
        arguments: [
            [UInt8](repeating: 0, count: 32), [UInt8](repeating: 0xFF, count: 16),
            (0..<24).map { $0 % 4 },
        ] as [[UInt8]]
    )
    func `a key that anybody could guess is refused, and nobody asked`(_ bytes: [UInt8]) async throws {
        let fixture = await OperationsFixture()
        let key = try #require(ClientKey(SecretBytes(copying: bytes)))
        let client = TestClient(id: "", key: key, caller: .named("chromium", 200))
        let exchange = try await fixture.verified(client, client.request(.associate), .allow)
        #expect(exchange.status == 200)
        #expect(exchange.reply.success == false)
        #expect(exchange.reply.id == nil)
        #expect(exchange.reply.error?.hasPrefix("Anybody could guess this key") == true)
        #expect(exchange.reply.hash == MemoryVault.hash)
        #expect(await fixture.asked().isEmpty)
    }
}
