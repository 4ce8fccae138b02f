// SPDX-License-Identifier: Apache-2.0

import Foundation
import KeePassHTTP
import SecureMemory
import TestSupport
import Testing

/// What the clients in use need of a reply.
struct ReplyQuirkTests {
    private static let page = "https://example.org/"

    private func save(_ client: ClientWithoutHmac, _ fields: KeyValuePairs<String, String>) async throws {
        #expect(try await client.ask("set-login", fields).success)
    }

    @Test func `a ping, signed or not, by anyone, gets 200 with Hash and Version`() async throws {
        let session = try await DaemonSession()
        let client = try await ClientWithoutHmac.associated(with: session)
        let stranger = ClientKey.random()
        let pings: [[UInt8]] = [
            OutgoingRequest.ping(),
            Array(#"{"RequestType":"test-associate"}"#.utf8),
            try HandwrittenRequest("test-associate", key: stranger).bytes,
            try HandwrittenRequest("test-associate", id: "nobody", key: stranger).bytes,
            try HandwrittenRequest("test-associate", id: client.id, key: stranger).bytes,
            try client.request("test-associate").with("Verifier", #""""#).bytes,
            try client.request("test-associate").with("Nonce", #""AA==""#).bytes,
            try client.request("test-associate").with("Verifier", "null").bytes,
        ]
        for ping in pings {
            let reply = try await session.send(ping)
            #expect(reply.status == 200)
            #expect(try reply.json["Success"] as? Bool == false)
            #expect(try (reply.json["Hash"] as? String)?.count == 40)
            let version = try #require(try reply.json["Version"] as? String)
            #expect((Int(version.replacing(".", with: "")) ?? 0) >= 1400)
            for name in ["Nonce", "Verifier", "Hmac", "Id"] { #expect(try reply.json[name] == nil) }
        }
    }

    @Test func `every success repeats the Id and the Hash, and is signed`() async throws {
        let session = try await DaemonSession.trusting()
        let client = try await ClientWithoutHmac.associated(with: session)
        try await save(client, ["Url": Self.page, "Login": "alice", "Password": "geheim"])
        let hash = try #require(try await session.send(OutgoingRequest.ping()).json["Hash"] as? String)
        let letters = [
            try client.request("test-associate"),
            try client.request("get-logins", ["Url": Self.page]),
            try client.request("get-logins-count", ["Url": Self.page]),
            try client.request("get-all-logins"),
            try client.request("get-logins-custom-search", ["SearchString": "alice"]),
            try client.request("generate-password"),
            try client.request("set-login", ["Url": Self.page, "Login": "bob", "Password": "neu"]),
            try HandwrittenRequest.associate(client.key, id: HandwrittenRequest.text(client.id)),
        ]
        for request in letters {
            let reply = try await session.send(request.bytes)
            let type = request["RequestType"] ?? ""
            let json = try reply.json
            #expect(reply.status == 200)
            #expect(String(decoding: reply.body, as: UTF8.self).contains(#""Success":true"#), "\(type)")
            #expect(json["Id"] as? String == client.id, "\(type)")
            #expect(json["Hash"] as? String == hash, "\(type)")
            #expect((json["Nonce"] as? String)?.count == 24, "\(type)")
            #expect((json["Verifier"] as? String)?.count == 44, "\(type)")
            #expect(json["Error"] == nil)
            // Throws if the verifier isn't the nonce's.
            #expect(try IncomingReply(parsing: reply.body, key: client.key).success)
        }
    }

    @Test func `get-logins counts, and has Entries also when nothing matches`() async throws {
        let session = try await DaemonSession.trusting()
        let client = try await ClientWithoutHmac.associated(with: session)
        try await save(client, ["Url": Self.page, "Login": "alice", "Password": "geheim"])
        for (url, count) in [(Self.page, 1), ("https://example.net/", 0)] {
            let reply = try await session.send(try client.request("get-logins", ["Url": url]).bytes)
            #expect(try reply.json["Count"] as? Int == count)
            #expect(try (reply.json["Entries"] as? [any Sendable])?.count == count)
        }
    }

    @Test func `an entry without user name and password has them all the same, encrypted`() async throws {
        let session = try await DaemonSession.trusting()
        let client = try await ClientWithoutHmac.associated(with: session)
        try await save(client, ["Url": Self.page, "Name": "Empty"])
        let reply = try await session.send(try client.request("get-logins", ["Url": Self.page]).bytes)
        let entries = try #require(try reply.json["Entries"] as? [[String: any Sendable]])
        let entry = try #require(entries.first)
        for name in ["Login", "Password", "Uuid", "Name"] {
            let text = try #require(entry[name] as? String, "\(name)")
            // A block at least: an empty text is a block of padding.
            #expect((SecretBytes(base64: text)?.count ?? 0) >= 16, "\(name)")
        }
        #expect(entry["StringFields"] == nil)
        let read = try IncomingReply(parsing: reply.body, key: client.key)
        #expect(read.entries.map(\.name) == ["Empty"])
        #expect(read.entries.map(\.login) == [""])
    }

    @Test func `the best match comes first`() async throws {
        let session = try await DaemonSession.trusting()
        let client = try await ClientWithoutHmac.associated(with: session)
        try await save(client, ["Url": "https://www.host.com/path1", "Name": "SubPath1", "Login": "a"])
        try await save(client, ["Url": "https://www.host.com/path2", "Name": "SubPath2", "Login": "b"])
        let found = try await client.ask(
            "get-logins",
            ["Url": "https://www.host.com/", "SubmitUrl": "https://www.host.com/path2?x=1"]
        )
        #expect(found.entries.map(\.name) == ["SubPath2", "SubPath1"])
    }

    @Test func `groups are left out for a client whose library can't take them`() async throws {
        let session = try await DaemonSession.trusting("[[client]]\nid = \"perl\"\ngroups = false\n")
        let perl = try await ClientWithoutHmac.associated(with: session, as: "perl")
        let other = try await ClientWithoutHmac.associated(with: session, as: "other")
        try await save(perl, ["Url": Self.page, "Login": "alice", "Password": "geheim"])
        for (client, hasGroup) in [(perl, false), (other, true)] {
            let reply = try await session.send(try client.request("get-logins", ["Url": Self.page]).bytes)
            let entry = try #require((try reply.json["Entries"] as? [[String: any Sendable]])?.first)
            #expect((entry["Group"] != nil) == hasGroup)
        }
    }

    @Test func `others are served while a question is open, and an unknown type at once`() async throws {
        let session = try await DaemonSession()
        let client = try await ClientWithoutHmac.associated(with: session)
        _ = try await ClientProgram(session, id: client.id, key: client.key)
            .save(Self.page, login: "alice", password: "geheim")
        // Whoever has sent an Hmac once is held to it.
        let signed = ClientProgram(session, id: client.id, key: client.key)
        let waiting = Task { try await signed.ask(.getLogins, [("Url", Self.page)]) }
        let question = try await BusAnswerer(session).question()
        #expect(question.kind == "release")

        #expect(try await signed.ask(.testAssociate).success)
        #expect(try await signed.ask(.getLoginsCount, [("Url", Self.page)]).count == 1)
        let unknown = try await session.send(Array(#"{"RequestType":"get-everything"}"#.utf8))
        #expect(unknown.status == 400)
        #expect(try await BusAnswerer(session).questions().map(\.code) == [question.code])

        let allowed = try await session.keybell("allow", question.code)
        #expect(allowed.status == 0, "\(allowed)")
        #expect(try await waiting.value.entries.map(\.login) == ["alice"])
    }

    @Test func `a locked keyring is 503, and only pings go on`() async throws {
        let session = try await DaemonSession.trusting()
        let client = try await ClientWithoutHmac.associated(with: session)
        try await session.keyring?.lock()
        for request in [
            try client.request("get-logins", ["Url": Self.page]),
            try client.request("set-login", ["Url": Self.page, "Login": "a"]),
            try client.request("generate-password"),
        ] {
            let reply = try await session.send(request.bytes)
            #expect(reply.status == 503)
            #expect(try reply.json["Success"] as? Bool == false)
            #expect(try reply.json["Error"] as? String == "Database locked")
            #expect(try (reply.json["Hash"] as? String)?.count == 40)
        }
        let ping = try await session.send(OutgoingRequest.ping())
        #expect(ping.status == 200)
        #expect(try (ping.json["Hash"] as? String)?.count == 40)
    }
}
