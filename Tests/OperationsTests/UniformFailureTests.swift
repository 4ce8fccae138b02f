// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import Testing
import Vault

/// Every failure to verify or decrypt looks the same: nobody outside may learn which it was.
@Suite(.timeLimit(.minutes(1))) struct UniformFailureTests {
    /// The ways to spoil a good get-logins.
    enum Damage: String, CaseIterable, Sendable {
        case unknownID, noID, emptyID, wrongKey
        case nonceNoBase64, nonceShort, nonceLong, nonceOther, nonceAbsent, nonceNumber
        case verifierNoBase64, verifierShort, verifierOther, verifierAbsent, verifierObject
        case hmacNoBase64, hmacShort, hmacOther, hmacNumber
        case fieldNoBase64, fieldHalfBlock, fieldOfAnotherKey, fieldNumber, fieldArray, fieldEmptyObject
        case optionalFieldNoBase64, optionalFieldOfAnotherKey

        func spoil(_ good: WireRequest) throws -> WireRequest {
            let key = ClientKey.random()
            let other = try WireRequest("get-logins", id: "firefox", key: key, ["Url": "https://a.example/"])
            switch self {
            case .unknownID: return good.with("Id", "\"nobody\"")
            case .noID: return good.with("Id", nil)
            case .emptyID: return good.with("Id", "\"\"")
            case .wrongKey: return other
            case .nonceNoBase64: return good.with("Nonce", "\"%%%\"")
            case .nonceShort: return good.with("Nonce", "\"AAAA\"")
            case .nonceLong: return good.with("Nonce", "\"2WQ4Hm9lUjRU0CXje3CeZNlkOB5vZVI0VNAl43twnmQ=\"")
            case .nonceOther: return good.with("Nonce", other["Nonce"])
            case .nonceAbsent: return good.with("Nonce", nil)
            case .nonceNumber: return good.with("Nonce", "7")
            case .verifierNoBase64: return good.with("Verifier", "\"%%%\"")
            case .verifierShort: return good.with("Verifier", "\"AAAA\"")
            case .verifierOther: return good.with("Verifier", other["Verifier"])
            case .verifierAbsent: return good.with("Verifier", nil)
            case .verifierObject: return good.with("Verifier", "{}")
            case .hmacNoBase64: return good.with("Hmac", "\"%%%\"")
            case .hmacShort: return good.with("Hmac", "\"AAAA\"")
            case .hmacOther: return good.with("Hmac", other["Hmac"])
            case .hmacNumber: return good.with("Hmac", "7")
            case .fieldNoBase64: return good.with("Url", "\"%%%\"")
            case .fieldHalfBlock: return good.with("Url", "\"AAAAAAAAAAA=\"")
            case .fieldOfAnotherKey: return good.with("Url", other["Url"])
            case .fieldNumber: return good.with("Url", "7")
            case .fieldArray: return good.with("Url", "[]")
            case .fieldEmptyObject: return good.with("Url", "{}")
            case .optionalFieldNoBase64: return good.with("Realm", "\"%%%\"")
            case .optionalFieldOfAnotherKey: return good.with("SubmitUrl", other["Url"])
            }
        }
    }

    static let one =
        "{\"RequestType\":\"get-logins\",\"Success\":false,\"Version\":\"2.3.1.0\",\"Hash\":\"\(MemoryVault.hash)\","
        + "\"Error\":\"Couldn't verify request\"}"

    @Test(arguments: Damage.allCases)
    func `a spoilt request gets the one answer, byte for byte`(_ spoilt: Damage) async throws {
        let fixture = await OperationsFixture()
        await fixture.vault.put(.at("https://a.example/", "a"))
        let good = try WireRequest(
            "get-logins",
            id: "firefox",
            key: fixture.client.key,
            ["Url": "https://a.example/"]
        )
        let exchange = try await fixture.verified(spoilt.spoil(good).bytes)
        #expect(exchange.status == 200)
        #expect(exchange.body == Self.one)
        #expect(await fixture.asked().isEmpty)
    }

    @Test func `the request that these are made from is a good one`() async throws {
        let fixture = await OperationsFixture()
        let good = try WireRequest(
            "get-logins",
            id: "firefox",
            key: fixture.client.key,
            ["Url": "https://a.example/"]
        )
        let exchange = try await fixture.verified(good.bytes, key: fixture.client.key)
        #expect(exchange.reply.success)
    }

    @Test func `a field that doesn't decrypt counts against its nonce, a bad signature doesn't`() async throws
    {
        let fixture = await OperationsFixture()
        let good = try WireRequest(
            "get-logins",
            id: "firefox",
            key: fixture.client.key,
            ["Url": "https://a.example/"]
        )
        _ = try await fixture.verified(good.with("Verifier", "\"AAAA\"").bytes)
        #expect(await fixture.clients.strikes.isEmpty)
        _ = try await fixture.verified(good.with("Url", "\"AAAA\"").bytes)
        #expect(await fixture.clients.strikes.map { "\"\($0)\"" } == [good["Nonce"]])
    }

    @Test func `a string field that doesn't decrypt looks just the same`() async throws {
        let fixture = await OperationsFixture()
        let good = try WireRequest(
            "set-login",
            id: "firefox",
            key: fixture.client.key,
            ["Url": "https://a.example/"]
        )
        for fields in ["{\"%%%\":\"%%%\"}", "{\"AAAA\":null}", "[]", "7", "{\"AAAA\":7}"] {
            let exchange = try await fixture.verified(good.with("StringFields", fields).bytes)
            #expect(exchange.body == Self.one.replacing("get-logins", with: "set-login"))
        }
        #expect(await fixture.vault.saves.isEmpty)
    }

    @Test func `names that don't decrypt look just the same`() async throws {
        let fixture = await OperationsFixture()
        let good = try WireRequest("get-logins-by-names", id: "firefox", key: fixture.client.key)
        for names in ["[\"%%%\"]", "{}", "7", "[7]"] {
            let exchange = try await fixture.verified(good.with("Names", names).bytes)
            #expect(exchange.body == Self.one.replacing("get-logins", with: "get-logins-by-names"))
        }
    }

    @Test func `a save that was sent before is refused, looking just the same`() async throws {
        let fixture = await OperationsFixture()
        let body = try fixture.client.request(.setLogin, ["Url": "https://a.example/", "Login": "me"])
        #expect(try await fixture.verified(fixture.client, body, .allow).reply.success)
        let again = try await fixture.verified(body)
        #expect(again.body == Self.one.replacing("get-logins", with: "set-login"))
        #expect(await fixture.vault.saves.count == 1)
    }

    @Test func `a save that can't be noted down changes nothing, and says why`() async throws {
        let fixture = await OperationsFixture()
        await fixture.clients.stopRecording()
        let body = try fixture.client.request(.setLogin, ["Url": "https://a.example/", "Login": "me"])
        let exchange = try await fixture.verified(fixture.client, body)
        #expect(exchange.status == 200)
        #expect(exchange.reply.success == false)
        #expect(exchange.reply.error?.hasPrefix("Nothing was changed") == true)
        #expect(await fixture.asked().isEmpty)
        #expect(await fixture.vault.saves.isEmpty)
    }
}
