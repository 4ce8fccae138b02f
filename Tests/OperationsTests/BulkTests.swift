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

    private func fixture(_ change: (inout ClientRules) -> Void = { _ in }) async -> OperationsFixture {
        let fixture = await OperationsFixture(rules: change)
        await fixture.vault.put(Self.login, password: "secret")
        await fixture.vault.put(.at("https://b.example/", "b"))
        return fixture
    }

    private func body(_ type: RequestType, _ client: TestClient) throws -> [UInt8] {
        try client.request(
            type,
            ["Uuid": Self.login.id.hex.lowercased(), "SearchString": "a.example"],
            names: ["a"]
        )
    }

    static let types: [RequestType] = [.getAllLogins, .getLoginsByNames, .getLoginByUUID, .customSearch]

    @Test(arguments: types)
    func `it always asks, whatever else would standing, and always is for single entries alone`(
        _ type: RequestType
    ) async throws {
        let fixture = await fixture { $0.access = .never }
        let exchange = try await fixture.verified(fixture.client, body(type, fixture.client), .allow)
        #expect(exchange.reply.success)
        #expect(exchange.titles.contains("a"))
        #expect(exchange.reply.count == exchange.reply.entries.count)
        let asked = try #require(await fixture.asked().first)
        #expect(asked.kind == .release)
        #expect(asked.bulk)
        #expect(asked.host == nil)
        #expect(asked.alwaysOffered == [.getLoginsByNames, .getLoginByUUID].contains(type))
    }

    @Test(arguments: types)
    func `denied is a success with no entries`(_ type: RequestType) async throws {
        let fixture = await fixture()
        let exchange = try await fixture.verified(fixture.client, body(type, fixture.client), .deny)
        #expect(exchange.reply.success)
        #expect(exchange.body.contains("\"Entries\":[]"))
    }

    @Test(arguments: types)
    func `what is denied with a mute isn't counted among what is denied unseen since`(_ type: RequestType)
        async throws
    {
        let fixture = await fixture()
        let body = try body(type, fixture.client)
        _ = try await fixture.verified(fixture.client, body, .deny(Choices(muteSeconds: 60)))
        #expect(await fixture.approvals.recent().first?.unseen == 0)
        _ = try await fixture.verified(fixture.client, self.body(type, fixture.client))
        #expect(await fixture.approvals.recent().first?.unseen == 1)
    }

    @Test func `names that no login bears don't make another question of it`() async throws {
        let fixture = await fixture()
        func body(_ names: [String]) throws -> [UInt8] {
            try fixture.client.request(.getLoginsByNames, [:], names: names)
        }
        _ = try await fixture.verified(fixture.client, body(["a"]), .deny)
        for names in [["a", "none"], ["more", "a", "none"], ["a", "a"]] {
            let exchange = try await fixture.verified(fixture.client, body(names))
            #expect(exchange.reply.entries.isEmpty)
        }
        #expect(await fixture.asked().count == 1, "the same question is quiet after a denial")
        _ = try await fixture.verified(fixture.client, body(["a", "b"]), .deny)
        #expect(await fixture.asked().count == 2)
    }

    @Test(arguments: types)
    func `ask_bulk = never asks nobody, but unfamiliar programs ask`(_ type: RequestType) async throws {
        let fixture = await fixture { $0.bulkAccess = .never }
        #expect(try await fixture.verified(fixture.client, body(type, fixture.client)).titles.contains("a"))
        #expect(await fixture.asked().isEmpty)
        let thief = fixture.client.from(.named("curl", 300))
        #expect(try await fixture.verified(thief, body(type, thief), .deny).reply.entries.isEmpty)
        #expect(await fixture.asked().first?.body.contains("Its key was given to somebody else: ") == true)
    }

    @Test func `a scope beyond once is no answer`() async throws {
        let fixture = await fixture()
        var events = fixture.approvals.events().makeAsyncIterator()
        let pending = fixture.sending(fixture.client, try body(.getAllLogins, fixture.client))
        let question = try await fixture.next(&events)
        for scope in [GrantScope.session, .always] {
            await #expect(throws: AnswerError.self) {
                try await fixture.allow(question, Choices(scope: scope))
            }
        }
        try await fixture.allow(question)
        #expect(try await pending.value.reply.count == 2)
        #expect(await fixture.grants.grants.isEmpty)
    }

    @Test func `just some entries allowed: those`() async throws {
        let fixture = await fixture()
        let exchange = try await fixture.verified(
            fixture.client,
            body(.getAllLogins, fixture.client),
            .allow(Choices(entries: [Self.login.id.hex]))
        )
        #expect(exchange.titles == ["a"])
    }

    @Test(arguments: types)
    func `names alone can be allowed, or passwords without string fields, and nothing is remembered`(
        _ type: RequestType
    ) async throws {
        for leftOut in [[.fields, .passwords], [ReleasePart.passwords], [.fields]] as [Set<ReleasePart>] {
            let fixture = await fixture {
                $0.passwordsInGetAllLogins = true
                ($0.returnsFields, $0.onlyKPHFields) = (true, false)
            }
            await fixture.vault.put(
                .at("https://a.example/", "c", allow: ["a.example"]),
                password: "secret",
                fields: ["PIN": "1234"]
            )
            let id = try #require(await fixture.vault.all().first { $0.title == "c" }).id.hex
            let body = try fixture.client.request(
                type,
                ["Uuid": id, "SearchString": "a.example"],
                names: ["c"]
            )
            let exchange = try await fixture.verified(fixture.client, body, .allow(Choices(leftOut: leftOut)))
            let entry = try #require(exchange.reply.entries.first { $0.uuid == id })
            #expect(entry.login == "me")
            #expect(entry.password == SecretBytes(utf8: leftOut.contains(.passwords) ? "" : "secret"))
            #expect(entry.stringFields.isEmpty == leftOut.contains(.fields))
            #expect(!exchange.body.contains("\"Password\":\"\""))
            if leftOut.count == 2, type != .customSearch { #expect(await fixture.vault.openedSecrets == 0) }
            #expect(await fixture.grants.grants.isEmpty)
        }
    }

    @Test func `all logins come without passwords unless configured`() async throws {
        for isConfigured in [false, true] {
            let fixture = await fixture { $0.passwordsInGetAllLogins = isConfigured }
            let exchange = try await fixture.verified(
                fixture.client,
                body(.getAllLogins, fixture.client),
                .allow
            )
            #expect(exchange.reply.entries.map(\.login) == ["me", "me"])
            #expect(exchange.reply.entries.first?.password == SecretBytes(utf8: isConfigured ? "secret" : ""))
            // Two libraries decrypt whatever an entry has, so that none must be empty on the wire.
            #expect(!exchange.body.contains("\"Password\":\"\""))
            #expect(await fixture.vault.openedSecrets == (isConfigured ? 2 : 0))
        }
    }

    @Test func `by names finds exact titles, each entry once`() async throws {
        let fixture = await fixture()
        await fixture.vault.put(.at("https://c.example/", "A"))
        let names = ["a", "a", "nothing", "b"]
        let body = try fixture.client.request(.getLoginsByNames, names: names)
        #expect(try await fixture.verified(fixture.client, body, .allow).titles == ["a", "b"])
    }

    @Test(arguments: ["", "zz", "0123456789ABCDEF0123456789ABCDEF", "0123456789ABCDEF0123456789ABCDEF0"])
    func `by an uuid that nobody has finds none`(_ uuid: String) async throws {
        let fixture = await fixture()
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLoginByUUID, ["Uuid": uuid]),
            .allow
        )
        #expect(exchange.status == (uuid.isEmpty ? 400 : 200))
        #expect(exchange.reply.success == !uuid.isEmpty)
        #expect(exchange.reply.entries.isEmpty)
        #expect(await fixture.asked().isEmpty)
    }

    @Test func `an allow for one search is none for another`() async throws {
        let fixture = await fixture()
        let first = try fixture.client.request(.getLoginsByNames, names: ["a"])
        #expect(try await fixture.verified(fixture.client, first, .allow).titles == ["a"])
        let second = try fixture.client.request(.getLoginByUUID, ["Uuid": Self.login.id.hex])
        #expect(try await fixture.verified(fixture.client, second, .deny).reply.entries.isEmpty)
        #expect(await fixture.asked().count == 2)
    }

    @Test func `the recycle bin and the plugin's own entry are nobody's logins`() async throws {
        let fixture = await fixture { $0.bulkAccess = .never }
        var bin = Login.at("https://c.example/", "bin")
        bin.isRecycled = true
        await fixture.vault.put(bin)
        await fixture.vault.put(Login(id: .random(), title: "KeePassHttp Settings"))
        let all = try await fixture.verified(fixture.client, fixture.client.request(.getAllLogins))
        #expect(Set(all.titles) == ["a", "b"])
        let byID = try fixture.client.request(.getLoginByUUID, ["Uuid": bin.id.hex])
        #expect(try await fixture.verified(fixture.client, byID).reply.entries.isEmpty)
    }
}
