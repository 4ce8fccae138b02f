// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import SecureMemory
import TestSupport
import Testing

struct LoginTests {
    @Test func `a saved login comes back, and its password is what secret-tool prints`() async throws {
        let session = try await DaemonSession()
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        let saved = try await client.save(
            "https://www.example.org/login?x=1",
            login: "alice",
            password: "geheim"
        )
        #expect(saved.success)
        let uuid = try #require(saved.uuid)

        let kinds = AskedKinds()
        let found = try await BusAnswerer(session).answering(seen: { kinds.note($0) }) {
            try await client.ask(.getLogins, [("Url", "https://www.example.org/")])
        }
        #expect(kinds.all == ["release"])
        #expect(found.entries.map(\.login) == ["alice"])
        #expect(found.entries.map(\.password) == [SecretBytes(utf8: "geheim")])
        #expect(found.entries.map(\.uuid) == [uuid])
        #expect(found.count == 1)

        let printed = try await session.run(
            "secret-tool",
            "lookup",
            "xdg:schema",
            "org.keybell.Login",
            "username",
            "alice"
        )
        #expect(printed.output == "geheim")
    }

    @Test func `a login that secret-tool wrote is handed out`() async throws {
        let session = try await DaemonSession()
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        let written = try await session.run(
            "secret-tool",
            "store",
            "--label=Example",
            "xdg:schema",
            "org.keybell.Login",
            "username",
            "bob",
            "url",
            "https://example.com/",
            input: "hunter2"
        )
        #expect(written.status == 0)
        let found = try await BusAnswerer(session).answering {
            try await client.ask(.getLogins, [("Url", "https://example.com/")])
        }
        #expect(found.entries.map(\.password) == [SecretBytes(utf8: "hunter2")])
        #expect(found.entries.map(\.name) == ["Example"])
    }

    @Test func `a denied release is success with no entries, and the same question is quiet for a while`()
        async throws
    {
        let session = try await DaemonSession()
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        _ = try await client.save("https://example.org/", login: "alice", password: "geheim")
        let kinds = AskedKinds()
        let reply = try await BusAnswerer(session).answering(decision: "deny", seen: { kinds.note($0) }) {
            let first = try await client.ask(.getLogins, [("Url", "https://example.org/")])
            #expect(first.success && first.entries.isEmpty)
            return try await client.ask(.getLogins, [("Url", "https://example.org/")])
        }
        #expect(reply.success && reply.entries.isEmpty)
        #expect(kinds.all == ["release"])
    }

    @Test func `counting asks nobody, and nothing found is success with no entries`() async throws {
        let session = try await DaemonSession()
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        _ = try await client.save("https://example.org/", login: "alice", password: "geheim")
        #expect(try await client.ask(.getLoginsCount, [("Url", "https://example.org/")]).count == 1)
        let none = try await client.ask(.getLogins, [("Url", "https://example.net/")])
        #expect(none.success && none.count == 0 && none.entries.isEmpty)
    }

    @Test func `a denied save stores nothing`() async throws {
        let session = try await DaemonSession()
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        let reply = try await BusAnswerer(session).answering(decision: "deny") {
            try await client.ask(
                .setLogin,
                [("Url", "https://example.org/"), ("Login", "alice"), ("Password", "geheim")]
            )
        }
        #expect(!reply.success)
        #expect(try await client.ask(.getLoginsCount, [("Url", "https://example.org/")]).count == 0)
    }

    @Test func `a login is changed in place, asked with the names of what changes`() async throws {
        let session = try await DaemonSession()
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        let saved = try await client.save("https://example.org/", login: "alice", password: "geheim")
        let uuid = try #require(saved.uuid)
        let fields = Fields()
        let changed = try await BusAnswerer(session).answering(seen: { fields.note($0) }) {
            try await client.ask(.setLogin, [("Uuid", uuid), ("Password", "neu")])
        }
        #expect(changed.success && changed.uuid == uuid)
        #expect(fields.all == [["Password"]])
        // Whether a password is what is stored is told after the person's word alone.
        let unchanged = try await BusAnswerer(session).answering(seen: { fields.note($0) }) {
            try await client.ask(.setLogin, [("Uuid", uuid), ("Password", "neu")])
        }
        #expect(!unchanged.success && unchanged.error == "Nothing would change.")
        #expect(fields.all == [["Password"], ["Password"]])
    }

    @Test func `a request that would change something can't be replayed`() async throws {
        let session = try await DaemonSession()
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        let body = try client.body(.setLogin, [("Url", "https://example.org/"), ("Login", "alice")])
        let kinds = AskedKinds()
        let replies = try await BusAnswerer(session).answering(seen: { kinds.note($0) }) {
            [try await session.send(body), try await session.send(body)]
        }
        #expect(try replies[0].json["Success"] as? Bool == true)
        #expect(try replies[1].json["Success"] as? Bool == false)
        #expect(kinds.all == ["save"])
    }

    @Test func `a generated password asks nobody and says how strong it is`() async throws {
        let session = try await DaemonSession("[generate]\nlength = 24\n")
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        let reply = try await client.ask(.generatePassword)
        #expect(reply.entries.map(\.name) == ["generate-password"])
        #expect(reply.entries.first?.password.count == 24)
        #expect((reply.entries.first.flatMap { Int($0.login) } ?? 0) > 100)
    }

    @Test func `with ask never nobody is asked`() async throws {
        let session = try await DaemonSession("[access]\nask = \"never\"\n[save]\nask = \"never\"\n")
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        let saved = try await client.ask(
            .setLogin,
            [("Url", "https://example.org/"), ("Login", "alice"), ("Password", "geheim")]
        )
        #expect(saved.success)
        #expect(try await client.ask(.getLogins, [("Url", "https://example.org/")]).entries.count == 1)
    }

    @Test func `nothing secret stands in the daemon's log`() async throws {
        let session = try await DaemonSession()
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        _ = try await client.save("https://example.org/", login: "alice", password: "sesam-oeffne-dich")
        _ = try await BusAnswerer(session).answering {
            try await client.ask(.getLogins, [("Url", "https://example.org/")])
        }
        let report = try await session.stop()
        #expect(report.status == 0)
        #expect(report.errors.contains("associated"))
        let key = try #require(client.key.base64().exposedText())
        // The host does, for that is what the record of a hand-out is about.
        for secret in ["sesam-oeffne-dich", key, "alice"] {
            #expect(!report.errors.contains(secret))
            #expect(!report.output.contains(secret))
        }
    }
}
