// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients
import KeePassHTTP
import SecureMemory
import Testing
import Vault

@testable import Operations

/// Reading the vault rather than a page.
@Suite(.timeLimit(.minutes(1))) struct BulkTests {
    static let login = Login.at("https://a.example/", "a", allow: ["a.example"])

    private func scene(_ change: (inout ClientRules) -> Void = { _ in }) async -> Scene {
        let scene = await Scene(rules: change)
        await scene.vault.put(Self.login, password: "secret")
        await scene.vault.put(.at("https://b.example/", "b"))
        return scene
    }

    private func body(_ type: RequestType, _ guest: TestClient) throws -> [UInt8] {
        try guest.request(
            type,
            ["Uuid": Self.login.id.hex.lowercased(), "SearchString": "a.example"],
            names: ["a"]
        )
    }

    static let types: [RequestType] = [.getAllLogins, .getLoginsByNames, .getLoginByUUID, .customSearch]

    @Test(arguments: types)
    func `it always asks, whatever else would cover, and always is for single entries alone`(
        _ type: RequestType
    ) async throws {
        let scene = await scene { $0.access = .never }
        let rung = try await scene.verified(scene.guest, body(type, scene.guest), .allow)
        #expect(rung.reply.success)
        #expect(rung.titles.contains("a"))
        #expect(rung.reply.count == rung.reply.entries.count)
        let asked = try #require(await scene.asked().first)
        #expect(asked.kind == .release)
        #expect(asked.bulk)
        #expect(asked.host == nil)
        #expect(asked.alwaysOffered == [.getLoginsByNames, .getLoginByUUID].contains(type))
    }

    @Test(arguments: types)
    func `denied is a success with no entries`(_ type: RequestType) async throws {
        let scene = await scene()
        let rung = try await scene.verified(scene.guest, body(type, scene.guest), .deny)
        #expect(rung.reply.success)
        #expect(rung.body.contains("\"Entries\":[]"))
    }

    @Test(arguments: types)
    func `what is denied with a mute isn't counted among what is denied unseen since`(_ type: RequestType)
        async throws
    {
        let scene = await scene()
        let body = try body(type, scene.guest)
        _ = try await scene.verified(scene.guest, body, .deny(Choices(muteSeconds: 60)))
        #expect(await scene.approvals.recent().first?.unseen == 0)
        _ = try await scene.verified(scene.guest, self.body(type, scene.guest))
        #expect(await scene.approvals.recent().first?.unseen == 1)
    }

    @Test func `names that no login bears don't make another question of it`() async throws {
        let scene = await scene()
        func body(_ names: [String]) throws -> [UInt8] {
            try scene.guest.request(.getLoginsByNames, [:], names: names)
        }
        _ = try await scene.verified(scene.guest, body(["a"]), .deny)
        for names in [["a", "none"], ["more", "a", "none"], ["a", "a"]] {
            let rung = try await scene.verified(scene.guest, body(names))
            #expect(rung.reply.entries.isEmpty)
        }
        #expect(await scene.asked().count == 1, "the same question is quiet after a denial")
        _ = try await scene.verified(scene.guest, body(["a", "b"]), .deny)
        #expect(await scene.asked().count == 2)
    }

    @Test(arguments: types)
    func `ask_bulk = never asks nobody, but unfamiliar programs ask`(_ type: RequestType) async throws {
        let scene = await scene { $0.bulkAccess = .never }
        #expect(try await scene.verified(scene.guest, body(type, scene.guest)).titles.contains("a"))
        #expect(await scene.asked().isEmpty)
        let thief = scene.guest.from(.named("curl", 300))
        #expect(try await scene.verified(thief, body(type, thief), .deny).reply.entries.isEmpty)
        #expect(await scene.asked().first?.body.contains("Its key was given to somebody else: ") == true)
    }

    @Test func `a scope beyond once is no answer`() async throws {
        let scene = await scene()
        var events = scene.approvals.events().makeAsyncIterator()
        let ringing = scene.ringing(scene.guest, try body(.getAllLogins, scene.guest))
        let question = try await scene.next(&events)
        for scope in [GrantScope.session, .always] {
            await #expect(throws: AnswerError.self) {
                try await scene.allow(question, Choices(scope: scope))
            }
        }
        try await scene.allow(question)
        #expect(try await ringing.value.reply.count == 2)
        #expect(await scene.grants.grants.isEmpty)
    }

    @Test func `just some entries allowed: those`() async throws {
        let scene = await scene()
        let rung = try await scene.verified(
            scene.guest,
            body(.getAllLogins, scene.guest),
            .allow(Choices(entries: [Self.login.id.hex]))
        )
        #expect(rung.titles == ["a"])
    }

    @Test(arguments: types)
    func `names alone can be allowed, or passwords without string fields, and nothing is remembered`(
        _ type: RequestType
    ) async throws {
        for leftOut in [[.fields, .passwords], [ReleasePart.passwords], [.fields]] as [Set<ReleasePart>] {
            let scene = await scene {
                $0.passwordsInGetAllLogins = true
                ($0.returnsFields, $0.onlyKPHFields) = (true, false)
            }
            await scene.vault.put(
                .at("https://a.example/", "c", allow: ["a.example"]),
                password: "secret",
                fields: ["PIN": "1234"]
            )
            let id = try #require(await scene.vault.all().first { $0.title == "c" }).id.hex
            let body = try scene.guest.request(
                type,
                ["Uuid": id, "SearchString": "a.example"],
                names: ["c"]
            )
            let rung = try await scene.verified(scene.guest, body, .allow(Choices(leftOut: leftOut)))
            let entry = try #require(rung.reply.entries.first { $0.uuid == id })
            #expect(entry.login == "me")
            #expect(entry.password == SecretBytes(utf8: leftOut.contains(.passwords) ? "" : "secret"))
            #expect(entry.stringFields.isEmpty == leftOut.contains(.fields))
            #expect(!rung.body.contains("\"Password\":\"\""))
            if leftOut.count == 2, type != .customSearch { #expect(await scene.vault.openedSecrets == 0) }
            #expect(await scene.grants.grants.isEmpty)
        }
    }

    @Test func `all logins come without passwords unless configured`() async throws {
        for isConfigured in [false, true] {
            let scene = await scene { $0.passwordsInGetAllLogins = isConfigured }
            let rung = try await scene.verified(scene.guest, body(.getAllLogins, scene.guest), .allow)
            #expect(rung.reply.entries.map(\.login) == ["me", "me"])
            #expect(rung.reply.entries.first?.password == SecretBytes(utf8: isConfigured ? "secret" : ""))
            // Two libraries decrypt whatever an entry has, so that none must be empty on the wire.
            #expect(!rung.body.contains("\"Password\":\"\""))
            #expect(await scene.vault.openedSecrets == (isConfigured ? 2 : 0))
        }
    }

    @Test func `by names finds exact titles, each entry once`() async throws {
        let scene = await scene()
        await scene.vault.put(.at("https://c.example/", "A"))
        let names = ["a", "a", "nothing", "b"]
        let body = try scene.guest.request(.getLoginsByNames, names: names)
        #expect(try await scene.verified(scene.guest, body, .allow).titles == ["a", "b"])
    }

    @Test(arguments: ["", "zz", "0123456789ABCDEF0123456789ABCDEF", "0123456789ABCDEF0123456789ABCDEF0"])
    func `by an uuid that nobody has finds none`(_ uuid: String) async throws {
        let scene = await scene()
        let rung = try await scene.verified(
            scene.guest,
            scene.guest.request(.getLoginByUUID, ["Uuid": uuid]),
            .allow
        )
        #expect(rung.status == (uuid.isEmpty ? 400 : 200))
        #expect(rung.reply.success == !uuid.isEmpty)
        #expect(rung.reply.entries.isEmpty)
        #expect(await scene.asked().isEmpty)
    }

    @Test func `an allow for one search is none for another`() async throws {
        let scene = await scene()
        let first = try scene.guest.request(.getLoginsByNames, names: ["a"])
        #expect(try await scene.verified(scene.guest, first, .allow).titles == ["a"])
        let second = try scene.guest.request(.getLoginByUUID, ["Uuid": Self.login.id.hex])
        #expect(try await scene.verified(scene.guest, second, .deny).reply.entries.isEmpty)
        #expect(await scene.asked().count == 2)
    }

    @Test func `the recycle bin and the plugin's own entry are nobody's logins`() async throws {
        let scene = await scene { $0.bulkAccess = .never }
        var bin = Login.at("https://c.example/", "bin")
        bin.isRecycled = true
        await scene.vault.put(bin)
        await scene.vault.put(Login(id: .random(), title: "KeePassHttp Settings"))
        let all = try await scene.verified(scene.guest, scene.guest.request(.getAllLogins))
        #expect(Set(all.titles) == ["a", "b"])
        let byID = try scene.guest.request(.getLoginByUUID, ["Uuid": bin.id.hex])
        #expect(try await scene.verified(scene.guest, byID).reply.entries.isEmpty)
    }
}
