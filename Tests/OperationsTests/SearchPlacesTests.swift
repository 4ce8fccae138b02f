// SPDX-License-Identifier: Apache-2.0

import Approval
import KeePassHTTP
import SecureMemory
import Testing
import Vault

@testable import Operations

/// Where `get-logins-custom-search` looks beyond what is handed out.
@Suite(.timeLimit(.minutes(1))) struct SearchPlacesTests {
    private func scene() async -> Scene {
        let scene = await Scene { $0.bulkAccess = .never }
        let login = Login.at("https://a.example/", "a")
        await scene.vault.put(login, password: "secret")
        await scene.vault.describe(
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
        return scene
    }

    private func found(_ text: String, _ flags: [String: Bool], in scene: Scene) async throws -> [String] {
        let flags = flags.map { (name: $0.key, value: $0.value) }
        let body = try scene.guest.request(.customSearch, ["SearchString": text], flags: flags)
        return try await scene.verified(scene.guest, body).titles
    }

    @Test(arguments: ["blue", "bank"])
    func `notes and tags are looked at unless the client says not to`(text: String) async throws {
        let scene = await scene()
        #expect(try await found(text, [:], in: scene) == ["a"])
        let not = ["SearchInNotes": false, "SearchInTags": false]
        #expect(try await found(text, not, in: scene).isEmpty)
    }

    @Test func `former states only if the client asks for them`() async throws {
        let scene = await scene()
        #expect(try await found("former", [:], in: scene).isEmpty)
        #expect(try await found("former", ["SearchInHistory": true], in: scene) == ["a"])
        #expect(try await found("before", ["SearchInHistory": true], in: scene).isEmpty)
    }
}
