// SPDX-License-Identifier: Apache-2.0

import Approval
import KeePassHTTP
import SecureMemory
import Testing
import Vault

@testable import Operations

/// What stands in a reply, per request type.
@Suite(.timeLimit(.minutes(1))) struct ReplyFieldTests {
    static let login = Login.at("https://a.example/", "Ünïcode", allow: ["a.example"])

    private func fixture(_ change: (inout ClientRules) -> Void = { _ in }) async -> OperationsFixture {
        let fixture = await OperationsFixture(rules: {
            $0.bulkAccess = .never
            $0.saving = .never
            change(&$0)
        })
        await fixture.vault.put(
            Self.login,
            password: "päss",
            fields: ["KPH: b": "2", "KPH: a": "1", "Zip": "3", "KPH:no": "4"]
        )
        return fixture
    }

    @Test(arguments: RequestType.allCases.filter { $0 != .associate })
    func `every success repeats Id, Hash, Version and type, and is signed`(_ type: RequestType) async throws {
        let fixture = await fixture()
        let body = try fixture.client.request(
            type,
            [
                "Url": "https://a.example/", "SearchString": "a.example",
                "Uuid": type == .setLogin ? "" : Self.login.id.hex, "Password": "new",
            ],
            names: ["Ünïcode"]
        )
        let exchange = try await fixture.verified(fixture.client, body)
        #expect(exchange.status == 200)
        #expect(exchange.reply.success)
        #expect(exchange.reply.id == "firefox")
        #expect(exchange.reply.hash == MemoryVault.hash)
        #expect(exchange.reply.version == "2.3.1.0")
        #expect(exchange.body.contains("\"RequestType\":\"\(type.rawValue)\""))
        #expect(exchange.body.contains("\"Success\":true"))
        for member in ["Nonce", "Verifier", "Hmac"] { #expect(exchange.body.contains("\"\(member)\":\"")) }
        #expect(!exchange.body.contains("null"))
        #expect(!exchange.body.contains(":\"\""))
        #expect(!exchange.body.contains("\"Error\""))
        #expect(exchange.body.utf8.allSatisfy { $0 < 0x80 })
    }

    @Test func `get-logins gives entries and their count, every value encrypted`() async throws {
        let fixture = await fixture()
        let body = try fixture.client.request(.getLogins, ["Url": "https://a.example/"])
        let exchange = try await fixture.verified(fixture.client, body)
        #expect(exchange.reply.count == 1)
        let entry = try #require(exchange.reply.entries.first)
        #expect(entry.name == "Ünïcode")
        #expect(entry.login == "me")
        #expect(entry.password == SecretBytes(utf8: "päss"))
        #expect(entry.uuid == Self.login.id.hex)
        #expect(entry.group == ReplyEntry.Group(name: "Root/Web", uuid: String(repeating: "07", count: 16)))
        #expect(entry.stringFields.isEmpty)
        #expect(!exchange.body.contains("StringFields"))
        for clear in ["Root", Self.login.id.hex, "\"me\""] { #expect(!exchange.body.contains(clear)) }
    }

    @Test func `an entry without user name and password has both, encrypted empty texts`() async throws {
        let fixture = await fixture()
        await fixture.vault.put(
            .at("https://b.example/", "b", username: "", allow: ["b.example"]),
            password: ""
        )
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLogins, ["Url": "https://b.example/"])
        )
        #expect(exchange.reply.entries.map(\.login) == [""])
        #expect(exchange.body.contains("\"Login\":\""))
        #expect(exchange.body.contains("\"Password\":\""))
        #expect(!exchange.body.contains(":\"\""))
    }

    @Test func `groups = false leaves the group out`() async throws {
        let fixture = await fixture { $0.groups = false }
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLogins, ["Url": "https://a.example/"])
        )
        #expect(exchange.reply.entries.count == 1)
        #expect(!exchange.body.contains("\"Group\""))
    }

    @Test func `an entry in no group has none`() async throws {
        let fixture = await fixture()
        await fixture.vault.put(
            Login(
                id: .random(),
                title: "b",
                url: "https://b.example/",
                settings: EntrySettings(allow: ["b.example"])
            )
        )
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLogins, ["Url": "https://b.example/"])
        )
        #expect(exchange.reply.entries.count == 1)
        #expect(!exchange.body.contains("\"Group\""))
    }

    @Test func `string fields come only if configured, sorted, and just the KPH ones without that prefix`()
        async throws
    {
        let fixture = await fixture { $0.returnsFields = true }
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLogins, ["Url": "https://a.example/"])
        )
        let fields = try #require(exchange.reply.entries.first).stringFields
        #expect(fields.map(\.key) == ["a", "b"])
        #expect(fields.map(\.value) == ["1", "2"].map { SecretBytes(utf8: $0) })
    }

    @Test func `with only_kph = false all come under their own names`() async throws {
        let fixture = await fixture {
            $0.returnsFields = true
            $0.onlyKPHFields = false
        }
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLogins, ["Url": "https://a.example/"])
        )
        let fields = try #require(exchange.reply.entries.first).stringFields
        #expect(fields.map(\.key) == ["KPH: a", "KPH: b", "KPH:no", "URL", "Zip"])
    }

    @Test func `with only_kph = false the URL and the notes are fields like any other`() async throws {
        let fixture = await OperationsFixture(rules: {
            $0.returnsFields = true
            $0.onlyKPHFields = false
        })
        let login = Login.at("https://{USERNAME}.example/", "a", username: "me")
        await fixture.vault.put(login)
        await fixture.vault.describe(login.id, notes: "for {TITLE}", tags: [], former: [])
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLogins, ["Url": "https://me.example/"]),
            .allow
        )
        let fields = try #require(exchange.reply.entries.first).stringFields
        #expect(fields.map(\.key) == ["Notes", "URL"])
        #expect(fields.map { $0.value.exposedText() } == ["for a", "https://me.example/"])
        #expect(await fixture.asked().first?.fieldNames == ["Notes", "URL"])
    }

    @Test func `a one-time code that can't be computed is left out`() async throws {
        let fixture = await OperationsFixture(rules: {
            $0.returnsFields = true
            $0.onlyKPHFields = false
        })
        await fixture.vault.put(
            .at("https://a.example/", "a", allow: ["a.example"]),
            password: "{TOTP}",
            fields: ["otp": "see paper", "Code": "x{TIMEOTP}"]
        )
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLogins, ["Url": "https://a.example/"])
        )
        let entry = try #require(exchange.reply.entries.first)
        #expect(entry.password.isEmpty)
        #expect(entry.stringFields.first { $0.key == "Code" }?.value == SecretBytes(utf8: "x"))
    }

    @Test func `an entry without such fields has no StringFields at all`() async throws {
        let fixture = await fixture { $0.returnsFields = true }
        await fixture.vault.put(.at("https://b.example/", "b", allow: ["b.example"]), fields: ["Zip": "1"])
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLogins, ["Url": "https://b.example/"])
        )
        #expect(exchange.reply.entries.count == 1)
        #expect(!exchange.body.contains("StringFields"))
    }

    @Test func `get-logins-count gives the count alone and never asks`() async throws {
        let fixture = await fixture { $0.access = .always }
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLoginsCount, ["Url": "https://a.example/"])
        )
        #expect(exchange.reply.count == 1)
        #expect(!exchange.body.contains("Entries"))
        #expect(await fixture.asked().isEmpty)
        #expect(await fixture.vault.openedSecrets == 0)
    }

    @Test func `generate-password gives one entry, a new one each time`() async throws {
        let fixture = await fixture()
        let body = try fixture.client.request(.generatePassword)
        let entries = [
            try await fixture.verified(fixture.client, body).reply.entries,
            try await fixture.verified(fixture.client, body).reply.entries,
        ]
        let entry = try #require(entries[0].first)
        #expect(entries[0].count == 1)
        #expect(entry.name == "generate-password")
        #expect(entry.uuid == "generate-password")
        #expect((Int(entry.login) ?? 0) > 64)
        #expect(entry.password.count == 20)
        #expect(entry.group == nil)
        #expect(entry.stringFields.isEmpty)
        #expect(entries[1].first?.password != entry.password)
        #expect(await fixture.asked().isEmpty)
    }

    @Test func `generate-password takes the configured recipe`() async throws {
        let fixture = await OperationsFixture(Policy(recipe: PasswordRecipe(length: 7, classes: [.digits])))
        let exchange = try await fixture.verified(fixture.client, fixture.client.request(.generatePassword))
        let password = try #require(exchange.reply.entries.first?.password.exposedText())
        #expect(password.count == 7)
        #expect(password.allSatisfy { $0.isNumber })
    }

    @Test func `a client's own version is told to it, also in pings and failures`() async throws {
        var rules = ClientRules()
        rules.version = "1.8.4.2"
        let fixture = await OperationsFixture(Policy(exceptions: ["firefox": rules]))
        let good = try await fixture.verified(fixture.client, fixture.client.request(.testAssociate))
        #expect(good.reply.version == "1.8.4.2")
        let ping = "{\"RequestType\":\"test-associate\",\"Id\":\"firefox\"}"
        #expect(try await fixture.verified(Array(ping.utf8)).reply.version == "1.8.4.2")
        let missing = try await fixture.verified(fixture.client, fixture.client.request(.getLogins))
        #expect(missing.reply.version == "1.8.4.2")
        #expect(try await fixture.verified(Array("{}".utf8)).reply.version == "2.3.1.0")
    }

    @Test func `a Hash that nobody knows is left out, and a ping says how it comes to be known`() async throws
    {
        let fixture = await OperationsFixture(vault: MemoryVault(hash: nil))
        let exchange = try await fixture.verified(Array("{\"RequestType\":\"test-associate\"}".utf8))
        #expect(!exchange.reply.success && exchange.reply.hash == nil)
        #expect(!exchange.body.contains("Hash"))
        #expect(exchange.reply.error?.contains("`keybell unlock`") == true)
    }

    @Test func `a failure carries no signature, no Id and no entries`() async throws {
        let fixture = await OperationsFixture()
        await fixture.vault.lock()
        let exchange = try await fixture.verified(fixture.client, fixture.client.request(.getAllLogins))
        for member in ["Nonce", "Verifier", "Hmac", "Entries", "Count", "\"Id\""] {
            #expect(!exchange.body.contains(member))
        }
    }
}
