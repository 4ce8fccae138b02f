// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import Callers
import Clients
import KeePassHTTP
import SecureMemory
import Testing
import Vault

@testable import Operations

@Suite(.timeLimit(.minutes(1))) struct SaveNewTests {
    static let form: KeyValuePairs = [
        "Url": "https://a.example/login?from=mail#top", "SubmitUrl": "https://a.example/post", "Login": "me",
        "Password": "secret",
    ]

    private func saved(_ fixture: OperationsFixture, _ exchange: Exchange) async throws -> Login {
        let id = try #require(exchange.reply.uuid.flatMap { LoginID(hex: $0) })
        return try #require(await fixture.vault.login(id))
    }

    @Test func `an allowed save makes an entry named after its host`() async throws {
        let fixture = await OperationsFixture()
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.setLogin, Self.form),
            .allow
        )
        #expect(exchange.status == 200)
        #expect(exchange.reply.success)
        #expect(exchange.reply.id == "firefox")
        let login = try await saved(fixture, exchange)
        #expect(exchange.reply.uuid == login.id.hex)
        #expect(login.title == "a.example")
        #expect(login.url == "https://a.example/login")
        #expect(login.username == "me")
        #expect(login.group?.name == "KeePassHttp Passwords")
        #expect(login.allow.isEmpty)
        #expect(await fixture.vault.password(of: login.id) == "secret")

        let asked = try #require(await fixture.asked().first)
        #expect(asked.kind == .save)
        #expect(asked.isNew)
        #expect(asked.host == "a.example")
        #expect(asked.vault == "Passwords")
        #expect(asked.client == "firefox")
        #expect(asked.fields == ["Name", "Login", "Password", "Url"])
        #expect(asked.newHosts == ["a.example"])
        #expect(asked.entries.map(\.username) == ["me"])
        #expect(!asked.body.contains("secret"))
        #expect(asked.alwaysOffered)
    }

    @Test(arguments: [
        ("foo bar?token=SECRET", "foo bar"), ("foo bar#token=SECRET", "foo bar"),
    ])
    func `an unclear Url shows and names an entry without its secrets`(url: String, title: String)
        async throws
    {
        let fixture = await OperationsFixture()
        let body = try fixture.client.request(.setLogin, ["Url": url, "Password": "1"])
        let login = try await saved(fixture, try await fixture.verified(fixture.client, body, .allow))
        #expect(login.title == title)
        let asked = try #require(await fixture.asked().first)
        #expect(!"\(asked.title) \(asked.body)".contains("SECRET"))
        #expect(!fixture.records.all.contains { $0.fields.values.joined().contains("SECRET") })
    }

    @Test func `Name, Realm, string fields and another form's host go where they belong`() async throws {
        let fixture = await OperationsFixture(rules: { $0.saveGroup = "Browser/New" })
        let body = try fixture.client.request(
            .setLogin,
            [
                "Url": "https://a.example/", "SubmitUrl": "https://login.example:8443/", "Realm": "Staff",
                "Name": "My page",
            ],
            stringFields: [(key: "KPH: pin", value: "1234"), (key: "Gone", value: nil)]
        )
        let login = try await saved(fixture, try await fixture.verified(fixture.client, body, .allow))
        #expect(login.title == "My page")
        #expect(login.realm == "Staff")
        #expect(login.allow == ["login.example:8443"])
        #expect(login.fieldNames == ["KPH: pin"])
        #expect(login.group?.name == "Browser/New")
        let asked = try #require(await fixture.asked().first)
        #expect(asked.submitHost == "login.example:8443")
        #expect(asked.newHosts == ["login.example:8443", "a.example"])
    }

    @Test func `denied is no success, and quiet for a while`() async throws {
        let fixture = await OperationsFixture()
        for _ in 0..<2 {
            let body = try fixture.client.request(.setLogin, Self.form)
            let exchange = try await fixture.verified(fixture.client, body, .deny)
            #expect(exchange.status == 200)
            #expect(exchange.reply.success == false)
            #expect(exchange.reply.uuid == nil)
        }
        #expect(await fixture.asked().count == 1)
        #expect(await fixture.vault.saves.isEmpty)
    }

    @Test func `expired is no success and says where to answer`() async throws {
        var limits = ApprovalLimits()
        limits.timeout = .milliseconds(1)
        let fixture = await OperationsFixture(limits: limits)
        let exchange = try await fixture.sending(fixture.client, fixture.client.request(.setLogin, Self.form))
            .value
        #expect(exchange.reply.success == false)
        #expect(exchange.reply.error?.contains("keybell watch") == true)
        #expect(await fixture.vault.saves.isEmpty)
    }

    @Test func `the first vault takes new logins, and a locked one takes none`() async throws {
        let second = MemoryVault("Second")
        let fixture = await OperationsFixture(others: [second])
        await fixture.vault.lock()
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.setLogin, Self.form),
            .allow
        )
        #expect(exchange.status == 503)
        #expect(await fixture.asked().isEmpty)
        #expect(await second.saves.isEmpty)
    }

    @Test func `ask = never saves unasked, but not for a key from another program`() async throws {
        let fixture = await OperationsFixture(rules: { $0.saving = .never })
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.setLogin, Self.form)
        )
        #expect(exchange.reply.success)
        #expect(await fixture.asked().isEmpty)
        let thief = fixture.client.from(.named("curl", 300))
        let other = try thief.request(.setLogin, ["Url": "https://b.example/", "Login": "x"])
        #expect(try await fixture.verified(thief, other, .deny).reply.success == false)
        #expect(await fixture.asked().first?.body.contains("Its key was given to somebody else: ") == true)
    }

    @Test func `always for creating standings that host and no other`() async throws {
        let fixture = await OperationsFixture()
        let first = try fixture.client.request(.setLogin, Self.form)
        await (try await fixture.verified(fixture.client, first, .allow(Choices(scope: .always)))).deliver()
        #expect(await fixture.grants.grants.first?.key.kind == .create)
        #expect(await fixture.grants.grants.first?.key.host == "a.example")

        let same = try fixture.client.request(.setLogin, ["Url": "https://a.example/", "Login": "you"])
        #expect(try await fixture.verified(fixture.client, same).reply.success)
        #expect(await fixture.asked().count == 1)

        let wider: [KeyValuePairs<String, String>] = [
            ["Url": "https://b.example/"],
            ["Url": "https://a.example/", "Name": "bank.example"],
            ["Url": "https://a.example/", "SubmitUrl": "https://evil.example/"],
            ["Url": "b.example/without/scheme"],
        ]
        for (number, fields) in wider.enumerated() {
            let body = try fixture.client.request(.setLogin, fields)
            #expect(try await fixture.verified(fixture.client, body, .deny).reply.success == false)
            #expect(await fixture.asked().count == number + 2)
        }
        let further = try fixture.client.request(
            .setLogin,
            ["Url": "https://a.example/"],
            stringFields: [(key: "KP2A_URL", value: "https://bank.example/")]
        )
        #expect(try await fixture.verified(fixture.client, further, .deny).reply.success == false)
        #expect(await fixture.asked().count == wider.count + 2)
    }

    @Test func `always for an entry without a host standings no other such entry`() async throws {
        let fixture = await OperationsFixture()
        let first = try fixture.client.request(.setLogin, ["Name": "My safe", "Password": "1"])
        await (try await fixture.verified(fixture.client, first, .allow(Choices(scope: .always)))).deliver()
        for fields: KeyValuePairs in [["Name": "Another safe"], ["Url": "bank.example"], ["Login": "me"]] {
            let body = try fixture.client.request(.setLogin, fields)
            #expect(try await fixture.verified(fixture.client, body, .deny).reply.success == false)
        }
        #expect(await fixture.asked().count == 4)
    }

    @Test func `a remembered denial is no success, unasked`() async throws {
        let fixture = await OperationsFixture()
        let body = try fixture.client.request(.setLogin, Self.form)
        _ = try await fixture.verified(fixture.client, body, .deny(Choices(scope: .always)))
        let other = try fixture.client.request(.setLogin, ["Url": "https://a.example/", "Login": "you"])
        let exchange = try await fixture.verified(fixture.client, other, .allow)
        #expect(exchange.reply.success == false)
        #expect(await fixture.asked().count == 1)
    }

    @Test func `the settings of an entry can't be written as a string field`() async throws {
        let fixture = await OperationsFixture(rules: { $0.saving = .never })
        for value in ["{\"Allow\":[\"evil.example\"]}", nil] {
            let body = try fixture.client.request(
                .setLogin,
                Self.form,
                stringFields: [(key: "KeePassHttp Settings", value: value)]
            )
            let exchange = try await fixture.verified(fixture.client, body, .allow)
            #expect(exchange.status == 200)
            #expect(exchange.reply.success == false)
            #expect(exchange.reply.error?.contains("KeePassHttp Settings") == true)
        }
        #expect(await fixture.asked().isEmpty)
        #expect(await fixture.vault.saves.isEmpty)
    }

    @Test func `a name of a string field that ends early for C is refused`() async throws {
        let fixture = await OperationsFixture(rules: { $0.saving = .never })
        let body = try fixture.client.request(
            .setLogin,
            Self.form,
            stringFields: [(key: "KeePassHttp Settings\0x", value: "{}")]
        )
        #expect(try await fixture.verified(fixture.client, body).reply.success == false)
        #expect(await fixture.vault.saves.isEmpty)
    }

    // MARK: What real clients send

    @Test func `a save without Url is one, named after what there is`() async throws {
        let fixture = await OperationsFixture(rules: { $0.saving = .never })
        let forms: [(KeyValuePairs<String, String>, String)] = [
            (["Name": "My safe", "Login": "me", "Password": "1"], "My safe"),
            (["Url": "My bank", "Login": "me", "SubmitUrl": "keepass-cli"], "My bank"),
            (["Login": "me", "Password": "1"], "me"),
        ]
        for (fields, title) in forms {
            let exchange = try await fixture.verified(
                fixture.client,
                fixture.client.request(.setLogin, fields)
            )
            #expect(try await saved(fixture, exchange).title == title)
        }
    }

    @Test func `a plain empty text is a field that isn't there`() async throws {
        let fixture = await OperationsFixture(rules: { $0.saving = .never })
        var request = try WireRequest(
            "set-login",
            id: "firefox",
            key: fixture.client.key,
            ["Url": "https://a.example/", "Login": "me"]
        )
        for name in ["Uuid", "SubmitUrl", "Realm", "Name", "Password", "StringFields"] {
            request[name] = "\"\""
        }
        let exchange = try await fixture.verified(request.bytes, key: fixture.client.key)
        let login = try await saved(fixture, exchange)
        #expect(login.title == "a.example")
        #expect(login.realm == nil)
    }
}
