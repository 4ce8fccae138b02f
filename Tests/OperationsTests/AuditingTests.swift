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

    private func ring(_ scene: Scene, _ words: Word...) async throws -> Rung {
        let body = try scene.guest.request(.getLogins, ["Url": "https://a.example/path?token=1"])
        return try await scene.ring(body, from: scene.guest.caller, key: scene.guest.key, words)
    }

    @Test
    func
        `a hand-out tells who, where, how many and under which answer, and nothing of the entry but its uuid`()
        async throws
    {
        let scene = await Scene()
        await scene.vault.put(login, password: "geheim")
        #expect(try await ring(scene, .allow).reply.entries.count == 1)
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

    @Test func `what a grant, an entry or the configuration covers says so`() async throws {
        let granted = await Scene()
        await granted.vault.put(login)
        _ = try await ring(granted, .allow(Choices(scope: .session)))
        _ = try await ring(granted)
        #expect(granted.records.all.last?.fields[.under] == "a grant")

        let listed = await Scene()
        await listed.vault.put(.at("https://a.example/", "a", allow: ["a.example"]))
        _ = try await ring(listed)
        #expect(listed.records.all.map { $0.fields[.under] } == ["the entry's own list"])

        let open = await Scene { $0.access = .never }
        await open.vault.put(login)
        _ = try await ring(open)
        #expect(open.records.all.map { $0.fields[.under] } == ["the configuration"])
    }

    @Test func `a denial hands out nothing and records nothing`() async throws {
        let scene = await Scene()
        await scene.vault.put(login)
        _ = try await ring(scene, .deny)
        #expect(scene.records.all.isEmpty)
    }

    @Test func `an association and a save are recorded`() async throws {
        let scene = await Scene()
        let new = Guest(id: "", caller: .named("chromium", 200))
        _ = try await scene.ring(new, new.request(.associate), .allow)
        let body = try scene.guest.request(.setLogin, ["Url": "https://b.example/", "Password": "geheim"])
        #expect(try await scene.ring(scene.guest, body, .allow).reply.success)
        #expect(scene.records.all.map(\.event) == [.associated, .saved])
        #expect(scene.records.all.last?.fields[.host] == "b.example")
    }
}
