// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import Clients
import KeePassHTTP
import SecureMemory
import Testing
import Vault

@testable import Operations

/// One-time codes by a counter: each goes out once, and only where its counter may be saved.
@Suite(.timeLimit(.minutes(1))) struct CounterCodeTests {
    private static let login = Login.at("https://a.example/", "Bank", allow: ["a.example"])
    /// The seed of RFC 4226, appendix D.
    private static let seed = ["HmacOtp-Secret": "12345678901234567890", "KPH: code": "{HMACOTP}"]
    private static let codes = ["755224", "287082", "359152", "969429", "338314"]

    private func fixture(
        fields: [String: String] = [:],
        password: String = "pass",
        _ change: (inout ClientRules) -> Void = { _ in }
    ) async -> OperationsFixture {
        let fixture = await OperationsFixture(rules: {
            $0.returnsFields = true
            change(&$0)
        })
        await fixture.vault.put(Self.login, password: password, fields: Self.seed.merging(fields) { $1 })
        return fixture
    }

    private func page(_ client: TestClient) throws -> [UInt8] {
        try client.request(.getLogins, ["Url": "https://a.example/"])
    }

    private func code(_ exchange: Exchange) -> String? {
        exchange.reply.entries.first?.stringFields.first { $0.key == "code" }?.value.exposedText()
    }

    private func counter(_ fixture: OperationsFixture) async throws -> String? {
        try await fixture.vault.secrets(of: Self.login.id).fields[CounterCode.counterField]?.exposedText()
    }

    @Test func `a code goes out once its counter may be saved, and the next one is another`() async throws {
        let fixture = await fixture()
        for number in 0..<3 {
            let exchange = try await fixture.verified(fixture.client, page(fixture.client), .allow)
            #expect(code(exchange) == Self.codes[number])
            #expect(try await counter(fixture) == "\(number + 1)")
            await exchange.deliver()
        }
        let asked = await fixture.asked()
        #expect(asked.map(\.kind) == [.save, .save, .save])
        #expect(asked.first?.fields == [CounterCode.counterField])
        #expect(asked.first?.title.contains("asks for a one-time code at a.example") == true)
        #expect(fixture.records.all.map(\.event).filter { $0 == .saved }.count == 3)
    }

    @Test func `a login that is asked about is asked about first, and its code afterwards`() async throws {
        let fixture = await fixture()
        await fixture.vault.put(.at("https://a.example/", "Other"), fields: Self.seed)
        await fixture.vault.remove(Self.login.id)
        let exchange = try await fixture.verified(fixture.client, page(fixture.client), .allow, .allow)
        #expect(code(exchange) == Self.codes[0])
        #expect(await fixture.asked().map(\.kind) == [.release, .save])
    }

    @Test func `where the save is denied the login goes out without a code`() async throws {
        let fixture = await fixture(fields: ["HmacOtp-Counter": "4"], password: "{HMACOTP}")
        let exchange = try await fixture.verified(fixture.client, page(fixture.client), .deny)
        let entry = try #require(exchange.reply.entries.first)
        #expect(entry.name == "Bank" && entry.password.isEmpty)
        #expect(code(exchange) == "")
        #expect(try await counter(fixture) == "4")
    }

    @Test func `one code is used for all of a login`() async throws {
        let fixture = await fixture(fields: ["KPH: again": "<{hmacotp}>"], password: "{HMACOTP}")
        let exchange = try await fixture.verified(fixture.client, page(fixture.client), .allow)
        #expect(exchange.reply.entries.first?.password == SecretBytes(utf8: Self.codes[0]))
        #expect(exchange.reply.entries.first?.stringFields.map(\.value.count) == [8, 6])
        #expect(try await counter(fixture) == "1")
    }

    @Test func `what covers a save covers this one`() async throws {
        let unasked = await fixture { $0.saving = .never }
        #expect(code(try await unasked.verified(unasked.client, page(unasked.client))) == Self.codes[0])
        let granted = await fixture()
        let key = GrantKey(
            fingerprint: granted.client.key.fingerprint,
            program: "/usr/bin/firefox",
            origin: nil,
            vault: "Passwords",
            kind: .change,
            host: "a.example",
            form: GrantKey.Form(scheme: "https")
        )
        await granted.grants.remember(Grant(key: key, allows: true, entries: nil, scope: .always))
        #expect(code(try await granted.verified(granted.client, page(granted.client))) == Self.codes[0])
        #expect(await unasked.asked().isEmpty)
        #expect(await granted.asked().isEmpty)
    }

    @Test func `where nobody may be asked there is no code`() async throws {
        let fixture = await fixture { $0.access = .granted }
        let exchange = try await fixture.verified(fixture.client, page(fixture.client), .allow)
        #expect(try await counter(fixture) == nil)
        #expect(code(exchange) ?? "" == "")
        #expect(await fixture.asked().isEmpty)
    }

    @Test func `a code that doesn't go out isn't used up`() async throws {
        let fixture = await fixture(fields: ["KPH: code": "none", "Code": "{HMACOTP}"])
        let login = Login.at("https://a.example/x", "{HMACOTP}", username: "{HMACOTP}", allow: ["a.example"])
        await fixture.vault.put(login, fields: ["HmacOtp-Secret": "12345678901234567890"])
        let exchange = try await fixture.verified(fixture.client, page(fixture.client))
        #expect(exchange.reply.entries.map(\.name).sorted() == ["Bank", "{HMACOTP}"])
        #expect(exchange.reply.entries.map(\.login).sorted() == ["me", "{HMACOTP}"])
        #expect(try await counter(fixture) == nil)
        #expect(await fixture.asked().isEmpty)
    }

    @Test func `an answer with several logins that have one uses up none`() async throws {
        let fixture = await fixture()
        await fixture.vault.put(.at("https://a.example/2", "2", allow: ["a.example"]), fields: Self.seed)
        let exchange = try await fixture.verified(fixture.client, page(fixture.client), .allow)
        #expect(exchange.reply.entries.flatMap(\.stringFields).map(\.value.count) == [0, 0])
        #expect(try await counter(fixture) == nil)
        #expect(await fixture.asked().isEmpty)
    }

    @Test func `a reference doesn't use up the code of another login`() async throws {
        let fixture = await fixture(password: "{HMACOTP}")
        let other = Login.at("https://b.example/", "B", allow: ["b.example"])
        await fixture.vault.put(other, password: "<{REF:P@I:\(Self.login.id.hex)}>")
        let body = try fixture.client.request(.getLogins, ["Url": "https://b.example/"])
        let exchange = try await fixture.verified(fixture.client, body, .allow)
        #expect(exchange.reply.entries.first?.password == SecretBytes(utf8: "<>"))
        #expect(try await counter(fixture) == nil)
        #expect(await fixture.asked().isEmpty)
    }

    @Test(arguments: [
        ["HmacOtp-Counter": "x"], ["HmacOtp-Counter": "-1"], ["HmacOtp-Counter": "9223372036854775807"],
        ["HmacOtp-Counter": "18446744073709551616"], ["HmacOtp-Secret": ""],
    ])
    func `a seed or counter that can't be read gives no code and no question`(
        fields: [String: String]
    ) async throws {
        let fixture = await fixture(fields: fields)
        #expect(code(try await fixture.verified(fixture.client, page(fixture.client), .allow)) == "")
        #expect(try await counter(fixture) == fields["HmacOtp-Counter"])
        #expect(await fixture.asked().isEmpty)
    }

    @Test func `a code that was allowed and has not arrived goes out when it is asked for again`()
        async throws
    {
        let fixture = await fixture()
        let first = try await fixture.verified(fixture.client, page(fixture.client), .allow)
        #expect(code(first) == Self.codes[0])
        let again = try await fixture.verified(fixture.client, page(fixture.client))
        #expect(code(again) == Self.codes[0])
        await again.deliver()
        let next = try await fixture.verified(fixture.client, page(fixture.client), .allow)
        #expect(code(next) == Self.codes[1])
        #expect(await fixture.asked().count == 2)
    }

    @Test func `two clients that are allowed at once get two codes`() async throws {
        let fixture = await fixture()
        let other = TestClient(id: "curl", caller: .named("curl", 900))
        await fixture.clients.welcome(other)
        var events = fixture.approvals.events().makeAsyncIterator()
        let exchanges = [
            fixture.sending(fixture.client, try page(fixture.client)),
            fixture.sending(other, try page(other)),
        ]
        let questions = [try await fixture.next(&events), try await fixture.next(&events)]
        for question in questions { try await fixture.allow(question) }
        var given: [String?] = []
        for exchange in exchanges { given.append(code(try await exchange.value)) }
        #expect(given.compactMap(\.self).sorted() == [Self.codes[1], Self.codes[0]])
        #expect(try await counter(fixture) == "2")
    }

    @Test func `the counter is what it is at the answer`() async throws {
        let fixture = await fixture()
        var events = fixture.approvals.events().makeAsyncIterator()
        let exchange = fixture.sending(fixture.client, try page(fixture.client))
        let question = try await fixture.next(&events)
        let moved = LoginDraft(
            id: Self.login.id,
            fields: [CounterCode.counterField: SecretBytes(utf8: "3")]
        )
        _ = try await fixture.vault.save(moved)
        try await fixture.allow(question)
        #expect(code(try await exchange.value) == Self.codes[3])
        #expect(try await counter(fixture) == "4")
    }
}
