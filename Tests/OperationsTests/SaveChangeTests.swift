// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients
import KeePassHTTP
import SecureMemory
import Testing
import Vault

@testable import Operations

@Suite(.timeLimit(.minutes(1))) struct SaveChangeTests {
    static let login = Login.at("https://a.example/login", "Example")
    static let uuid = login.id.hex

    private func fixture(_ change: (inout ClientRules) -> Void = { _ in }) async -> OperationsFixture {
        let fixture = await OperationsFixture(rules: change)
        await fixture.vault.put(Self.login, password: "old", fields: ["Pin": "1"])
        return fixture
    }

    private func grant(_ fixture: OperationsFixture, allows: Bool = true, host: String = "a.example") async {
        let key = GrantKey(
            fingerprint: fixture.client.key.fingerprint,
            program: "/usr/bin/firefox",
            origin: nil,
            vault: "Passwords",
            kind: .change,
            host: host,
            form: GrantKey.Form(scheme: "https")
        )
        await fixture.grants.remember(Grant(key: key, allows: allows, entries: nil, scope: .always))
    }

    @Test func `just the fields that are there change`() async throws {
        let fixture = await fixture()
        let body = try fixture.client.request(.setLogin, ["Uuid": Self.uuid.lowercased(), "Password": "new"])
        let exchange = try await fixture.verified(fixture.client, body, .allow)
        #expect(exchange.reply.success)
        #expect(exchange.reply.uuid == Self.uuid)
        let login = try #require(await fixture.vault.login(Self.login.id))
        #expect(login.title == "Example")
        #expect(login.username == "me")
        #expect(login.url == "https://a.example/login")
        #expect(login.fieldNames == ["Pin"])
        #expect(await fixture.vault.password(of: Self.login.id) == "new")
        let asked = try #require(await fixture.asked().first)
        #expect(asked.isNew == false)
        #expect(asked.fields == ["Password"])
        #expect(asked.newHosts.isEmpty)
    }

    @Test
    func `where it can't be read what was decided the person is asked, whatever else would standing it`()
        async throws
    {
        let fixture = await fixture { $0.saving = .never }
        await grant(fixture)
        await fixture.grants.becomeUnreadable()
        let body = try fixture.client.request(.setLogin, ["Uuid": Self.uuid, "Password": "new"])
        let exchange = try await fixture.verified(fixture.client, body, .deny)
        #expect(exchange.reply.success == false)
        #expect(await fixture.asked().count == 1)
        #expect(await fixture.vault.password(of: Self.login.id) == "old")
    }

    @Test func `null removes a string field`() async throws {
        let fixture = await fixture()
        let body = try fixture.client.request(
            .setLogin,
            ["Uuid": Self.uuid],
            stringFields: [(key: "Pin", value: nil), (key: "Puk", value: "2")]
        )
        _ = try await fixture.verified(fixture.client, body, .allow)
        #expect(await fixture.vault.login(Self.login.id)?.fieldNames == ["Puk"])
    }

    @Test func `the stored entry is what is shown, the client's own host is but a claim`() async throws {
        let fixture = await fixture()
        let body = try fixture.client.request(
            .setLogin,
            ["Uuid": Self.uuid, "Url": "https://evil.example/", "Login": "you"]
        )
        _ = try await fixture.verified(fixture.client, body, .deny)
        let asked = try #require(await fixture.asked().first)
        #expect(asked.host == "a.example")
        #expect(asked.entries.map(\.title) == ["Example"])
        #expect(asked.entries.map(\.username) == ["me"])
        #expect(asked.newHosts == ["evil.example"])
        #expect(asked.body.contains("The login moves from a.example to another site: evil.example."))
    }

    @Test func `a change keeps an address's query as it is sent`() async throws {
        let fixture = await fixture()
        let body = try fixture.client.request(
            .setLogin,
            ["Uuid": Self.uuid, "Url": "https://a.example/login?team=7#top"]
        )
        #expect(try await fixture.verified(fixture.client, body, .allow).reply.success)
        #expect(await fixture.vault.saves.map(\.url) == ["https://a.example/login?team=7#top"])
    }

    @Test func `nothing changed is no success, and told after the allow`() async throws {
        let fixture = await fixture()
        let body = try fixture.client.request(
            .setLogin,
            ["Uuid": Self.uuid, "Login": "me", "Password": "old", "Url": "https://a.example/login"]
        )
        let exchange = try await fixture.verified(fixture.client, body, .allow)
        #expect(exchange.status == 200)
        #expect(exchange.reply.success == false)
        #expect(exchange.reply.error == "Nothing would change.")
        #expect(await fixture.asked().map(\.fields) == [["Password"]])
        #expect(await fixture.vault.saves.isEmpty)
    }

    @Test func `where only what is public was sent, nobody need be asked about no change`() async throws {
        let fixture = await fixture()
        let sent: [KeyValuePairs<String, String>] = [
            ["Uuid": Self.uuid, "Login": "me"],
            ["Uuid": Self.uuid, "Login": "me", "Url": "https://a.example/login"],
        ]
        for fields in sent {
            let body = try fixture.client.request(.setLogin, fields)
            #expect(try await fixture.verified(fixture.client, body).reply.error == "Nothing would change.")
        }
        #expect(await fixture.asked().isEmpty)
    }

    @Test func `that a URL with a token is the stored one is told after the allow`() async throws {
        let fixture = await fixture()
        var login = Self.login
        login.url = "https://a.example/login?token=7391"
        await fixture.vault.put(login, password: "old")
        let body = try fixture.client.request(.setLogin, ["Uuid": Self.uuid, "Url": login.url])
        #expect(
            try await fixture.verified(fixture.client, body, .allow).reply.error == "Nothing would change."
        )
        #expect(await fixture.asked().map(\.fields) == [["Url"]])
        #expect(await fixture.vault.saves.isEmpty)
    }

    @Test(arguments: ["0123456789ABCDEF0123456789ABCDEF", "nonsense", "34697A408A5B41C09F36897D623ECB31"])
    func `an entry that there isn't is no success`(_ uuid: String) async throws {
        let fixture = await fixture()
        await fixture.vault.put(Login(id: .keePassHttpSettings, title: "KeePassHttp Settings"))
        let body = try fixture.client.request(.setLogin, ["Uuid": uuid, "Password": "new"])
        let exchange = try await fixture.verified(fixture.client, body, .allow)
        #expect(exchange.status == 200)
        #expect(exchange.reply.success == false)
        #expect(await fixture.asked().isEmpty)
    }

    @Test func `an entry that may be in a vault that is closed is a 503`() async throws {
        let second = MemoryVault("Second")
        let fixture = await OperationsFixture(others: [second])
        await second.put(Self.login)
        await second.lock()
        let body = try fixture.client.request(.setLogin, ["Uuid": Self.uuid, "Password": "new"])
        #expect(try await fixture.verified(fixture.client, body, .allow).status == 503)
        await second.fail(with: nil)
        let again = try fixture.client.request(.setLogin, ["Uuid": Self.uuid, "Password": "new"])
        #expect(try await fixture.verified(fixture.client, again, .allow).reply.success)
        #expect(await second.saves.count == 1)
    }

    @Test func `a vault that fails to save is no success`() async throws {
        let fixture = await fixture()
        var events = fixture.approvals.events().makeAsyncIterator()
        let body = try fixture.client.request(.setLogin, ["Uuid": Self.uuid, "Password": "new"])
        let pending = fixture.sending(fixture.client, body)
        let question = try await fixture.next(&events)
        await fixture.vault.fail(with: .failed("disk full"))
        try await fixture.allow(question)
        let exchange = try await pending.value
        #expect(exchange.reply.success == false)
        #expect(exchange.reply.uuid == nil)
        #expect(await fixture.approvals.recent().first?.failure == exchange.reply.error)
        // The allow still stands when the client tries again.
        await fixture.vault.fail(with: nil)
        let again = try fixture.client.request(.setLogin, ["Uuid": Self.uuid, "Password": "new"])
        #expect(try await fixture.verified(fixture.client, again).reply.success)
        #expect(await fixture.asked().count == 1)
    }

    // MARK: Who is asked

    @Test func `a grant for changes at the stored entry's host covers`() async throws {
        let fixture = await fixture()
        await grant(fixture)
        let body = try fixture.client.request(.setLogin, ["Uuid": Self.uuid, "Password": "new"])
        #expect(try await fixture.verified(fixture.client, body).reply.success)
        #expect(await fixture.asked().isEmpty)
    }

    @Test func `a grant for the host that the client names doesn't`() async throws {
        let fixture = await fixture()
        await grant(fixture, host: "evil.example")
        let body = try fixture.client.request(
            .setLogin,
            ["Uuid": Self.uuid, "Password": "new", "Url": "https://evil.example/"]
        )
        #expect(try await fixture.verified(fixture.client, body, .deny).reply.success == false)
        #expect(await fixture.asked().count == 1)
    }

    @Test func `always is remembered for the stored entry's host`() async throws {
        let fixture = await fixture()
        let body = try fixture.client.request(.setLogin, ["Uuid": Self.uuid, "Password": "new"])
        await (try await fixture.verified(fixture.client, body, .allow(Choices(scope: .always)))).deliver()
        #expect(await fixture.grants.grants.map(\.key.kind) == [.change])
        #expect(await fixture.grants.grants.map(\.key.host) == ["a.example"])
        let next = try fixture.client.request(.setLogin, ["Uuid": Self.uuid, "Password": "newer"])
        #expect(try await fixture.verified(fixture.client, next).reply.success)
        #expect(await fixture.asked().count == 1)
    }

    /// Each gives the entry a host that it had nothing to do with before.
    static let widenings: [(String, KeyValuePairs<String, String>, [(key: String, value: String?)])] = [
        ("Url", ["Url": "https://evil.example/"], []),
        ("a title that is a host", ["Name": "evil.example"], []),
        ("a title that is a URL", ["Name": "https://evil.example/"], []),
        ("SubmitUrl", ["SubmitUrl": "https://evil.example/"], []),
        ("KP2A_URL", [:], [(key: "KP2A_URL", value: "https://evil.example/")]),
        ("KP2A_URL_1", [:], [(key: "KP2A_URL_1", value: "https://evil.example/")]),
        ("URL 1", [:], [(key: "URL 1", value: "https://evil.example/")]),
    ]

    @Test(arguments: widenings.indices)
    func `a change that gives new hosts asks, whatever would standing it, and can't be had for always`(
        _ number: Int
    ) async throws {
        let (_, fields, stringFields) = Self.widenings[number]
        let fixture = await fixture { $0.saving = .never }
        await grant(fixture)
        let body = try OutgoingRequest(
            .setLogin,
            id: "firefox",
            fields: ([(key: "Uuid", value: Self.uuid)] + fields).map {
                (name: $0.key, value: SecretBytes(utf8: $0.value))
            },
            stringFields: stringFields.map { field in
                (key: field.key, value: field.value.map { SecretBytes(utf8: $0) })
            }
        ).encoded(with: fixture.client.key)
        let exchange = try await fixture.verified(fixture.client, body, .allow(Choices(scope: .always)))
        #expect(exchange.reply.success)
        let asked = try #require(await fixture.asked().first)
        #expect(asked.newHosts == ["evil.example"])
        #expect(asked.alwaysOffered == false)
        #expect(await fixture.grants.grants.count == 1)
    }

    @Test(
        arguments: ["Whoever's Settings", "browsersettings", "X SETT\u{200B}INGS ", "TOTP Settings"],
        [true, false]
    )
    func `what may be some program's settings is asked about, whatever would standing it, and each time`(
        _ name: String,
        isSet: Bool
    ) async throws {
        let fixture = await fixture { $0.saving = .never }
        await grant(fixture)
        let body = try fixture.client.request(
            .setLogin,
            ["Uuid": Self.uuid, "Login": "you"],
            stringFields: [(key: name, value: isSet ? #"{"Allow":["evil.example"]}"# : nil)]
        )
        let exchange = try await fixture.verified(fixture.client, body, .allow(Choices(scope: .always)))
        #expect(exchange.reply.success)
        let asked = try #require(await fixture.asked().first)
        #expect(asked.fields.count == 2 && asked.fields.first == "Login")
        #expect(asked.body.contains("Another program may take its settings from"))
        #expect(asked.alwaysOffered == false)
        #expect(await fixture.grants.grants.count == 1)
    }

    @Test func `always for a change that gives new hosts is told not to be kept`() async throws {
        let fixture = await fixture()
        var events = fixture.approvals.events().makeAsyncIterator()
        let body = try fixture.client.request(.setLogin, ["Uuid": Self.uuid, "Url": "https://evil.example/"])
        let pending = fixture.sending(fixture.client, body)
        let effect = try await fixture.approvals.answer(
            code: try await fixture.next(&events).code,
            decision: .allow,
            choices: Choices(scope: .always),
            through: .notifier
        )
        #expect(try await pending.value.reply.success)
        guard case .notKept(let why) = effect else {
            Issue.record("It is said to be kept")
            return
        }
        #expect(why.contains("is asked about each time"), "\(why)")
    }

    @Test func `a remembered denial holds against a change that gives new hosts, too`() async throws {
        let fixture = await fixture()
        await grant(fixture, allows: false)
        let body = try fixture.client.request(.setLogin, ["Uuid": Self.uuid, "Url": "https://evil.example/"])
        #expect(try await fixture.verified(fixture.client, body, .allow).reply.success == false)
        #expect(await fixture.asked().isEmpty)
    }

    @Test func `a SubmitUrl at the entry's own host is nothing new`() async throws {
        let fixture = await fixture { $0.saving = .never }
        let body = try fixture.client.request(
            .setLogin,
            ["Uuid": Self.uuid, "SubmitUrl": "https://a.example/post", "Password": "new"]
        )
        #expect(try await fixture.verified(fixture.client, body).reply.success)
        #expect(await fixture.asked().isEmpty)
        #expect(await fixture.vault.login(Self.login.id)?.allow.isEmpty == true)
    }

    @Test func `a key from another program asks in spite of a grant for its own`() async throws {
        let fixture = await fixture { $0.saving = .never }
        await grant(fixture)
        let thief = fixture.client.from(.named("curl", 300))
        let body = try thief.request(.setLogin, ["Uuid": Self.uuid, "Password": "new"])
        #expect(try await fixture.verified(thief, body, .deny).reply.success == false)
        #expect(await fixture.asked().first?.body.contains("Its key was given to somebody else: ") == true)
    }

    @Test func `an entry that moved while the person thought is not given hosts that weren't shown`()
        async throws
    {
        let fixture = await fixture()
        var moved = Self.login
        moved.url = "https://b.example/"
        await fixture.vault.put(moved)
        var events = fixture.approvals.events().makeAsyncIterator()
        let body = try fixture.client.request(
            .setLogin,
            ["Uuid": Self.uuid, "Url": "https://b.example/other", "Password": "new"]
        )
        let pending = fixture.sending(fixture.client, body)
        let question = try await fixture.next(&events)
        #expect(question.newHosts.isEmpty)
        await fixture.vault.put(Self.login)
        try await fixture.allow(question)
        #expect(try await pending.value.reply.success == false)
        #expect(await fixture.vault.saves.isEmpty)
    }
}
