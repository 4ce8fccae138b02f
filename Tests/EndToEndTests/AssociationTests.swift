// SPDX-License-Identifier: Apache-2.0

import Foundation
import KeePassHTTP
import SecureMemory
import TestSupport
import Testing

struct AssociationTests {
    @Test func `an allowed client is known from then on, also after the daemon is killed`() async throws {
        let session = try await DaemonSession()
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        #expect(client.id == "firefox")
        #expect(try await client.ask(.testAssociate).success)

        try session.daemon.kill()
        _ = try await session.daemon.end()
        try await session.start()
        #expect(try await client.ask(.testAssociate).success)
    }

    @Test func `the key is an item that secret-tool prints, and deleting it there revokes at once`()
        async throws
    {
        let session = try await DaemonSession()
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        let lookup = ["lookup", "xdg:schema", "org.keybell.ClientKey", "id", "firefox"]
        let found = try await session.run(
            "secret-tool",
            lookup[0],
            lookup[1],
            lookup[2],
            lookup[3],
            lookup[4]
        )
        #expect(found.output == client.key.base64().exposedText())

        _ = try await session.run(
            "secret-tool",
            "clear",
            "xdg:schema",
            "org.keybell.ClientKey",
            "id",
            "firefox"
        )
        #expect(try await !client.ask(.testAssociate).success)
    }

    @Test func `deleting the item takes back what the client waits for`() async throws {
        let session = try await DaemonSession()
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        _ = try await client.save("https://example.org/", login: "alice", password: "geheim")
        async let reply = client.ask(.getLogins, [("Url", "https://example.org/")])
        let question = try await BusAnswerer(session).question()
        let path = ["xdg:schema", "org.keybell.ClientKey", "id", "firefox"]
        _ = try await session.run("secret-tool", "clear", path[0], path[1], path[2], path[3])
        let told = try await reply
        #expect(!told.success && told.entries.isEmpty)
        #expect(try await BusAnswerer(session).questions().isEmpty)
        #expect(try await session.keybell("allow", question.code).status == 1)
    }

    @Test func `what was granted to a key goes with its item`() async throws {
        let session = try await DaemonSession()
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        _ = try await client.save("https://example.org/", login: "alice", password: "geheim")
        let url = [(name: "Url", value: "https://example.org/")]
        async let allowed = client.ask(.getLogins, url)
        let question = try await BusAnswerer(session).question()
        #expect(try await session.keybell("allow", question.code, "--scope", "always").status == 0)
        #expect(try await allowed.entries.count == 1)
        #expect(try await client.ask(.getLogins, url).entries.count == 1)

        let schemas = ["org.keybell.ClientKey", "org.keybell.Grants"]
        func stored() async throws -> String {
            try await session.run("secret-tool", "search", "--all", "xdg:schema", schemas[1]).output
        }
        #expect(try await !stored().isEmpty)
        _ = try await session.run("secret-tool", "clear", "xdg:schema", schemas[0], "id", "firefox")
        for _ in 0..<100 where try await !stored().isEmpty { try await Task.sleep(for: .milliseconds(50)) }
        #expect(try await stored().isEmpty)

        let again = ClientProgram(session, key: client.key)
        let reply = try await BusAnswerer(session).answering(["id": "firefox"]) {
            try await again.ask(.associate)
        }
        #expect(reply.id == "firefox")
        async let asked = client.ask(.getLogins, url)
        let second = try await BusAnswerer(session).question()
        #expect(try await session.keybell("deny", second.code).status == 0)
        #expect(try await asked.entries.isEmpty)
    }

    @Test func `what was granted to a key goes at the start where its item went before`() async throws {
        let session = try await DaemonSession()
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        _ = try await client.save("https://example.org/", login: "alice", password: "geheim")
        async let allowed = client.ask(.getLogins, [(name: "Url", value: "https://example.org/")])
        let question = try await BusAnswerer(session).question()
        #expect(try await session.keybell("allow", question.code, "--scope", "always").status == 0)
        #expect(try await allowed.entries.count == 1)
        let other = try await ClientProgram.associated(with: session, as: "chrome")
        func stored() async throws -> String {
            try await session.run("secret-tool", "search", "--all", "xdg:schema", "org.keybell.Grants")
                .output
        }
        #expect(try await !stored().isEmpty)
        try await session.stop()
        try await session.start()
        // Whoever has a key keeps what was granted to it.
        _ = try await other.ask(.testAssociate)
        #expect(try await !stored().isEmpty)
        try await session.stop()
        _ = try await session.run(
            "secret-tool",
            "clear",
            "xdg:schema",
            "org.keybell.ClientKey",
            "id",
            "firefox"
        )
        try await session.start()
        _ = try await eventually("the end of the grant") { try await stored().isEmpty ? () : nil }
    }

