// SPDX-License-Identifier: Apache-2.0

import Foundation
import KeePassHTTP
import SecureMemory
import TestSupport
import Testing

/// What the requests of the clients in use look like; their replies: `ReplyQuirkTests`.
struct DaemonQuirkTests {
    private static let page = "https://example.org/"

    /// A client in a session in which one login is saved.
    private func client(_ configuration: String = "") async throws -> ClientWithoutHmac {
        let client = try await ClientWithoutHmac.associated(
            with: try await DaemonSession.trusting(configuration)
        )
        let saved = try await client.ask(
            "set-login",
            ["Url": Self.page, "Login": "alice", "Password": "geheim", "Name": "My bank"]
        )
        #expect(saved.success)
        return client
    }

    @Test func `a request is read by GET and POST, at any path, whatever its Content-Type`() async throws {
        let client = try await client()
        let types = [
            "application/json", "application/json; charset=utf-8", "application/octet-stream", "text/plain",
            "application/x-www-form-urlencoded", "",
        ]
        for method in ["GET", "POST"] {
            for type in types {
                let reply = try await client.send(
                    client.request("get-logins", ["Url": Self.page]).bytes,
                    headers: ["Content-Type:" + (type.isEmpty ? "" : " " + type)],
                    options: ["-X", method]
                )
                #expect(reply.entries.map(\.login) == ["alice"], "\(method) \(type)")
            }
        }
        let elsewhere = try await client.session.send(OutgoingRequest.ping(), path: "/keepass/index?a=b")
        #expect(elsewhere.status == 200)
    }

    @Test func `a client that expects 100-continue is told so at once`() async throws {
        let client = try await client()
        let body = try client.request("get-logins", ["Url": Self.page]).bytes
        let report = try await ChildProcess.run(
            "curl",
            [
                "-sS", "-i", "-m", "20", "--expect100-timeout", "60", "-H", "Expect: 100-continue",
                "--data-binary", "@-", "http://localhost:\(client.session.port)/",
            ],
            input: String(decoding: body, as: UTF8.self)
        )
        #expect(report.output.hasPrefix("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200"), "\(report)")
    }

    @Test func `both loopback addresses are served, for browsers differ in which they try first`()
        async throws
    {
        let session = try await DaemonSession(withKeyring: false)
        let interfaces = try String(contentsOfFile: "/proc/net/if_inet6", encoding: .utf8)
        let hasIPv6 = interfaces.contains("00000000000000000000000000000001")
        for host in ["127.0.0.1", "localhost"] + (hasIPv6 ? ["[::1]"] : []) {
            let report = try await ChildProcess.run(
                "curl",
                ["-sS", "--data-binary", "@-", "http://\(host):\(session.port)/"],
                input: String(decoding: OutgoingRequest.ping(), as: UTF8.self)
            )
            #expect(report.output.contains(#""Success":false"#), "\(host) \(report)")
        }
    }

    @Test func `an extension's preflight is answered, a page's isn't`() async throws {
        let session = try await DaemonSession(withKeyring: false)
        func preflight(_ origin: String) async throws -> HTTPReply {
            try await session.send(
                [],
                headers: [
                    "Origin: \(origin)", "Access-Control-Request-Method: POST",
                    "Access-Control-Request-Headers: content-type",
                ],
                options: ["-X", "OPTIONS"]
            )
        }
        let extensions = try await preflight("chrome-extension://abcdef")
        #expect((200..<300).contains(extensions.status))
        let head = extensions.head.lowercased()
        #expect(head.contains("access-control-allow-origin: chrome-extension://abcdef"))
        #expect(head.contains("access-control-allow-headers: content-type"))
        let page = try await preflight("https://evil.example")
        #expect(page.status == 403)
        #expect(!page.head.lowercased().contains("access-control-allow-origin"))
    }

    @Test func `members come in any order, indented, and among unknown ones`() async throws {
        let client = try await client()
        var request = try client.request("get-logins", ["Url": Self.page])
        request["ClientVersion"] = #"{"major":2,"parts":[1,null,1.5e3]}"#
        request["Unknown"] = "null"
        let forwards = request.members
        for members in [forwards, forwards.reversed(), forwards.sorted { $0.name < $1.name }] {
            request.members = members
            #expect(try await client.send(request.bytes).entries.count == 1)
            #expect(try await client.send(request.indented).entries.count == 1)
        }
    }

