// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import SecureMemory
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
        let fixture = await OperationsFixture(rules: { $0.returnsFields = true })
        for number in 0..<100 { await fixture.vault.put(.at("https://x\(number).example/", "x\(number)")) }
        await fixture.vault.put(Self.target, password: "secret", fields: ["PIN": "1234"])
        var middle = Login.at("https://middle.example/", "Middle", username: "{REF:U@I:\(Self.id)}")
        middle.url = "https://middle.example/"
        await fixture.vault.put(middle, password: "{REF:P@I:\(Self.id)}-{REF:P@T:x7}")
        let asked = Login.at("https://a.example/", "A", username: username, allow: ["a.example"])
        await fixture.vault.put(
            asked,
            password: password.replacing("MIDDLE", with: middle.id.hex),
            fields: fields
        )
        let before = await fixture.vault.openedSecrets
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLogins, ["Url": "https://a.example/"])
        )
        return (try #require(exchange.reply.entries.first), await fixture.vault.openedSecrets - before)
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

    @Test(arguments: ["U@T:target", "U@U:BOSS", "U@A:https://target.example/"])
    func `a reference by what is public opens just the entry that it means`(reference: String) async throws {
        let (entry, opened) = try await entry(username: "{REF:\(reference)}", password: "p")
        #expect(entry.login == "boss" && opened == 2)
    }

    @Test func `a password is put into passwords and fields, never into a name`() async throws {
        let reference = "{REF:P@I:\(Self.id)}"
        let (entry, _) = try await entry(
            username: reference,
            password: reference,
            fields: ["KPH: x": reference]
        )
        #expect(entry.login == reference)
        #expect(entry.password == SecretBytes(utf8: "secret"))
        #expect(entry.stringFields.first?.value == SecretBytes(utf8: "secret"))
    }

    @Test func `an entry that is never given at this page isn't opened by a reference either`() async throws {
        let fixture = await OperationsFixture()
        let denied = Login.at("https://b.example/", "Denied", deny: ["a.example"])
        await fixture.vault.put(denied, password: "secret")
        let text = "{REF:P@I:\(denied.id.hex)}{REF:P@T:Denied}{REF:P@P:secret}"
        await fixture.vault.put(.at("https://a.example/", "A", allow: ["a.example"]), password: text)
        let page = try fixture.client.request(.getLogins, ["Url": "https://a.example/"])
        let exchange = try await fixture.verified(fixture.client, page)
        #expect(exchange.reply.entries.first?.password == SecretBytes(utf8: text))
    }

    // MARK: What a client planted before it was refused

    private static let seed = ["TOTP Seed": "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "Codes": "111 222"]

    @Test(arguments: ["{S:Codes}", "{TOTP}", "{TIMEOTP}", "{S:TOTP Seed}", "{PASSWORD}", "{NOTES}"])
    func `names carry nothing that isn't given`(text: String) async throws {
        for isReturned in [false, true] {
            let fixture = await OperationsFixture(rules: {
                $0.returnsFields = isReturned
                $0.bulkAccess = .never
            })
            await fixture.vault.put(
                .at("https://a.example/", text, username: text, allow: ["a.example"]),
                password: "\(text)!",
                fields: Self.seed
            )
            let requests = [
                try fixture.client.request(.getLogins, ["Url": "https://a.example/"]),
                try fixture.client.request(.getAllLogins),
            ]
            for (number, request) in requests.enumerated() {
                let entry = try #require(await fixture.verified(fixture.client, request).reply.entries.first)
                #expect(entry.name == text && entry.login == text)
                // A password may hold itself, once.
                let own = text == "{PASSWORD}" ? "\(text)!!" : "\(text)!"
                if number == 0, ["{TOTP}", "{TIMEOTP}"].contains(text) {
                    // Who makes a code the password wants it to go out.
                    #expect(entry.password.count == 7)
                } else {
                    #expect(entry.password == SecretBytes(utf8: number == 0 ? own : ""))
                }
            }
        }
    }

    @Test func `a one-time code goes out in a field that the person made for it`() async throws {
        let fixture = await OperationsFixture(rules: { $0.returnsFields = true })
        await fixture.vault.put(
            .at("https://a.example/", "a", allow: ["a.example"]),
            fields: Self.seed.merging(["KPH: code": "{TOTP}", "KPH: seed": "{S:TOTP Seed}"]) { $1 }
        )
        let page = try fixture.client.request(.getLogins, ["Url": "https://a.example/"])
        let fields = try #require(await fixture.verified(fixture.client, page).reply.entries.first)
            .stringFields
        #expect(fields.map(\.key) == ["code", "seed"])
        #expect(fields.first?.value.count == 6)
        #expect(fields.last?.value == SecretBytes(utf8: "{S:TOTP Seed}"))
    }

    @Test(arguments: [
        "Login", "Password", "Url", "SubmitUrl", "Realm", "Name", "a field's name", "a field's value",
    ])
    func `a client's text of that form is refused before anybody is asked, in every field`(
        field: String
    ) async throws {
        let fixture = await OperationsFixture()
        let login = Login.at("https://a.example/", "a")
        await fixture.vault.put(login)
        for text in [
            "{TOTP}", "x{s:Codes}", "{ref:P@T:x}", "{{PASSWORD}}", "{T-CONV:/{S:a}/Raw/}", "{C:", "{tItLe}",
        ] {
            var fields = ["Url": "https://a.example/", "Login": "me"]
            var stringFields: [(key: String, value: String?)] = []
            switch field {
            case "a field's name": stringFields = [(key: text, value: nil)]
            case "a field's value": stringFields = [(key: "Note", value: text)]
            default: fields[field] = field.hasSuffix("Url") ? "https://a.example/\(text)?x" : text
            }
            for uuid in [nil, login.id.hex] {
                fields["Uuid"] = uuid
                let body = try OutgoingRequest(
                    .setLogin,
                    id: "firefox",
                    fields: fields.map { (name: $0.key, value: SecretBytes(utf8: $0.value)) },
                    stringFields: stringFields.map { field in
                        (key: field.key, value: field.value.map { SecretBytes(utf8: $0) })
                    }
                ).encoded(with: fixture.client.key)
                let exchange = try await fixture.verified(fixture.client, body, .allow)
                #expect(exchange.status == 200 && !exchange.reply.success)
                #expect(exchange.reply.error == LoginDraft.placeholderRefusal)
            }
        }
        #expect(await fixture.asked().isEmpty)
        #expect(await fixture.vault.saves.isEmpty)
    }

    @Test func `braces that are none of that are saved as they are`() async throws {
        let fixture = await OperationsFixture(rules: { $0.saving = .never })
        let body = try fixture.client.request(
            .setLogin,
            ["Url": "https://a.example/", "Login": "{\"user\":1}", "Password": "a{b}c{S}{{x:"]
        )
        #expect(try await fixture.verified(fixture.client, body).reply.success)
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
