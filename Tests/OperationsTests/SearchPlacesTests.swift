// SPDX-License-Identifier: Apache-2.0

import Approval
import KeePassHTTP
import SecureMemory
import Testing
import Vault

@testable import Operations

/// Where `get-logins-custom-search` looks beyond what is handed out.
@Suite(.timeLimit(.minutes(1))) struct SearchPlacesTests {
    private func fixture() async -> OperationsFixture {
        let fixture = await OperationsFixture { $0.bulkAccess = .never }
        let login = Login.at("https://a.example/", "a")
        await fixture.vault.put(login, password: "secret")
        await fixture.vault.describe(
            login.id,
            notes: "the blue one",
            tags: ["work", "bank"],
            former: [
                FormerLogin(
                    login: Login(id: login.id, title: "former title", username: "old"),
                    secrets: LoginSecrets(password: SecretBytes(utf8: "before"))
                )
            ]
        )
        return fixture
    }

    private func found(_ text: String, _ flags: [String: Bool], in fixture: OperationsFixture) async throws
        -> [String]
    {
        let flags = flags.map { (name: $0.key, value: $0.value) }
        let body = try fixture.client.request(.customSearch, ["SearchString": text], flags: flags)
        return try await fixture.verified(fixture.client, body).titles
    }

    @Test(arguments: ["blue", "bank"])
    func `notes and tags are looked at unless the client says not to`(text: String) async throws {
        let fixture = await fixture()
        #expect(try await found(text, [:], in: fixture) == ["a"])
        let not = ["SearchInNotes": false, "SearchInTags": false]
        #expect(try await found(text, not, in: fixture).isEmpty)
    }

    @Test func `what a keyring keeps closed is found by what is public, and isn't taken for nothing`()
        async throws
    {
        let fixture = await fixture()
        await fixture.vault.asks {}
        let inside = ["SearchInPasswords": true]
        let flags = inside.map { (name: $0.key, value: $0.value) }
        let body = try fixture.client.request(.customSearch, ["SearchString": "secret"], flags: flags)
        #expect(try await fixture.verified(fixture.client, body).status == 503)
        #expect(try await found("a.example", inside, in: fixture) == ["a"])
        #expect(try await found("secret", inside, in: fixture) == ["a"])
    }

    @Test func `former states only if the client asks for them`() async throws {
        let fixture = await fixture()
        #expect(try await found("former", [:], in: fixture).isEmpty)
        #expect(try await found("former", ["SearchInHistory": true], in: fixture) == ["a"])
        #expect(try await found("before", ["SearchInHistory": true], in: fixture).isEmpty)
    }
}