    @Test func `flags are booleans or words, or not there`() async throws {
        let client = try await client()
        let spellings = ["true", "false", #""true""#, #""false""#, #""False""#, #""True""#, nil]
        for spelling in spellings {
            let request = try client.request("get-logins", ["Url": Self.page])
                .with("TriggerUnlock", spelling)
                .with("SortSelection", spelling)
            #expect(try await client.send(request.bytes).entries.count == 1, "\(spelling ?? "absent")")
        }
        // The same login is found by its title alone, if titles are searched.
        for (spelling, count) in [("true", 1), (#""True""#, 1), ("false", 0), (#""False""#, 0)] {
            let request = try client.request("get-logins-custom-search", ["SearchString": "bank"])
                .with("SearchInTitles", spelling)
            #expect(try await client.send(request.bytes).entries.count == count, "\(spelling)")
        }
    }

    @Test(arguments: [nil, "null", #""""#])
    func `an associate needs no Id, and neither does the first test-associate`(id: String?) async throws {
        let session = try await DaemonSession()
        let key = ClientKey.random()
        let probe = try await session.send(
            HandwrittenRequest("test-associate", key: key).with("Id", id).bytes
        )
        #expect(probe.status == 200)
        #expect(try probe.json["Success"] as? Bool == false)

        let request = try HandwrittenRequest.associate(key, id: id)
        let reply = try await BusAnswerer(session).answering { try await session.send(request.bytes) }
        let welcomed = try IncomingReply(parsing: reply.body, key: key)
        #expect(welcomed.success && welcomed.id == "curl")
        let client = ClientWithoutHmac(session: session, key: key, id: "curl")
        #expect(try await client.ask("test-associate").success)
    }

    @Test func `an Id that a client proposes is returned unchanged, in ASCII`() async throws {
        let session = try await DaemonSession()
        let client = try await ClientWithoutHmac.associated(with: session, as: "Büro 🔑")
        let reply = try await session.send(try client.request("test-associate").bytes)
        #expect(try reply.json["Id"] as? String == "Büro 🔑")
        #expect(reply.body.allSatisfy { $0 < 0x80 })
        #expect(String(decoding: reply.body, as: UTF8.self).contains(#"B\u00fcro \ud83d\udd11"#))
        let unknown = try await session.send(Array(#"{"RequestType":"größe"}"#.utf8))
        #expect(unknown.status == 400)
        #expect(unknown.body.allSatisfy { $0 < 0x80 })
        #expect(try unknown.json["Error"] as? String == "Unknown command: größe")
    }

    @Test func `base64 may have line breaks in it`() async throws {
        let session = try await DaemonSession.trusting()
        let key = ClientKey.random()
        let associate = try HandwrittenRequest.associate(key, id: #""mail""#).broken(every: 16)
        let welcomed = try await BusAnswerer(session).answering { try await session.send(associate) }
        #expect(try welcomed.json["Id"] as? String == "mail")
        let client = ClientWithoutHmac(session: session, key: key, id: "mail")
        for lineBreak in [#"\r\n"#, #"\n"#] {
            let save = try client.request(
                "set-login",
                ["Url": Self.page + lineBreak.dropFirst(), "Login": "alice", "Password": "geheim"]
            )
            #expect(try await client.send(save.broken(every: 20, by: lineBreak)).success)
        }
        let request = try client.request("get-logins", ["Url": Self.page]).broken(every: 7)
        #expect(try await client.send(request).entries.count == 2)
    }

    @Test(arguments: [16, 24, 32])
    func `a key is as long as AES takes it`(length: Int) async throws {
        let session = try await DaemonSession.trusting()
        let bytes = SecretBytes(copying: (0..<length).map { UInt8($0) })
        let client = try await ClientWithoutHmac.associated(
            with: session,
            key: try #require(ClientKey(bytes))
        )
        _ = try await client.ask("set-login", ["Url": Self.page, "Login": "alice", "Password": "geheim"])
        let found = try await client.ask("get-logins", ["Url": Self.page])
        #expect(found.entries.map(\.password) == [SecretBytes(utf8: "geheim")])
    }

    @Test func `a nonce may come again in reads, also of another kind`() async throws {
        let client = try await client()
        let nonce = Nonce.random()
        for _ in 0..<2 {
            #expect(try await client.send(client.request("test-associate", nonce: nonce).bytes).success)
            let read = try client.request("get-logins", nonce: nonce, ["Url": Self.page])
            #expect(try await client.send(read.bytes).entries.count == 1)
            let count = try client.request("get-logins-count", nonce: nonce, ["Url": Self.page])
            #expect(try await client.send(count.bytes).count == 1)
        }
    }

    @Test func `a Url may be a title, and a SubmitUrl an application's name`() async throws {
        let client = try await client()
        #expect(try await client.ask("get-logins", ["Url": "My bank"]).entries.map(\.login) == ["alice"])
        #expect(try await client.ask("get-logins", ["Url": "bank"]).entries.isEmpty)
        for submit in ["git-credential", "", Self.page, "My bank"] {
            let found = try await client.ask("get-logins", ["Url": Self.page, "SubmitUrl": submit])
            #expect(found.entries.count == 1, "\(submit)")
        }
    }

    @Test func `a login can be saved without a Url`() async throws {
        let client = try await client()
        let named = try await client.ask("set-login", ["Name": "Door", "Login": "bob", "Password": "1234"])
        #expect(named.success)
        #expect(try await client.ask("get-logins", ["Url": "Door"]).entries.map(\.login) == ["bob"])

        // Once more without the member, and with a plain empty text in its place.
        let bare = try await client.ask("set-login", ["Login": "carol", "Password": "5678"])
        #expect(bare.success)
        let empty = try client.request("set-login", ["Login": "dave", "Password": "9012"]).with("Url", #""""#)
        #expect(try await client.send(empty.bytes).success)
        let all = try await client.ask("get-all-logins")
        #expect(Set(all.entries.map(\.login)) == ["alice", "bob", "carol", "dave"])
    }

    @Test func `a plain empty text stands for an encrypted field that isn't there`() async throws {
        let client = try await client()
        let request = try client.request("get-logins", ["Url": Self.page])
            .with("SubmitUrl", #""""#).with("Realm", #""""#).with("Hmac", #""""#)
        #expect(try await client.send(request.bytes).entries.count == 1)
        let missing = try await client.session.send(request.with("Url", #""""#).bytes)
        #expect(missing.status == 400)
        #expect(try missing.json["Error"] as? String == "Invalid request: Url: required")
    }
}
