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
        let scene = await Scene()
        let rung = try await scene.verified(Array(text.utf8))
        #expect(rung.status == 400)
        #expect(rung.reply.success == false)
        #expect(rung.reply.error?.hasPrefix("Malformed JSON") == true)
        #expect(rung.reply.version == "2.3.1.0")
        #expect(rung.reply.hash == MemoryVault.hash)
    }

    @Test func `a request without a type is a 400 that names it`() async throws {
        let rung = try await Scene().verified(Array("{}".utf8))
        #expect(rung.status == 400)
        #expect(rung.reply.error == "Invalid request: RequestType: required")
    }

    @Test func `an unknown type is a 400 before anything is verified`() async throws {
        let scene = await Scene()
        await scene.clients.lock()
        let rung = try await scene.verified(Array("{\"RequestType\":\"make-coffee\"}".utf8))
        #expect(rung.status == 400)
        #expect(rung.reply.error == "Unknown command: make-coffee")
    }

    @Test(arguments: RequestType.allCases.filter { $0 != .testAssociate && $0 != .associate })
    func `who isn't verified learns nothing of what is missing or locked`(_ type: RequestType) async throws {
        let scene = await Scene()
        await scene.vault.lock()
        let stranger = TestClient(id: "firefox")
        let rung = try await scene.verified(stranger, stranger.request(type))
        #expect(rung.status == 200)
        #expect(rung.reply.error == "Couldn't verify request")
        #expect(rung.reply.hash == MemoryVault.hash)
    }

    @Test(arguments: [
        (RequestType.getLogins, "Url"), (.getLoginsCount, "Url"), (.getLoginsByNames, "Names"),
        (.getLoginByUUID, "Uuid"), (.customSearch, "SearchString"), (.setLogin, "Url"),
    ])
    func `a required field is missed before the vault is found locked`(
        _ type: RequestType,
        _ field: String
    ) async throws {
        let scene = await Scene()
        await scene.vault.lock()
        let rung = try await scene.verified(scene.guest, scene.guest.request(type))
        #expect(rung.status == 400)
        #expect(rung.reply.error == "Invalid request: \(field): required")
    }

    @Test(arguments: [
        ("get-logins", "SubmitUrl"), ("get-logins", "Realm"), ("set-login", "Password"),
        ("set-login", "Uuid"),
    ])
    func `a field that doesn't decrypt counts before one that is missing`(
        _ type: String,
        _ field: String
    ) async throws {
        let scene = await Scene()
        let request = try WireRequest(type, id: "firefox", key: scene.guest.key).with(field, "\"AAAA\"")
        let rung = try await scene.verified(request.bytes)
        #expect(rung.status == 200)
        #expect(rung.reply.error == "Couldn't verify request")
        #expect(await scene.clients.strikes.count == 1)
    }

    @Test(arguments: [
        RequestType.getLogins, .getLoginsCount, .getLoginsByNames, .getLoginByUUID, .getAllLogins, .setLogin,
    ])
    func `a request for a locked vault is a 503`(_ type: RequestType) async throws {
        let scene = await Scene()
        await scene.vault.lock()
        let id = LoginID.random().hex
        let body = try scene.guest.request(type, ["Url": "https://a.example/", "Uuid": id], names: ["a"])
        let rung = try await scene.verified(scene.guest, body)
        #expect(rung.status == 503)
        #expect(rung.reply.error == "Database locked")
        #expect(rung.reply.hash == MemoryVault.hash)
        #expect(await scene.asked().isEmpty)
    }

    @Test func `a locked keyring is a 503, too, for nobody can be verified`() async throws {
        let scene = await Scene()
        await scene.clients.lock()
        let rung = try await scene.verified(scene.guest, scene.guest.request(.getAllLogins))
        #expect(rung.status == 503)
        #expect(rung.reply.error == "Database locked")
    }

    @Test func `a keyring that is away is a 503 that says what to do`() async throws {
        let scene = await Scene()
        await scene.clients.fail(with: .noProvider)
        let rung = try await scene.verified(scene.guest, scene.guest.request(.getAllLogins))
        #expect(rung.status == 503)
        #expect(rung.reply.success == false)
        #expect(rung.reply.error?.isEmpty == false)
        #expect(rung.reply.error != "Database locked")
    }

    @Test func `what went wrong in a vault stays in the log`() async throws {
        let scene = await Scene()
        await scene.vault.fail(with: .failed("/home/me/secret.kdbx: broken"))
        let rung = try await scene.verified(scene.guest, scene.guest.request(.getAllLogins))
        #expect(rung.reply.success == false)
        #expect(!rung.body.contains("secret.kdbx"))
        #expect(rung.reply.error?.isEmpty == false)
    }

    @Test func `the first vault's lock does not keep the others closed`() async throws {
        let second = MemoryVault("Second")
        await second.put(.at("https://a.example/", "a", allow: ["a.example"]))
        let scene = await Scene(others: [second])
        await scene.vault.lock()
        let rung = try await scene.verified(
            scene.guest,
            scene.guest.request(.getLogins, ["Url": "https://a.example/"])
        )
        #expect(rung.titles == ["a"])
    }

    @Test(arguments: [
        (RequestType.getLogins, "Url"), (.getLogins, "Realm"), (.getLoginsByNames, "Names"),
        (.getLoginByUUID, "Uuid"), (.customSearch, "SearchString"), (.setLogin, "Name"),
    ])
    func `a text with a NUL in it is refused by a sentence that says which, and is no failure to decrypt`(
        _ type: RequestType,
        _ field: String
    ) async throws {
        let scene = await Scene()
        let body =
            switch field {
            case "Names": try scene.guest.request(type, names: ["a\u{0}b"])
            case "Realm": try scene.guest.request(type, ["Url": "https://a.example/", field: "a\u{0}b"])
            default: try scene.guest.request(type, [field: "https://a.example/\u{0}x"])
            }
        let rung = try await scene.verified(scene.guest, body)
        #expect(rung.status == 400)
        #expect(rung.reply.error == "Invalid request: \(field): a text can't have a NUL character in it")
        #expect(await scene.clients.strikes.isEmpty)
        #expect(await scene.asked().isEmpty)
    }

    @Test(arguments: [RequestType.setLogin, .getAllLogins])
    func `too many questions are told before a locked vault, to what would have to ask`(
        _ type: RequestType
    ) async throws {
        var limits = ApprovalLimits()
        (limits.total, limits.waitingTotal) = (0, 0)
        let scene = await Scene(limits: limits)
        await scene.vault.lock()
        let body = try scene.guest.request(type, ["Url": "https://a.example/", "Login": "me"])
        let rung = try await scene.verified(scene.guest, body)
        #expect(rung.status == 200)
        #expect(rung.reply.error == "Too many questions are waiting")

        let trusting = await Scene(
            rules: { ($0.saving, $0.bulkAccess) = (.never, .never) },
            limits: limits
        )
        await trusting.vault.lock()
        let asksNothing = try trusting.guest.request(type, ["Url": "https://a.example/", "Login": "me"])
        #expect(try await trusting.verified(trusting.guest, asksNothing).status == 503)
    }
}
