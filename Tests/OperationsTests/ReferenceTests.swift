// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import Secrecy
import Testing
import Vault

@testable import Operations

/// Field references in what is handed out, through a vault.
@Suite(.timeLimit(.minutes(1))) struct ReferenceTests {
    private static let target = Login.at("https://target.example/", "Target", username: "boss")
    private static let id = target.id.hex

    /// The login of `a.example` with a password and a user name that may refer to others among a hundred.
    private func entry(username: String, password: String, fields: [String: String] = [:]) async throws -> (
        ReplyEntry, opened: Int
    ) {
        let scene = await Scene(rules: { $0.returnsFields = true })
        for number in 0..<100 { await scene.vault.put(.at("https://x\(number).example/", "x\(number)")) }
        await scene.vault.put(Self.target, password: "secret", fields: ["PIN": "1234"])
        var middle = Login.at("https://middle.example/", "Middle", username: "{REF:U@I:\(Self.id)}")
        middle.url = "https://middle.example/"
        await scene.vault.put(middle, password: "{REF:P@I:\(Self.id)}-{REF:P@T:x7}")
        let asked = Login.at("https://a.example/", "A", username: username, allow: ["a.example"])
        await scene.vault.put(
            asked,
            password: password.replacing("MIDDLE", with: middle.id.hex),
            fields: fields
        )
        let before = await scene.vault.openedSecrets
        let rung = try await scene.ring(
            scene.guest,
            scene.guest.request(.getLogins, ["Url": "https://a.example/"])
        )
        return (try #require(rung.reply.entries.first), await scene.vault.openedSecrets - before)
    }

    @Test func `a reference by uuid opens the entry that it names and no other`() async throws {
        let (entry, opened) = try await entry(
            username: "{REF:U@I:\(Self.id)}",
            password: "{ref:p@i:\(Self.id.lowercased())}",
            fields: ["KPH: where": "{REF:A@I:\(Self.id)} {USERNAME}"]
        )
        #expect(entry.login == "boss" && entry.password == SecretBytes(utf8: "secret"))
        #expect(entry.stringFields.first?.value == SecretBytes(utf8: "https://target.example/ boss"))
        #expect(opened == 2)
    }

    @Test func `a reference by a text is looked for in the whole vault`() async throws {
        let (entry, _) = try await entry(username: "{REF:U@T:target}", password: "{REF:P@U:BOSS}")
        #expect(entry.login == "boss" && entry.password == SecretBytes(utf8: "secret"))
    }

    @Test func `what is referred to may refer further, in both ways`() async throws {
        let (entry, _) = try await entry(username: "u", password: "<{REF:P@I:MIDDLE}>")
        #expect(entry.password == SecretBytes(utf8: "<secret-pass>"))
    }

    @Test(arguments: [
        "{REF:P@I:00000000000000000000000000000000}", "{REF:P@I:none}", "{REF:P@T:nobody}", "{REF:X@I:\(id)}",
        "{REF:P}",
        "{CMD:/bin/id/}",
    ])
    func `what leads nowhere stays as it is`(text: String) async throws {
        let (entry, _) = try await entry(username: "u", password: text)
        #expect(entry.password == SecretBytes(utf8: text))
    }
}
