// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import Clients
import KeePassHTTP
import Testing
import Vault

@testable import Operations

/// What is kept of who got what.
@Suite(.timeLimit(.minutes(1))) struct AuditingTests {
    private let login = Login.at("https://a.example/path?token=1", "A title")

    private func verified(_ fixture: OperationsFixture, _ words: PersonAnswer...) async throws -> Exchange {
        let body = try fixture.client.request(.getLogins, ["Url": "https://a.example/path?token=1"])
        return try await fixture.verified(body, from: fixture.client.caller, key: fixture.client.key, words)
    }

    @Test
    func
        `a hand-out tells who, where, how many and under which answer, and nothing of the entry but its uuid`()
        async throws
    {
        let fixture = await OperationsFixture()
        await fixture.vault.put(login, password: "geheim")
        #expect(try await verified(fixture, .allow).reply.entries.count == 1)
        let record = try #require(fixture.records.all.first)
        #expect(record.event == .handedOut)
        #expect(record.fields[.client] == "firefox")
        #expect(record.fields[.program] == "/usr/bin/firefox")
        #expect(record.fields[.host] == "a.example")
        #expect(record.fields[.vault] == "Passwords")
        #expect(record.fields[.count] == "1")
        #expect(record.fields[.entries] == login.id.hex)
        let code = try #require(await fixture.asked().first?.code)
        #expect(record.fields[.under] == "answer \(code)")
        let told = record.fields.values.joined(separator: " ") + record.sentence
        for secret in ["geheim", "A title", "token", "me"] { #expect(!told.contains(" \(secret) ")) }
    }

    @Test(arguments: [
        "https://alice:p@ssSECRET@shop.example/?token=SECRET", "alice:SECRET@shop.example/p?token=SECRET",
        "//alice:SECRET@shop.example/?token=SECRET", "https:alice:SECRET@shop.example?token=SECRET",
        "http://a:SECRET@b\\@c/?token=SECRET", "https://alice:SECRET@exa mple.org/?token=SECRET",
        "foo bar?token=SECRET",
    ])
    func `no record, question or grant has what an unclear address hides`(url: String) async throws {
        let fixture = await OperationsFixture()
        let title: KeyValuePairs = ["Url": url]
        let nothing = try fixture.client.request(.getLogins, title)
        await (try await fixture.verified(fixture.client, nothing)).deliver()
        await fixture.vault.put(.at("https://a.example/", url))
        await fixture.vault.put(.at("https://page.example/", "page"))
        let form: KeyValuePairs = ["Url": "https://page.example/", "SubmitUrl": url]
        let always = PersonAnswer.allow(Choices(scope: .always))
        for (fields, name) in [(title, url), (form, "page")] {
            let body = try fixture.client.request(.getLogins, fields)
            let exchange = try await fixture.verified(fixture.client, body, always)
            #expect(exchange.titles == [name])
            await exchange.deliver()
        }
        await fixture.handler.followUps.finish()
        #expect(Set(fixture.records.all.map(\.event)) == [.nothingFound, .handedOut])
        for record in fixture.records.all { #expect(!"\(record)".contains("SECRET")) }
        let asked = await fixture.asked()
        #expect(asked.count == 2)
        for question in asked {
            #expect(!question.title.contains("SECRET"))
            // The title of a login is the vault's own.
            #expect(question.host == nil || !question.body.contains("SECRET"))
        }
        for grant in await fixture.grants.grants { #expect(!"\(grant.key)".contains("SECRET")) }
    }

    @Test func `a delivery of names alone is told apart from a whole one`() async throws {
        for (leftOut, without) in [([.passwords], "passwords"), ([], nil)] as [(Set<ReleasePart>, String?)] {
            let fixture = await OperationsFixture()
            await fixture.vault.put(login, password: "geheim")
            #expect(try await verified(fixture, .allow(Choices(leftOut: leftOut))).reply.entries.count == 1)
            #expect(fixture.records.all.first?.fields[.without] == without)
        }
    }

    @Test func `what a grant, an entry or the configuration standings says so`() async throws {
        let granted = await OperationsFixture()
        await granted.vault.put(login)
        _ = try await verified(granted, .allow(Choices(scope: .session)))
        _ = try await verified(granted)
        #expect(granted.records.all.last?.fields[.under] == "a grant")

        let listed = await OperationsFixture()
        await listed.vault.put(.at("https://a.example/", "a", allow: ["a.example"]))
        _ = try await verified(listed)
        #expect(listed.records.all.map { $0.fields[.under] } == ["the entry's own list"])

        let open = await OperationsFixture { $0.access = .never }
        await open.vault.put(login)
        _ = try await verified(open)
        #expect(open.records.all.map { $0.fields[.under] } == ["the configuration"])
    }

    @Test func `a denial hands out nothing and records nothing`() async throws {
        let fixture = await OperationsFixture()
        await fixture.vault.put(login)
        _ = try await verified(fixture, .deny)
        #expect(fixture.records.all.isEmpty)
    }

    @Test func `an association and a save are recorded`() async throws {
        let fixture = await OperationsFixture()
        let new = TestClient(id: "", caller: .named("chromium", 200))
        _ = try await fixture.verified(new, new.request(.associate), .allow)
        let body = try fixture.client.request(.setLogin, ["Url": "https://b.example/", "Password": "geheim"])
        #expect(try await fixture.verified(fixture.client, body, .allow).reply.success)
        #expect(fixture.records.all.map(\.event) == [.associated, .saved])
        #expect(fixture.records.all.last?.fields[.host] == "b.example")
    }

    @Test func `what can't be recorded isn't handed out`() async throws {
        let fixture = await OperationsFixture { $0.access = .never }
        await fixture.vault.put(login, password: "geheim")
        fixture.records.disk = .isFull
        let exchange = try await verified(fixture)
        #expect(!exchange.reply.success)
        #expect(exchange.reply.error?.contains("could not record") == true)
        #expect(exchange.reply.entries.isEmpty)
    }

    @Test func `a record that may come too late is taken back`() async throws {
        let fixture = await OperationsFixture { $0.access = .never }
        await fixture.vault.put(login)
        fixture.records.disk = .isTooSlow
        #expect(try await !verified(fixture).reply.success)
        await fixture.handler.followUps.finish()
        #expect(fixture.records.all.map(\.event) == [.handedOut, .notSent])
        #expect(AuditRecord.told(fixture.records.all).isEmpty)
    }

    @Test func `whoever tells the person of a delivery holds up no connection`() async throws {
        let (telling, told) = AsyncStream.makeStream(of: Void.self)
        var rules = ClientRules()
        rules.access = .never
        let fixture = await OperationsFixture(Policy(standard: rules)) { _ in for await _ in telling {} }
        await fixture.vault.put(login)
        let body = try fixture.client.request(.getLogins, ["Url": "https://a.example/path?token=1"])
        let answer = await fixture.handler.answer(body, from: KnownRequester(known: fixture.client.caller))
        await answer.delivered?(.arrived)
        told.finish()
        await fixture.handler.followUps.finish()
    }

    @Test func `nothing is opened or recorded for a client that has hung up, and it gets it by asking again`()
        async throws
    {
        let fixture = await OperationsFixture { $0.access = .never }
        await fixture.vault.put(login)
        let body = try fixture.client.request(.getLogins, ["Url": "https://a.example/path?token=1"])
        let gone = KnownRequester(known: fixture.client.caller, isThere: false)
        _ = await fixture.handler.answer(body, from: gone)
        #expect(fixture.records.all.isEmpty)
        #expect(try await verified(fixture).reply.entries.count == 1)
        #expect(fixture.records.all.map(\.event) == [.handedOut])
    }

    @Test func `an answer of which nothing went out takes its record back`() async throws {
        let fixture = await OperationsFixture { $0.access = .never }
        await fixture.vault.put(login)
        await (try verified(fixture)).deliver(.notSent)
        #expect(fixture.records.all.map(\.event) == [.handedOut, .notSent])
        #expect(AuditRecord.told(fixture.records.all).isEmpty)
    }

    @Test func `an answer that may have arrived stays in the record, and the person is told of it`()
        async throws
    {
        let (told, tell) = AsyncStream.makeStream(of: Delivery.self)
        var rules = ClientRules()
        rules.access = .never
        let fixture = await OperationsFixture(Policy(standard: rules)) { tell.yield($0) }
        await fixture.vault.put(login)
        await (try verified(fixture)).deliver(.uncertain)
        tell.finish()
        #expect(fixture.records.all.map(\.event) == [.handedOut, .cutShort])
        let shown = AuditRecord.told(fixture.records.all)
        #expect(shown.map(\.event) == [.handedOut])
        #expect(shown.first?.sentence.contains("got 1 login") == true)
        #expect(shown.first?.sentence.contains("may have all of it") == true)
        #expect(await told.reduce(0) { sum, _ in sum + 1 } == 1)
    }

    @Test func `an allow whose answer may have arrived answers the same question again`() async throws {
        let fixture = await OperationsFixture()
        await fixture.vault.put(login)
        await (try verified(fixture, .allow)).deliver(.uncertain)
        let again = try await verified(fixture)
        #expect(again.reply.entries.count == 1)
        await again.deliver()
        #expect(await fixture.asked().count == 1)
        #expect(AuditRecord.told(fixture.records.all).map(\.event) == [.handedOut, .handedOut])
    }

    @Test func `a look-up whose answer may have arrived is recorded`() async throws {
        let fixture = await OperationsFixture()
        await (try verified(fixture)).deliver(.uncertain)
        #expect(fixture.records.all.map(\.event) == [.nothingFound])
    }

    @Test func `a look-up that finds nothing is recorded once it is answered`() async throws {
        let fixture = await OperationsFixture()
        let exchange = try await verified(fixture)
        await exchange.deliver()
        #expect(fixture.records.all.map(\.event) == [.nothingFound])
        #expect(fixture.records.all.first?.fields[.host] == "a.example")
    }

    @Test func `ask = "granted" hands out what is granted, and asks nobody about the rest`() async throws {
        let fixture = await OperationsFixture { $0.access = .granted }
        await fixture.vault.put(login)
        let refused = try await verified(fixture)
        #expect(!refused.reply.success)
        #expect(refused.reply.error?.contains("granted") == true)
        #expect(await fixture.asked().isEmpty)
        let key = GrantKey(
            fingerprint: fixture.client.key.fingerprint,
            program: "/usr/bin/firefox",
            origin: nil,
            vault: "Passwords",
            kind: .release,
            host: "a.example",
            form: GrantKey.Form(scheme: "https")
        )
        await fixture.grants.remember(Grant(key: key, allows: true, entries: nil, scope: .always))
        #expect(try await verified(fixture).reply.entries.count == 1)
        #expect(await fixture.asked().isEmpty)
    }
}
