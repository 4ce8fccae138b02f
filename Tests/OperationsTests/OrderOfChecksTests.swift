// SPDX-License-Identifier: Apache-2.0

import Approval
import KeePassHTTP
import SecretService
import Testing
import Vault

@testable import Operations

@Suite(.timeLimit(.minutes(1))) struct OrderOfChecksTests {
    @Test(arguments: ["", "{", "[]", "\"get-logins\"", "{\"RequestType\":\"get-logins\"", "\u{FEFF}nonsense"])
    func `what is no JSON object is a 400 that says so`(_ text: String) async throws {
        let fixture = await OperationsFixture()
        let exchange = try await fixture.verified(Array(text.utf8))
        #expect(exchange.status == 400)
        #expect(exchange.reply.success == false)
        #expect(exchange.reply.error?.hasPrefix("Malformed JSON") == true)
        #expect(exchange.reply.version == "2.3.1.0")
        #expect(exchange.reply.hash == MemoryVault.hash)
    }

    @Test func `a request without a type is a 400 that names it`() async throws {
        let exchange = try await OperationsFixture().verified(Array("{}".utf8))
        #expect(exchange.status == 400)
        #expect(exchange.reply.error == "Invalid request: RequestType: required")
    }

    @Test func `an unknown type is a 400 before anything is verified`() async throws {
        let fixture = await OperationsFixture()
        await fixture.clients.lock()
        let exchange = try await fixture.verified(Array("{\"RequestType\":\"make-coffee\"}".utf8))
        #expect(exchange.status == 400)
        #expect(exchange.reply.error == "Unknown command: make-coffee")
    }

    @Test(arguments: RequestType.allCases.filter { $0 != .testAssociate && $0 != .associate })
    func `who isn't verified learns nothing of what is missing or locked`(_ type: RequestType) async throws {
        let fixture = await OperationsFixture()
        await fixture.vault.lock()
        let stranger = TestClient(id: "firefox")
        let exchange = try await fixture.verified(stranger, stranger.request(type))
        #expect(exchange.status == 200)
        #expect(exchange.reply.error == "Couldn't verify request")
        #expect(exchange.reply.hash == MemoryVault.hash)
    }

    @Test(arguments: [
        (RequestType.getLogins, "Url"), (.getLoginsCount, "Url"), (.getLoginsByNames, "Names"),
        (.getLoginByUUID, "Uuid"), (.customSearch, "SearchString"), (.setLogin, "Url"),
    ])
    func `a required field is missed before the vault is found locked`(
        _ type: RequestType,
        _ field: String
    ) async throws {
        let fixture = await OperationsFixture()
        await fixture.vault.lock()
        let exchange = try await fixture.verified(fixture.client, fixture.client.request(type))
        #expect(exchange.status == 400)
        #expect(exchange.reply.error == "Invalid request: \(field): required")
    }

    @Test(arguments: [
        ("get-logins", "SubmitUrl"), ("get-logins", "Realm"), ("set-login", "Password"),
        ("set-login", "Uuid"),
    ])
    func `a field that doesn't decrypt counts before one that is missing`(
        _ type: String,
        _ field: String
    ) async throws {
        let fixture = await OperationsFixture()
        let request = try WireRequest(type, id: "firefox", key: fixture.client.key).with(field, "\"AAAA\"")
        let exchange = try await fixture.verified(request.bytes)
        #expect(exchange.status == 200)
        #expect(exchange.reply.error == "Couldn't verify request")
        #expect(await fixture.clients.strikes.count == 1)
    }

    @Test(arguments: [
        RequestType.getLogins, .getLoginsCount, .getLoginsByNames, .getLoginByUUID, .getAllLogins, .setLogin,
    ])
    func `a request for a locked vault is a 503`(_ type: RequestType) async throws {
        let fixture = await OperationsFixture()
        await fixture.vault.lock()
        let id = LoginID.random().hex
        let body = try fixture.client.request(type, ["Url": "https://a.example/", "Uuid": id], names: ["a"])
        let exchange = try await fixture.verified(fixture.client, body)
        #expect(exchange.status == 503)
        #expect(exchange.reply.error == "Database locked")
        #expect(exchange.reply.hash == MemoryVault.hash)
        #expect(await fixture.asked().isEmpty)
    }

    @Test func `a locked keyring is a 503, too, for nobody can be verified`() async throws {
        let fixture = await OperationsFixture()
        await fixture.clients.lock()
        let exchange = try await fixture.verified(fixture.client, fixture.client.request(.getAllLogins))
        #expect(exchange.status == 503)
        #expect(exchange.reply.error == "Database locked")
    }

    @Test func `a keyring that is away is a 503 that says what to do`() async throws {
        let fixture = await OperationsFixture()
        await fixture.clients.fail(with: .noProvider)
        let exchange = try await fixture.verified(fixture.client, fixture.client.request(.getAllLogins))
        #expect(exchange.status == 503)
        #expect(exchange.reply.success == false)
        #expect(exchange.reply.error?.isEmpty == false)
        #expect(exchange.reply.error != "Database locked")
    }

    @Test func `what went wrong in a vault stays in the log`() async throws {
        let fixture = await OperationsFixture()
        await fixture.vault.fail(with: .failed("/home/me/secret.kdbx: broken"))
        let exchange = try await fixture.verified(fixture.client, fixture.client.request(.getAllLogins))
        #expect(exchange.reply.success == false)
        #expect(!exchange.body.contains("secret.kdbx"))
        #expect(exchange.reply.error?.isEmpty == false)
    }

    @Test func `the first vault's lock does not keep the others closed`() async throws {
        let second = MemoryVault("Second")
        await second.put(.at("https://a.example/", "a", allow: ["a.example"]))
        let fixture = await OperationsFixture(others: [second])
        await fixture.vault.lock()
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.getLogins, ["Url": "https://a.example/"])
        )
        #expect(exchange.titles == ["a"])
    }

    @Test(arguments: [
        (RequestType.getLogins, "Url"), (.getLogins, "Realm"), (.getLoginsByNames, "Names"),
        (.getLoginByUUID, "Uuid"), (.customSearch, "SearchString"), (.setLogin, "Name"),
    ])
    func `a text with a NUL in it is refused by a sentence that says which, and is no failure to decrypt`(
        _ type: RequestType,
        _ field: String
    ) async throws {
        let fixture = await OperationsFixture()
        let body =
            switch field {
            case "Names": try fixture.client.request(type, names: ["a\u{0}b"])
            case "Realm": try fixture.client.request(type, ["Url": "https://a.example/", field: "a\u{0}b"])
            default: try fixture.client.request(type, [field: "https://a.example/\u{0}x"])
            }
        let exchange = try await fixture.verified(fixture.client, body)
        #expect(exchange.status == 400)
        #expect(exchange.reply.error == "Invalid request: \(field): a text can't have a NUL character in it")
        #expect(await fixture.clients.strikes.isEmpty)
        #expect(await fixture.asked().isEmpty)
    }

    @Test(arguments: [RequestType.setLogin, .getAllLogins])
    func `too many questions are told before a locked vault, to what would have to ask`(
        _ type: RequestType
    ) async throws {
        var limits = ApprovalLimits()
        (limits.total, limits.waitingTotal) = (0, 0)
        let fixture = await OperationsFixture(limits: limits)
        await fixture.vault.lock()
        let body = try fixture.client.request(type, ["Url": "https://a.example/", "Login": "me"])
        let exchange = try await fixture.verified(fixture.client, body)
        #expect(exchange.status == 200)
        #expect(exchange.reply.error == "Too many questions are waiting")

        let trusting = await OperationsFixture(
            rules: { ($0.saving, $0.bulkAccess) = (.never, .never) },
            limits: limits
        )
        await trusting.vault.lock()
        let asksNothing = try trusting.client.request(type, ["Url": "https://a.example/", "Login": "me"])
        #expect(try await trusting.verified(trusting.client, asksNothing).status == 503)
    }
}