    @Test func `the Hash that a client was told outlives the state folder`() async throws {
        let session = try await DaemonSession()
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        let hash = try #require(try await client.ask(.testAssociate).hash)
        let kept = ["search", "--all", "xdg:schema", "org.keybell.LoginExtra", "uuid", "vault"]
        for _ in 0..<100 {
            let found = try await ChildProcess.run(
                "secret-tool",
                kept,
                environment: session.bus.environment
            )
            if (found.output + found.errors).contains("org.keybell.LoginExtra") { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        try await session.stop()
        try FileManager.default.removeItem(atPath: session.bus.folder.path("state/keybell"))
        try await session.start()
        #expect(try await client.ask(.testAssociate).hash == hash)
    }

    @Test func `two profiles of a browser don't take each other's question away`() async throws {
        let session = try await DaemonSession()
        let (bodies, answerer) = (try [associateBody(), associateBody()], BusAnswerer(session))
        // Firefox gives an extension another id in each profile.
        let origins = ["Origin: moz-extension://4ff2fb68", "Origin: moz-extension://92aa01c7"]
        async let first = session.send(bodies[0], headers: [origins[0]])
        let one = try await answerer.question()
        async let second = session.send(bodies[1], headers: [origins[1]])
        let other = try await eventually("the other question") {
            try await answerer.questions().first { $0.code != one.code }
        }
        #expect(try await answerer.questions().contains { $0.code == one.code })
        for (code, id) in [(one.code, "home"), (other.code, "work")] {
            #expect(try await session.keybell("allow", code, "--id", id).status == 0)
        }
        #expect(try await first.json["Id"] as? String == "home")
        #expect(try await second.json["Id"] as? String == "work")
    }

    @Test func `where they can't be told apart the first is told to try again, and then both are let in`()
        async throws
    {
        let session = try await DaemonSession()
        let (bodies, answerer) = (try [associateBody(), associateBody()], BusAnswerer(session))
        // Chromium's have one id.
        let origin = "Origin: chrome-extension://jgnfghanfbjmimbdmnjfofnbcgpkbegj"
        async let first = session.send(bodies[0], headers: [origin])
        _ = try await answerer.question()
        async let second = session.send(bodies[1], headers: [origin])
        let told = try await first.json
        #expect(told["Success"] as? Bool == false)
        #expect((told["Error"] as? String)?.contains("Try again") == true)
        let work = try await answerer.question().code
        #expect(try await session.keybell("allow", work, "--id", "work").status == 0)
        #expect(try await second.json["Id"] as? String == "work")
        async let again = session.send(bodies[0], headers: [origin])
        let home = try await answerer.question().code
        #expect(try await session.keybell("allow", home, "--id", "home").status == 0)
        #expect(try await again.json["Id"] as? String == "home")
    }

    @Test func `a denied client gets no Id and nothing is stored`() async throws {
        let session = try await DaemonSession()
        let client = ClientProgram(session)
        let reply = try await BusAnswerer(session).answering(decision: "deny") {
            try await client.ask(.associate)
        }
        #expect(!reply.success)
        #expect(reply.id == nil)
        #expect(reply.hash?.count == 40)
        let stored = try await session.run(
            "secret-tool",
            "search",
            "--all",
            "xdg:schema",
            "org.keybell.ClientKey"
        )
        #expect(stored.output.isEmpty)
    }

    @Test func `another key under a taken Id overwrites only when that is allowed, too`() async throws {
        let session = try await DaemonSession()
        let first = try await ClientProgram.associated(with: session, as: "firefox")
        let second = ClientProgram(session, id: "firefox")
        let kinds = AskedKinds()
        let reply = try await BusAnswerer(session).answering(seen: { kinds.note($0) }) {
            try await second.ask(.associate)
        }
        #expect(reply.id == "firefox")
        #expect(kinds.all == ["associate", "overwrite"])
        #expect(try await second.ask(.testAssociate).success)
        #expect(try await !first.ask(.testAssociate).success)
    }

    @Test func `a denied overwrite brings the question back with a free name`() async throws {
        let session = try await DaemonSession()
        let first = try await ClientProgram.associated(with: session, as: "firefox")
        let second = ClientProgram(session, id: "firefox")
        let kinds = AskedKinds()
        let reply = try await BusAnswerer(session).answering(
            seen: { kinds.kind($0) == "overwrite" ? "deny" : nil }
        ) {
            try await second.ask(.associate)
        }
        #expect(kinds.all == ["associate", "overwrite", "associate"])
        #expect(reply.id == "firefox-2")
        #expect(try await first.ask(.testAssociate).success)
    }

    @Test func `the same key again is let in silently`() async throws {
        let session = try await DaemonSession()
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        let reply = try await client.ask(.associate)
        #expect(reply.success && reply.id == "firefox")
    }

    @Test func `a verifier that doesn't fit its key asks nobody`() async throws {
        let session = try await DaemonSession()
        let client = ClientProgram(session)
        let body = String(decoding: try client.body(.associate), as: UTF8.self)
        let key = try #require(client.key.base64().exposedText())
        let other = try #require(ClientKey.random().base64().exposedText())
        let forged = body.replacing(key, with: other)
        #expect(forged != body)
        let reply = try await session.send(Array(forged.utf8))
        #expect(reply.status == 200)
        #expect(try reply.json["Success"] as? Bool == false)
        #expect(try await BusAnswerer(session).questions().isEmpty)
    }

    @Test func `a ping without Id gets the Hash and Success false`() async throws {
        let session = try await DaemonSession()
        let reply = try await session.send(OutgoingRequest.ping())
        #expect(reply.status == 200)
        #expect(try reply.json["Success"] as? Bool == false)
        #expect(try (reply.json["Hash"] as? String)?.count == 40)
        #expect(try reply.json["Version"] as? String == "2.3.1.0")
    }
}
