// SPDX-License-Identifier: Apache-2.0

import Foundation
import KeePassHTTP
import SecureMemory
import TestSupport
import Testing

/// KeePass files as vaults of the built daemon, made and read by KeePassXC.
struct KDBXVaultTests {
    /// A session with one KDBX vault that a command opens.
    static func session(
        _ name: String = "main",
        password: String = "demopass",
        further: String = "",
        starting: Bool = true
    ) async throws -> (DaemonSession, String) {
        let folder = try TemporaryFolder()
        let path = folder.path + "-" + name + ".kdbx"
        let made = try await ChildProcess.run(
            "keepassxc-cli",
            ["db-create", "-q", "-p", path],
            environment: ["HOME": folder.path, "QT_QPA_PLATFORM": "offscreen"],
            input: "demopass\ndemopass\n"
        )
        guard made.status == 0 else { throw TestFailure("\(made)") }
        let session = try await DaemonSession(
            """
            [[vault]]
            kind = "kdbx"
            name = "\(name)"
            path = "\(path)"
            password_command = ["printf", "\(password)"]
            \(further)
            """,
            starting: starting
        )
        return (session, path)
    }

    /// What KeePassXC says of an entry.
    private func shown(_ entry: String, in path: String, _ session: DaemonSession) async throws -> String {
        try await session.run(
            "keepassxc-cli",
            "show",
            "-q",
            "-s",
            "-a",
            "Password",
            path,
            entry,
            input: "demopass\n"
        ).output
    }

    @Test
    func `a vault that was never opened is opened by the person's word, and keeps its Hash when locked`()
        async throws
    {
        let (session, path) = try await Self.session()
        defer { try? FileManager.default.removeItem(atPath: path) }  // gone with the machine otherwise
        let ping = try await session.send(OutgoingRequest.ping())
        #expect(try ping.json["Hash"] == nil)
        #expect(try (ping.json["Error"] as? String)?.contains("`keybell unlock`") == true)
        // The question that the ping has raised ends with its program.
        _ = try await eventually("the end of the ping's question") {
            try await session.keybell("requests", "--recent").output.contains("withdrawn") ? () : nil
        }

        let kinds = AskedKinds()
        let client = ClientProgram(session)
        let reply = try await BusAnswerer(session).answering(["id": "firefox"], seen: { kinds.note($0) }) {
            try await client.ask(.associate)
        }
        #expect(kinds.all == ["associate", "unlock"])
        let hash = try #require(reply.hash)

        #expect(try await session.keybell("lock").status == 0)
        let locked = try await session.send(OutgoingRequest.ping())
        #expect(try locked.json["Hash"] as? String == hash)
    }

    @Test func `a saved login is in the file, and what KeePassXC adds meanwhile is served`() async throws {
        let (session, path) = try await Self.session()
        defer { try? FileManager.default.removeItem(atPath: path) }  // gone with the machine otherwise
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        let saved = try await client.save("https://example.org/", login: "alice", password: "geheim")
        #expect(saved.success)
        #expect(try await shown("KeePassHttp Passwords/example.org", in: path, session) == "geheim\n")

        let added = try await session.run(
            "keepassxc-cli",
            "add",
            "-q",
            "-p",
            "-u",
            "bob",
            "--url",
            "https://example.net/",
            path,
            "Net",
            input: "demopass\nhunter2\n"
        )
        #expect(added.status == 0)
        let again = try await client.save("https://example.com/", login: "carol", password: "drei")
        #expect(again.success)
        #expect(try await shown("Net", in: path, session) == "hunter2\n")
        let found = try await BusAnswerer(session).answering {
            try await client.ask(.getLogins, [("Url", "https://example.net/")])
        }
        #expect(found.entries.map(\.password) == [SecretBytes(utf8: "hunter2")])
    }

    @Test(arguments: [false, true])
    func `what an editor overwrites right before a lock, or before the daemon's end, is in the file after it`(
        ends: Bool
    ) async throws {
        let (session, path) = try await Self.session()
        defer { try? FileManager.default.removeItem(atPath: path) }  // gone with the machine otherwise
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        let stale = try Data(contentsOf: URL(filePath: path))
        let saved = try await client.save("https://example.org/", login: "alice", password: "geheim")
        #expect(saved.success)
        try stale.write(to: URL(filePath: path), options: .atomic)
        if ends {
            #expect(try await session.stop().status == 0)
        } else {
            #expect(try await session.keybell("lock").status == 0)
            try await session.daemon.prints("it is put back")
            // The end waits for what the lock has begun.
            #expect(try await session.stop().status == 0)
        }
        #expect(try await shown("KeePassHttp Passwords/example.org", in: path, session) == "geheim\n")
    }

    @Test func `while locked everything else is 503, and TriggerUnlock of a known client asks`() async throws
    {
        let (session, path) = try await Self.session()
        defer { try? FileManager.default.removeItem(atPath: path) }  // gone with the machine otherwise
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        _ = try await client.save("https://example.org/", login: "alice", password: "geheim")
        #expect(try await session.keybell("lock", "main").status == 0)

        let refused = try await session.send(try client.body(.getLogins, [("Url", "https://example.org/")]))
        #expect(refused.status == 503)
        #expect(try refused.json["Error"] as? String == "Database locked")
        #expect(try await client.ask(.testAssociate).success)

        let kinds = AskedKinds()
        let found = try await BusAnswerer(session).answering(seen: { kinds.note($0) }) {
            try await client.ask(.getLogins, [("Url", "https://example.org/")], triggerUnlock: true)
        }
        #expect(kinds.all == ["unlock", "release"])
        #expect(found.entries.count == 1)

        let stranger = ClientProgram(session, id: "firefox")
        #expect(try await session.keybell("lock").status == 0)
        let denied = try await stranger.ask(
            .getLogins,
            [("Url", "https://example.org/")],
            triggerUnlock: true
        )
        #expect(!denied.success)
        #expect(try await BusAnswerer(session).questions().isEmpty)
    }

    @Test func `a wrong password is said to be one, and the vault stays locked`() async throws {
        let (session, path) = try await Self.session(password: "falsch")
        defer { try? FileManager.default.removeItem(atPath: path) }  // gone with the machine otherwise
        let report = try await session.keybell("unlock", "main")
        #expect(report.status == 1)
        #expect(report.errors.lowercased().contains("password"), "\(report)")
        #expect(try await session.keybell("status").output.contains("locked"))
    }

    @Test func `several vaults are searched together, and the first takes new logins`() async throws {
        let (session, path) = try await Self.session(
            further: "[[vault]]\nkind = \"keyring\"\nname = \"ring\""
        )
        defer { try? FileManager.default.removeItem(atPath: path) }  // gone with the machine otherwise
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        _ = try await session.run(
            "secret-tool",
            "store",
            "--label=Ring",
            "xdg:schema",
            "org.keybell.Login",
            "username",
            "ringo",
            "url",
            "https://example.org/",
            input: "vier"
        )
        _ = try await client.save("https://example.org/", login: "alice", password: "geheim")
        #expect(try await shown("KeePassHttp Passwords/example.org", in: path, session) == "geheim\n")
        let found = try await BusAnswerer(session).answering {
            try await client.ask(.getLogins, [("Url", "https://example.org/")])
        }
        #expect(Set(found.entries.map(\.login)) == ["alice", "ringo"])
    }
}
