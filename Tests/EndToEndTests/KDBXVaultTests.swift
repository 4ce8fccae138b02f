// SPDX-License-Identifier: Apache-2.0

import Foundation
import KeePassHTTP
import SecureMemory
import TestSupport
import Testing

/// KeePass files as vaults of the built daemon, made and read by KeePassXC.
struct KDBXVaultTests {
    /// A session with one KDBX vault that a command opens.
    static func household(
        _ name: String = "main",
        password: String = "demopass",
        further: String = "",
        starting: Bool = true
    ) async throws -> (Household, String) {
        let folder = try TemporaryFolder()
        let path = folder.path + "-" + name + ".kdbx"
        let made = try await ChildProcess.run(
            "keepassxc-cli",
            ["db-create", "-q", "-p", path],
            environment: ["HOME": folder.path, "QT_QPA_PLATFORM": "offscreen"],
            input: "demopass\ndemopass\n"
        )
        guard made.status == 0 else { throw TestFailure("\(made)") }
        let household = try await Household(
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
        return (household, path)
    }

    /// What KeePassXC says of an entry.
    private func shown(_ entry: String, in path: String, _ household: Household) async throws -> String {
        try await household.run(
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
        let (household, path) = try await Self.household()
        defer { try? FileManager.default.removeItem(atPath: path) }  // gone with the machine otherwise
        let ping = try await household.ring(OutgoingRequest.ping())
        #expect(try ping.json["Hash"] == nil)
        #expect(try (ping.json["Error"] as? String)?.contains("keybell unlock main") == true)
        // The question that the ping has raised ends with its program.
        _ = try await eventually("the end of the ping's question") {
            try await household.keybell("requests", "--recent").output.contains("withdrawn") ? () : nil
        }

        let kinds = Kinds()
        let guest = Guest(household)
        let reply = try await Porter(household).answering(["id": "firefox"], seen: { kinds.note($0) }) {
            try await guest.ask(.associate)
        }
        #expect(kinds.all == ["associate", "unlock"])
        let hash = try #require(reply.hash)

        #expect(try await household.keybell("lock").status == 0)
        let locked = try await household.ring(OutgoingRequest.ping())
        #expect(try locked.json["Hash"] as? String == hash)
    }

    @Test func `a saved login is in the file, and what KeePassXC adds meanwhile is served`() async throws {
        let (household, path) = try await Self.household()
        defer { try? FileManager.default.removeItem(atPath: path) }  // gone with the machine otherwise
        let guest = try await Guest.associated(with: household, as: "firefox")
        let saved = try await guest.save("https://example.org/", login: "alice", password: "geheim")
        #expect(saved.success)
        #expect(try await shown("KeePassHttp Passwords/example.org", in: path, household) == "geheim\n")

        let added = try await household.run(
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
        let again = try await guest.save("https://example.com/", login: "carol", password: "drei")
        #expect(again.success)
        #expect(try await shown("Net", in: path, household) == "hunter2\n")
        let found = try await Porter(household).answering {
            try await guest.ask(.getLogins, [("Url", "https://example.net/")])
        }
        #expect(found.entries.map(\.password) == [SecretBytes(utf8: "hunter2")])
    }

    @Test(arguments: [false, true])
    func `what an editor overwrites right before a lock, or before the daemon's end, is in the file after it`(
        ends: Bool
    ) async throws {
        let (household, path) = try await Self.household()
        defer { try? FileManager.default.removeItem(atPath: path) }  // gone with the machine otherwise
        let guest = try await Guest.associated(with: household, as: "firefox")
        let stale = try Data(contentsOf: URL(filePath: path))
        let saved = try await guest.save("https://example.org/", login: "alice", password: "geheim")
        #expect(saved.success)
        try stale.write(to: URL(filePath: path), options: .atomic)
        if ends {
            #expect(try await household.stop().status == 0)
        } else {
            #expect(try await household.keybell("lock").status == 0)
            try await household.daemon.prints("it is put back")
            // The end waits for what the lock has begun.
            #expect(try await household.stop().status == 0)
        }
        #expect(try await shown("KeePassHttp Passwords/example.org", in: path, household) == "geheim\n")
    }

    @Test func `while locked everything else is 503, and TriggerUnlock of a known client asks`() async throws
    {
        let (household, path) = try await Self.household()
        defer { try? FileManager.default.removeItem(atPath: path) }  // gone with the machine otherwise
        let guest = try await Guest.associated(with: household, as: "firefox")
        _ = try await guest.save("https://example.org/", login: "alice", password: "geheim")
        #expect(try await household.keybell("lock", "main").status == 0)

        let refused = try await household.ring(try guest.body(.getLogins, [("Url", "https://example.org/")]))
        #expect(refused.status == 503)
        #expect(try refused.json["Error"] as? String == "Database locked")
        #expect(try await guest.ask(.testAssociate).success)

        let kinds = Kinds()
        let found = try await Porter(household).answering(seen: { kinds.note($0) }) {
            try await guest.ask(.getLogins, [("Url", "https://example.org/")], triggerUnlock: true)
        }
        #expect(kinds.all == ["unlock", "release"])
        #expect(found.entries.count == 1)

        let stranger = Guest(household, id: "firefox")
        #expect(try await household.keybell("lock").status == 0)
        let denied = try await stranger.ask(
            .getLogins,
            [("Url", "https://example.org/")],
            triggerUnlock: true
        )
        #expect(!denied.success)
        #expect(try await Porter(household).questions().isEmpty)
    }

    @Test func `a wrong password is said to be one, and the vault stays locked`() async throws {
        let (household, path) = try await Self.household(password: "falsch")
        defer { try? FileManager.default.removeItem(atPath: path) }  // gone with the machine otherwise
        let report = try await household.keybell("unlock", "main")
        #expect(report.status == 1)
        #expect(report.errors.lowercased().contains("password"), "\(report)")
        #expect(try await household.keybell("status").output.contains("locked"))
    }

    @Test func `several vaults are searched together, and the first takes new logins`() async throws {
        let (household, path) = try await Self.household(
            further: "[[vault]]\nkind = \"keyring\"\nname = \"ring\""
        )
        defer { try? FileManager.default.removeItem(atPath: path) }  // gone with the machine otherwise
        let guest = try await Guest.associated(with: household, as: "firefox")
        _ = try await household.run(
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
        _ = try await guest.save("https://example.org/", login: "alice", password: "geheim")
        #expect(try await shown("KeePassHttp Passwords/example.org", in: path, household) == "geheim\n")
        let found = try await Porter(household).answering {
            try await guest.ask(.getLogins, [("Url", "https://example.org/")])
        }
        #expect(Set(found.entries.map(\.login)) == ["alice", "ringo"])
    }
}
