// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import Testing

@testable import Operations

/// Long requests are decrypted where they hold up nobody.
@Suite(.timeLimit(.minutes(1))) struct LongRequestTests {
    @Test(arguments: [(10, false), (100_000, true)])
    func `a long request is decrypted beside the thread that serves, whoever may have sent it`(
        length: Int,
        isLong: Bool
    ) async throws {
        let client = TestClient(id: "firefox", caller: .named("firefox", 100))
        let url = String(repeating: "a", count: length)
        let request = try Request.parse(client.request(.getLogins, ["Url": url]))
        let signature = try #require(request.signature)
        let coder = MessageCoder()
        for key in [client.key, ClientKey.random(), nil] {
            let requester = CachedRequester(KnownRequester(known: client.caller))
            let opening = MessageOpening(request, signature, key: key)
            let open = coder.opener(of: request, from: requester)
            #expect((open != nil) == isLong)
            let opened = if let open { await open(opening) } else { opening.run() }
            #expect(opened.hasWaited == isLong)
            #expect((opened.message != nil) == (key == client.key))
            #expect(opened.fields?.text("Url") == (key == client.key ? url : nil))
        }
    }

    @Test func `a long request is answered like a short one`() async throws {
        let fixture = await OperationsFixture()
        await fixture.vault.put(.at("https://a.example/", "a"))
        let url = "https://a.example/?" + String(repeating: "x", count: 100_000)
        let body = try fixture.client.request(.getLogins, ["Url": url])
        #expect(try await fixture.verified(fixture.client, body, .allow).titles == ["a"])
        for (id, key) in [("nobody", fixture.client.key), ("firefox", ClientKey.random())] {
            let wrong = try WireRequest("get-logins", id: id, key: key, ["Url": url])
            #expect(try await fixture.verified(wrong.bytes).body == UniformFailureTests.one)
        }
    }
}
