// SPDX-License-Identifier: Apache-2.0

import Approval
import KeePassHTTP
import Testing
import Vault

@testable import Operations

/// What the clients in use send.
@Suite(.timeLimit(.minutes(1))) struct QuirkTests {
    private func fixture() async -> OperationsFixture {
        let fixture = await OperationsFixture(rules: { $0.access = .never })
        await fixture.vault.put(.at("https://a.example/path", "My bank"))
        await fixture.vault.put(.at("", "My bank account"))
        await fixture.vault.put(.at("https://www.host.com/path1", "SubPath1"))
        await fixture.vault.put(.at("https://www.host.com/path2", "SubPath2"))
        return fixture
    }

    private func titles(_ fields: KeyValuePairs<String, String>) async throws -> [String] {
        let fixture = await fixture()
        return try await fixture.verified(fixture.client, fixture.client.request(.getLogins, fields)).titles
    }

    @Test func `a Url that is a title matches titles exactly`() async throws {
        #expect(try await titles(["Url": "My bank"]) == ["My bank"])
        #expect(try await titles(["Url": "my bank"]).isEmpty)
        #expect(try await titles(["Url": "bank"]).isEmpty)
    }

    @Test func `a title is asked about as the client's word, never as a host`() async throws {
        let fixture = await OperationsFixture()
        await fixture.vault.put(.at("https://a.example/", "My bank"))
        let body = try fixture.client.request(.getLogins, ["Url": "My bank", "SubmitUrl": "keepass-cli"])
        #expect(try await fixture.verified(fixture.client, body, .allow).titles == ["My bank"])
        let asked = try #require(await fixture.asked().first)
        #expect(asked.host == nil)
        #expect(asked.title.contains("for “My bank”"))
        #expect(asked.submitHost == nil)
        #expect(asked.bulk == false)
    }

    @Test(arguments: ["", "KeePassHelper", "https://a.example/path", "git"])
    func `SubmitUrl may be empty, an application's name, or the same as Url`(_ submitUrl: String) async throws
    {
        #expect(try await titles(["Url": "https://a.example/path", "SubmitUrl": submitUrl]) == ["My bank"])
    }

    @Test func `the best match comes first`() async throws {
        let found = try await titles(
            ["Url": "https://www.host.com/", "SubmitUrl": "https://www.host.com/path2?x=1"]
        )
        #expect(found == ["SubPath2", "SubPath1"])
    }

    @Test func `a plain empty text where an encrypted field is expected is a field that isn't there`()
        async throws
    {
        let fixture = await fixture()
        var request = try WireRequest(
            "get-logins",
            id: "firefox",
            key: fixture.client.key,
            ["Url": "https://a.example/path"]
        )
        request["SubmitUrl"] = "\"\""
        request["Realm"] = "null"
        request["SortSelection"] = "\"False\""
        request["TriggerUnlock"] = "\"true\""
        #expect(try await fixture.verified(request.bytes, key: fixture.client.key).titles == ["My bank"])

        let missing = try await fixture.verified(request.with("Url", "\"\"").bytes)
        #expect(missing.status == 400)
        #expect(missing.reply.error == "Invalid request: Url: required")
    }

    @Test func `an encrypted empty text is one that is missing`() async throws {
        let fixture = await fixture()
        let body = try fixture.client.request(.getLogins, ["Url": ""])
        #expect(try await fixture.verified(fixture.client, body).status == 400)
    }

    @Test func `a nonce may come again in reads, and without an Hmac`() async throws {
        let fixture = await fixture()
        let request = try WireRequest(
            "get-logins",
            id: "firefox",
            key: fixture.client.key,
            ["Url": "https://a.example/path"]
        ).with("Hmac", nil)
        for _ in 0..<3 {
            #expect(try await fixture.verified(request.bytes, key: fixture.client.key).titles == ["My bank"])
        }
    }

    @Test func `a Realm that differs from the entry's keeps it back`() async throws {
        let fixture = await OperationsFixture(rules: { $0.access = .never })
        var login = Login.at("https://a.example/", "a")
        login.settings.realm = "Staff"
        await fixture.vault.put(login)
        for (realm, count) in [("Staff", 1), ("Guests", 0), ("", 1)] {
            let body = try fixture.client.request(
                .getLogins,
                ["Url": "https://a.example/", "Realm": realm]
            )
            #expect(try await fixture.verified(fixture.client, body).reply.count == count)
        }
    }

    @Test func `an Id that isn't ASCII works like any other`() async throws {
        let fixture = await fixture()
        let client = TestClient(id: "Büro-Rechner 🔑")
        await fixture.clients.welcome(client)
        let exchange = try await fixture.verified(client, client.request(.testAssociate))
        #expect(exchange.reply.id == client.id)
        #expect(exchange.body.utf8.allSatisfy { $0 < 0x80 })
    }

    @Test func `expired logins are left out where that is configured, by the handler's own clock`()
        async throws
    {
        var login = Login.at("https://a.example/", "old")
        login.expires = OperationsFixture.now
        for hides in [false, true] {
            var rules = ClientRules()
            rules.access = .never
            let fixture = await OperationsFixture(
                Policy(match: MatchOptions(hideExpired: hides), standard: rules)
            )
            await fixture.vault.put(login)
            let body = try fixture.client.request(.getLogins, ["Url": "https://a.example/"])
            #expect(try await fixture.verified(fixture.client, body).reply.count == (hides ? 0 : 1))
        }
    }

    @Test func `other requests are served while a prompt is open`() async throws {
        let fixture = await OperationsFixture()
        await fixture.vault.put(.at("https://a.example/", "a"))
        var events = fixture.approvals.events().makeAsyncIterator()
        let waiting = fixture.sending(
            fixture.client,
            try fixture.client.request(.getLogins, ["Url": "https://a.example/"])
        )
        let question = try await fixture.next(&events)
        #expect(
            try await fixture.sending(fixture.client, fixture.client.request(.testAssociate)).value.reply
                .success
        )
        #expect(
            try await fixture.sending(fixture.client, fixture.client.request(.generatePassword)).value.reply
                .success
        )
        try await fixture.allow(question)
        #expect(try await waiting.value.titles == ["a"])
    }
}
