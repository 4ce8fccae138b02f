// SPDX-License-Identifier: Apache-2.0

import Approval
import Clients
import KeePassHTTP
import Testing
import Vault

@testable import Operations

/// What an "always" for one form doesn't cover.
@Suite(.timeLimit(.minutes(1))) struct GrantedFormTests {
    private static let always = PersonAnswer.allow(Choices(scope: .always))

    private func fixture() async -> OperationsFixture {
        let fixture = await OperationsFixture()
        await fixture.vault.put(.at("https://bank.example/", "bank"))
        return fixture
    }

    /// Allows the first request for always, and says how often the person was asked after the second, which is denied.
    private func asked(
        _ fixture: OperationsFixture,
        _ first: KeyValuePairs<String, String>,
        then second: KeyValuePairs<String, String>
    ) async throws -> Int {
        let allowed = try fixture.client.request(.getLogins, first)
        await (try await fixture.verified(fixture.client, allowed, Self.always)).deliver()
        _ = try await fixture.verified(fixture.client, fixture.client.request(.getLogins, second), .deny)
        return await fixture.asked().count
    }

    @Test func `always standings the same page, whatever its path`() async throws {
        let own: KeyValuePairs = ["Url": "https://bank.example/a", "SubmitUrl": "https://bank.example/login"]
        #expect(try await asked(fixture(), ["Url": "https://bank.example/"], then: own) == 1)
        #expect(
            try await asked(fixture(), ["Url": "https://bank.example/", "SubmitUrl": "/login"], then: own)
                == 1
        )
    }

    static let elsewhere: [KeyValuePairs<String, String>] = [
        ["Url": "https://bank.example/", "SubmitUrl": "https://evil.example/steal"],
        ["Url": "https://bank.example/", "SubmitUrl": "https://www.bank.example/login"],
        ["Url": "https://bank.example/", "SubmitUrl": "https://bank.example:8443/login"],
        ["Url": "https://bank.example/", "SubmitUrl": "https://bank.example\\@evil.example/"],
        ["Url": "https://bank.example/", "SubmitUrl": "http://bank.example/login"],
        ["Url": "http://bank.example/"],
        ["Url": "bank.example"],
    ]

    @Test(arguments: elsewhere)
    func `always for a page standings no form that goes elsewhere, and no page in the clear`(
        _ other: KeyValuePairs<String, String>
    ) async throws {
        #expect(try await asked(fixture(), ["Url": "https://bank.example/"], then: other) == 2)
    }

    @Test func `always for a form that goes elsewhere standings just that form`() async throws {
        let first: KeyValuePairs = ["Url": "https://bank.example/", "SubmitUrl": "https://login.example/"]
        #expect(try await asked(fixture(), first, then: first) == 1)
        #expect(try await asked(fixture(), first, then: ["Url": "https://bank.example/"]) == 2)
    }

    @Test func `always for a form that may go anywhere is not kept, and says so`() async throws {
        let first: KeyValuePairs = [
            "Url": "https://bank.example/", "SubmitUrl": "https://bank.example\\@evil.example/",
        ]
        let second: KeyValuePairs = [
            "Url": "https://bank.example/", "SubmitUrl": "https://bank.example\\@worse.example/",
        ]
        let fixture = await fixture()
        #expect(try await asked(fixture, first, then: second) == 2)
        #expect(await fixture.asked().allSatisfy { !$0.alwaysOffered })
        #expect(try await asked(fixture, first, then: first) == 4)
    }

    @Test func `an old grant asks once more, and its answer takes its place`() async throws {
        let fixture = await fixture()
        let key = GrantKey(
            fingerprint: fixture.client.key.fingerprint,
            program: "/usr/bin/firefox",
            origin: nil,
            vault: "Passwords",
            kind: .release,
            host: "bank.example",
            form: nil
        )
        await fixture.grants.remember(Grant(key: key, allows: true, entries: nil, scope: .always))
        let page: KeyValuePairs = ["Url": "https://bank.example/"]
        #expect(try await asked(fixture, page, then: page) == 1)
    }

    @Test func `always for an entry by its uuid standings just that entry, for that program`() async throws {
        let fixture = await fixture()
        let login = try #require(await fixture.vault.all().first)
        await fixture.vault.put(.at("https://bank.example/", "other"))
        let body = try fixture.client.request(.getLoginByUUID, ["Uuid": login.id.hex])
        await (try await fixture.verified(fixture.client, body, Self.always)).deliver()
        #expect(try await fixture.verified(fixture.client, body).titles == ["bank"])
        let byName = try fixture.client.request(.getLoginsByNames, names: ["bank"])
        #expect(try await fixture.verified(fixture.client, byName).titles == ["bank"])
        #expect(await fixture.asked().count == 1)
        let both = try fixture.client.request(.getLoginsByNames, names: ["bank", "other"])
        #expect(try await fixture.verified(fixture.client, both, .deny).titles == ["bank"])
        #expect(await fixture.asked().last?.entries.map(\.title) == ["other"])
        // Neither by the page nor for another program.
        _ = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLogins, ["Url": "https://bank.example/"]),
            .deny
        )
        let other = fixture.client.from(.named("curl", 300))
        _ = try await fixture.verified(other, other.request(.getLoginByUUID, ["Uuid": login.id.hex]), .deny)
        #expect(await fixture.asked().count == 4)
    }

    @Test func `always for changes standings neither another form nor a page in the clear`() async throws {
        let fixture = await fixture()
        let uuid = try #require(await fixture.vault.all().first).id.hex
        let first = try fixture.client.request(
            .setLogin,
            ["Uuid": uuid, "Password": "1", "Url": "https://bank.example/"]
        )
        await (try await fixture.verified(fixture.client, first, Self.always)).deliver()
        let same = try fixture.client.request(.setLogin, ["Uuid": uuid, "Password": "2"])
        await (try await fixture.verified(fixture.client, same)).deliver()
        #expect(await fixture.asked().count == 1)
        let plain = try fixture.client.request(
            .setLogin,
            ["Uuid": uuid, "Password": "3", "Url": "http://bank.example/"]
        )
        #expect(try await fixture.verified(fixture.client, plain, .deny).reply.success == false)
        #expect(await fixture.asked().count == 2)
    }

    @Test func `another Origin is no way round a denied save`() async throws {
        let fixture = await OperationsFixture(rules: { $0.anyProgram = true })
        let fields: KeyValuePairs = ["Url": "https://a.example/", "Login": "me", "Password": "1"]
        for number in 0..<3 {
            let client = fixture.client.from(.named("firefox", 100, origin: "moz-extension://\(number)"))
            let body = try client.request(.setLogin, fields)
            #expect(try await fixture.verified(client, body, .deny).reply.success == false)
        }
        #expect(await fixture.asked().count == 1)
    }
}
