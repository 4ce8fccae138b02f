// SPDX-License-Identifier: Apache-2.0

import Approval
import KeePassHTTP
import SecureMemory
import Testing
import Vault

@testable import Operations

/// What one reply, one save and one request may cost: small in is never huge out, and failing work counts.
///
/// The limit is one for a busy machine: what grows with the square of a text takes hours there.
@Suite(.timeLimit(.minutes(4))) struct BudgetTests {
    private static let page: KeyValuePairs = ["Url": "https://a.example/"]

    private func fixture(_ change: (inout ClientRules) -> Void = { _ in }) async -> OperationsFixture {
        await OperationsFixture(rules: {
            $0.access = .never
            $0.bulkAccess = .never
            $0.saving = .never
            change(&$0)
        })
    }

    private func size(_ entries: [ReplyEntry]) -> Int {
        entries.reduce(0) { sum, entry in
            entry.stringFields.reduce(sum + entry.password.count) { $0 + $1.value.count }
        }
    }

    @Test func `many fields that stand for one large one grow no further than a reply may`() async throws {
        let fixture = await fixture {
            $0.returnsFields = true
            $0.onlyKPHFields = false
        }
        var fields = ["Big": String(repeating: "x", count: 60_000)]
        for number in 0..<2000 { fields["f\(number)"] = "{S:Big}" }
        await fixture.vault.put(.at("https://a.example/", "a"), fields: fields)
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLogins, Self.page)
        )
        #expect(exchange.reply.entries.first?.stringFields.count == 2002)
        #expect((1_000_000..<5_000_000).contains(size(exchange.reply.entries)))
    }

    @Test func `a reply over many entries has one budget`() async throws {
        let fixture = await fixture {
            $0.returnsFields = true
            $0.onlyKPHFields = false
        }
        let big = String(repeating: "x", count: 50_000)
        for number in 0..<200 {
            await fixture.vault.put(
                .at("https://a.example/", "a\(number)"),
                password: "{S:Big}",
                fields: ["Big": "{USERNAME}", "Big2": "{S:Big3}", "Big3": number == 0 ? big : "{S:Big}"]
            )
        }
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLogins, Self.page)
        )
        #expect(exchange.reply.entries.count == 200)
        #expect(size(exchange.reply.entries) < 5_000_000)
    }

    @Test func `a password of references that lead nowhere costs no more than a few`() async throws {
        let fixture = await fixture()
        for number in 0..<200 { await fixture.vault.put(.at("https://x\(number).example/", "x\(number)")) }
        let text = (0..<20_000).map { "{REF:P@O:\($0)}" }.joined()
        await fixture.vault.put(.at("https://a.example/", "a"), password: text)
        let before = await fixture.vault.openedSecrets
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLogins, Self.page)
        )
        #expect(exchange.reply.entries.first?.password == SecretBytes(utf8: text))
        // Its own, and the whole vault once.
        #expect(await fixture.vault.openedSecrets - before <= 202)
    }

    @Test func `a reference by a field opens the vault once for all entries of a reply`() async throws {
        let fixture = await fixture()
        for number in 0..<50 {
            await fixture.vault.put(
                .at("https://a.example/", "a\(number)", username: "{REF:U@O:needle}"),
                password: "{REF:P@O:needle}"
            )
        }
        await fixture.vault.put(
            .at("https://b.example/", "b", username: "boss"),
            password: "secret",
            fields: ["Tag": "needle"]
        )
        let before = await fixture.vault.openedSecrets
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLogins, Self.page)
        )
        #expect(exchange.reply.entries.allSatisfy { $0.login == "boss" })
        #expect(exchange.reply.entries.allSatisfy { $0.password == SecretBytes(utf8: "secret") })
        #expect(await fixture.vault.openedSecrets - before == 50 + 51)
    }

    @Test func `a reply that no client could take in is an error that says so`() async throws {
        let fixture = await fixture { $0.passwordsInGetAllLogins = true }
        let large = String(repeating: "x", count: 1 << 20)
        for number in 0..<33 {
            await fixture.vault.put(.at("https://x\(number).example/", "x"), password: large)
        }
        let exchange = try await fixture.verified(fixture.client, fixture.client.request(.getAllLogins))
        #expect(exchange.status == 200 && !exchange.reply.success && exchange.reply.entries.isEmpty)
        #expect(exchange.reply.error == "That is more than one answer can hold. Ask for less.")
    }

    @Test func `a save of more than a login ever holds is refused before anybody is asked`() async throws {
        let fixture = await OperationsFixture()
        let fields = (0...LoginDraft.mostFields).map { (key: "f\($0)", value: Optional("x")) }
        let bodies = [
            try fixture.client.request(.setLogin, Self.page, stringFields: fields),
            try fixture.client.request(
                .setLogin,
                ["Url": "https://a.example/", "Login": String(repeating: "x", count: 9000)]
            ),
            try fixture.client.request(
                .setLogin,
                Self.page,
                stringFields: [(key: String(repeating: "x", count: 300), value: "x")]
            ),
            try fixture.client.request(
                .setLogin,
                ["Url": "https://a.example/", "Password": String(repeating: "x", count: 70_000)]
            ),
        ]
        for body in bodies {
            let exchange = try await fixture.verified(fixture.client, body, .allow)
            #expect(exchange.status == 200 && !exchange.reply.success)
            #expect(exchange.reply.error?.contains("most") == true)
        }
        #expect(await fixture.asked().isEmpty)
        #expect(await fixture.vault.saves.isEmpty)
    }

    @Test(arguments: RequestType.allCases.filter { $0 != .associate })
    func `a mebibyte of combining marks is a text like any other`(type: RequestType) async throws {
        let marks = "https://a.example/?" + String(repeating: "\u{323}\u{301}", count: 130_000)
        let fixture = await fixture()
        for number in 0..<20 {
            await fixture.vault.put(.at("https://a.example/\(number)?\u{323}\u{301}", "\u{323}\u{301}"))
        }
        let texts = [marks, String(marks.unicodeScalars.dropFirst(19))]
        for text in texts {
            let body = try fixture.client.request(
                type,
                [
                    "Url": text, "SubmitUrl": text, "Realm": text, "SearchString": text, "Login": text,
                    "Name": text, "Password": text, "Uuid": text,
                ],
                names: [text, text + "a", "\u{323}\u{301}"],
                stringFields: [(key: text, value: text)]
            )
            _ = try await fixture.verified(fixture.client, body)
        }
    }

    @Test func `what was stored long ago is sorted and searched in no time, too`() async throws {
        let fixture = await fixture()
        let marks = String(repeating: "\u{323}\u{301}", count: 5000)
        // Nearly as long as an address may be.
        let address = "https://a.example/" + String(repeating: "\u{323}\u{301}", count: 2000)
        for number in 0..<20 {
            await fixture.vault.put(
                .at("\(address)\(number)", marks + "\(number)", username: marks + "\(number)")
            )
        }
        let page = try fixture.client.request(.getLogins, ["Url": address])
        #expect(try await fixture.verified(fixture.client, page).reply.entries.count == 20)
        let search = try fixture.client.request(.customSearch, ["SearchString": "\u{323}\u{301}\u{301}"])
        #expect(try await fixture.verified(fixture.client, search).reply.success)
        let all = try fixture.client.request(.getAllLogins)
        #expect(try await fixture.verified(fixture.client, all).reply.entries.count == 20)
    }
}
