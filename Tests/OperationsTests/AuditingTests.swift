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

    private func verified(_ scene: Scene, _ words: Word...) async throws -> Rung {
        let body = try scene.guest.request(.getLogins, ["Url": "https://a.example/path?token=1"])
        return try await scene.verified(body, from: scene.guest.caller, key: scene.guest.key, words)
    }

    @Test
    func
        `a hand-out tells who, where, how many and under which answer, and nothing of the entry but its uuid`()
        async throws
    {
        let scene = await Scene()
        await scene.vault.put(login, password: "geheim")
        #expect(try await verified(scene, .allow).reply.entries.count == 1)
        let record = try #require(scene.records.all.first)
        #expect(record.event == .handedOut)
        #expect(record.fields[.client] == "firefox")
        #expect(record.fields[.program] == "/usr/bin/firefox")
        #expect(record.fields[.host] == "a.example")
        #expect(record.fields[.vault] == "Passwords")
        #expect(record.fields[.count] == "1")
        #expect(record.fields[.entries] == login.id.hex)
        let code = try #require(await scene.asked().first?.code)
        #expect(record.fields[.under] == "answer \(code)")
        let told = record.fields.values.joined(separator: " ") + record.sentence
        for secret in ["geheim", "A title", "token", "me"] { #expect(!told.contains(" \(secret) ")) }
    }

    @Test func `a delivery of names alone is told apart from a whole one`() async throws {
        for (leftOut, without) in [([.passwords], "passwords"), ([], nil)] as [(Set<ReleasePart>, String?)] {
            let scene = await Scene()
            await scene.vault.put(login, password: "geheim")
            #expect(try await verified(scene, .allow(Choices(leftOut: leftOut))).reply.entries.count == 1)
            #expect(scene.records.all.first?.fields[.without] == without)
        }
    }

    @Test func `what a grant, an entry or the configuration covers says so`() async throws {
        let granted = await Scene()
        await granted.vault.put(login)
        _ = try await verified(granted, .allow(Choices(scope: .session)))
        _ = try await verified(granted)
        #expect(granted.records.all.last?.fields[.under] == "a grant")

        let listed = await Scene()
        await listed.vault.put(.at("https://a.example/", "a", allow: ["a.example"]))
        _ = try await verified(listed)
        #expect(listed.records.all.map { $0.fields[.under] } == ["the entry's own list"])

        let open = await Scene { $0.access = .never }
        await open.vault.put(login)
        _ = try await verified(open)
        #expect(open.records.all.map { $0.fields[.under] } == ["the configuration"])
    }

    @Test func `a denial hands out nothing and records nothing`() async throws {
        let scene = await Scene()
        await scene.vault.put(login)
        _ = try await verified(scene, .deny)
        #expect(scene.records.all.isEmpty)
    }

    @Test func `an association and a save are recorded`() async throws {
        let scene = await Scene()
        let new = TestClient(id: "", caller: .named("chromium", 200))
        _ = try await scene.verified(new, new.request(.associate), .allow)
        let body = try scene.guest.request(.setLogin, ["Url": "https://b.example/", "Password": "geheim"])
        #expect(try await scene.verified(scene.guest, body, .allow).reply.success)
        #expect(scene.records.all.map(\.event) == [.associated, .saved])
        #expect(scene.records.all.last?.fields[.host] == "b.example")
    }

    @Test func `what can't be recorded isn't handed out`() async throws {
        let scene = await Scene { $0.access = .never }
        await scene.vault.put(login, password: "geheim")
        scene.records.disk = .isFull
        let rung = try await verified(scene)
        #expect(!rung.reply.success)
        #expect(rung.reply.error?.contains("could not record") == true)
        #expect(rung.reply.entries.isEmpty)
    }

    @Test func `a record that may come too late is taken back`() async throws {
        let scene = await Scene { $0.access = .never }
        await scene.vault.put(login)
        scene.records.disk = .isTooSlow
        #expect(try await !verified(scene).reply.success)
        await scene.handler.followUps.finish()
        #expect(scene.records.all.map(\.event) == [.handedOut, .notSent])
        #expect(AuditRecord.told(scene.records.all).isEmpty)
    }

    @Test func `whoever tells the person of a delivery holds up no connection`() async throws {
        let (telling, told) = AsyncStream.makeStream(of: Void.self)
        var rules = ClientRules()
        rules.access = .never
        let scene = await Scene(Policy(standard: rules)) { _ in for await _ in telling {} }
        await scene.vault.put(login)
        let body = try scene.guest.request(.getLogins, ["Url": "https://a.example/path?token=1"])
        let answer = await scene.handler.answer(body, from: KnownRequester(known: scene.guest.caller))
        await answer.delivered?(.arrived)
        told.finish()
        await scene.handler.followUps.finish()
    }

    @Test func `nothing is opened or recorded for a client that has hung up, and it gets it by asking again`()
        async throws
    {
        let scene = await Scene { $0.access = .never }
        await scene.vault.put(login)
        let body = try scene.guest.request(.getLogins, ["Url": "https://a.example/path?token=1"])
        let gone = KnownRequester(known: scene.guest.caller, isThere: false)
        _ = await scene.handler.answer(body, from: gone)
        #expect(scene.records.all.isEmpty)
        #expect(try await verified(scene).reply.entries.count == 1)
        #expect(scene.records.all.map(\.event) == [.handedOut])
    }

    @Test func `an answer of which nothing went out takes its record back`() async throws {
        let scene = await Scene { $0.access = .never }
        await scene.vault.put(login)
        await (try verified(scene)).deliver(.notSent)
        #expect(scene.records.all.map(\.event) == [.handedOut, .notSent])
        #expect(AuditRecord.told(scene.records.all).isEmpty)
    }

    @Test func `an answer that may have arrived stays in the record, and the person is told of it`()
        async throws
    {
        let (told, tell) = AsyncStream.makeStream(of: Delivery.self)
        var rules = ClientRules()
        rules.access = .never
        let scene = await Scene(Policy(standard: rules)) { tell.yield($0) }
        await scene.vault.put(login)
        await (try verified(scene)).deliver(.uncertain)
        tell.finish()
        #expect(scene.records.all.map(\.event) == [.handedOut, .cutShort])
        let shown = AuditRecord.told(scene.records.all)
        #expect(shown.map(\.event) == [.handedOut])
        #expect(shown.first?.sentence.contains("got 1 login") == true)
        #expect(shown.first?.sentence.contains("may have all of it") == true)
        #expect(await told.reduce(0) { sum, _ in sum + 1 } == 1)
    }

    @Test func `an allow whose answer may have arrived answers the same question again`() async throws {
        let scene = await Scene()
        await scene.vault.put(login)
        await (try verified(scene, .allow)).deliver(.uncertain)
        let again = try await verified(scene)
        #expect(again.reply.entries.count == 1)
        await again.deliver()
        #expect(await scene.asked().count == 1)
        #expect(AuditRecord.told(scene.records.all).map(\.event) == [.handedOut, .handedOut])
    }

    @Test func `a look-up whose answer may have arrived is recorded`() async throws {
        let scene = await Scene()
        await (try verified(scene)).deliver(.uncertain)
        #expect(scene.records.all.map(\.event) == [.nothingFound])
    }

    @Test func `a look-up that finds nothing is recorded once it is answered`() async throws {
        let scene = await Scene()
        let rung = try await verified(scene)
        await rung.deliver()
        #expect(scene.records.all.map(\.event) == [.nothingFound])
        #expect(scene.records.all.first?.fields[.host] == "a.example")
    }

    @Test func `ask = "granted" hands out what is granted, and asks nobody about the rest`() async throws {
        let scene = await Scene { $0.access = .granted }
        await scene.vault.put(login)
        let refused = try await verified(scene)
        #expect(!refused.reply.success)
        #expect(refused.reply.error?.contains("granted") == true)
        #expect(await scene.asked().isEmpty)
        let key = GrantKey(
            fingerprint: scene.guest.key.fingerprint,
            program: "/usr/bin/firefox",
            origin: nil,
            vault: "Passwords",
            kind: .release,
            host: "a.example",
            form: GrantKey.Form(scheme: "https")
        )
        await scene.grants.remember(Grant(key: key, allows: true, entries: nil, scope: .always))
        #expect(try await verified(scene).reply.entries.count == 1)
        #expect(await scene.asked().isEmpty)
    }
}
