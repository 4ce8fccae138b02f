// SPDX-License-Identifier: Apache-2.0

import DBus
import Foundation
import KDBX
import KeePassHTTP
import SecureMemory
import TestSupport
import Testing

/// The configuration, read anew while the daemon serves.
struct ReloadTests {
    private let page = [(name: "Url", value: "https://example.org/")]

    @Test func `what changed is in force at once, and what takes a restart is named`() async throws {
        let session = try await DaemonSession()
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        _ = try await client.save("https://example.org/", login: "alice", password: "geheim")
        #expect(try await session.keybell("reload").output == "Nothing else to put in force.\n")

        let port = try FreePort.next()
        try session.configure(port: port, "[access]\nask = \"never\"\n[protocol]\nversion = \"2.0.0.0\"")
        let status = try await session.keybell("status")
        #expect(
            status.output.contains("has changed since keybelld read it. Run `keybell reload`."),
            "\(status)"
        )
        let reload = try await session.keybell("reload")
        #expect(reload.status == 0)
        #expect(reload.output.hasPrefix("In force: [access], [protocol].\n"), "\(reload)")
        #expect(reload.output.contains("after a restart of keybelld: http.port."), "\(reload)")
        // Nobody is asked.
        let reply = try await client.ask(.getLogins, page)
        #expect(reply.entries.map(\.password) == [SecretBytes(utf8: "geheim")])
        #expect(reply.version == "2.0.0.0")
        let after = try await session.keybell("status", "--json")
        #expect(after.output.contains(#""current": true"#) && after.output.contains("http.port"), "\(after)")
    }

    @Test func `questions wait on, with the deadline that they have; new ones get the new one`() async throws
    {
        let session = try await DaemonSession(further: "timeout = 100")
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        _ = try await client.save("https://example.org/", login: "alice", password: "geheim")
        let asking = Task { try await client.ask(.getLogins, page) }
        let first = try await BusAnswerer(session).question()

        try session.configure(approval: "timeout = 77")
        let pid = try session.daemon.pid
        for _ in 0..<10 { kill(pid, SIGHUP) }
        try await session.daemon.prints("[approval]")
        let waiting = try await BusAnswerer(session).questions()
        #expect(waiting.map(\.code) == [first.code])
        #expect(waiting.first?.details["deadline"] == first.details["deadline"])

        let second = Task { try await session.send(try associateBody()) }
        try await session.waits(for: 2)
        let new = try #require(try await BusAnswerer(session).questions().first { $0.kind == "associate" })
        let life =
            try #require(new.details["deadline"]?.asUInt64) - #require(new.details["created"]?.asUInt64)
        #expect(life == 77)
        #expect(try await session.keybell("allow", first.code).status == 0)
        #expect(try await asking.value.entries.map(\.password) == [SecretBytes(utf8: "geheim")])
        #expect(try await session.keybell("deny", new.code).status == 0)
        _ = try await second.value
    }

    @Test func `a mistake leaves the one before in force, and is told`() async throws {
        let session = try await DaemonSession("[access]\nask = \"never\"")
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        _ = try await client.save("https://example.org/", login: "alice", password: "geheim")
        try session.configure("[access]\nask = \"nevver\"")

        let reload = try await session.keybell("reload")
        #expect(reload.status == 1)
        #expect(reload.errors.contains("config.toml: access.ask: \"nevver\" is none of"), "\(reload)")
        #expect(reload.errors.contains("stays in force"), "\(reload)")
        // What is said of who is asked is what is so, not what the file says.
        #expect(try await session.keybell("grants").output.contains(#"ask = "never""#))
        kill(try session.daemon.pid, SIGHUP)
        try await session.daemon.prints("the configuration can't be used: the one before stays in force")
        #expect(try await client.ask(.getLogins, page).entries.count == 1)
        for command in ["status", "doctor"] {
            let report = try await session.keybell(command)
            #expect(report.output.contains("keybelld goes by what the file said before"), "\(report)")
        }
        try session.configure("[access]\nask = \"never\"")
        let same = try await session.keybell("reload", "--json")
        #expect(same.output.contains(#""changed": []"#), "\(same)")
        try session.configure(approval: "confirm_with = \"pinentry\"", "[access]\nask = \"never\"")
        let useless = try await session.keybell("reload")
        #expect(useless.status == 0)
        #expect(useless.errors.contains("approval.confirm_with: no request"), "\(useless)")
        try session.configure("[access]\nask = \"never\"")
        #expect(try await session.keybell("reload").errors.isEmpty)
        #expect(try await !session.keybell("status").output.contains("Configuration"))
        try await session.stop()
        #expect(try await session.keybell("reload").status == 3)
    }

    @Test func `vaults that stay are open as before; others come and go`() async throws {
        let folder = try TemporaryFolder()
        let (main, work) = (folder.path("main.kdbx"), folder.path("work.kdbx"))
        try Data(try BuiltVault.file([FieldChange("Password", "geheim")])).write(to: URL(filePath: main))
        try Data(try BuiltVault.file([FieldChange("Password", "zwei")])).write(to: URL(filePath: work))
        let session = try await DaemonSession(DaemonSession.vault("main", main, folder))
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        #expect(try await session.keybell("unlock", "main").status == 0)
        let asked = try String(contentsOfFile: folder.path("asked"), encoding: .utf8)

        // Another way to unlock it, and a second vault after it.
        try session.configure(
            "[access]\nask = \"never\"\n"
                + DaemonSession.vault("main", main, folder).replacing("echo demo", with: "printf demo")
                + DaemonSession.vault("work", work, folder)
        )
        let reload = try await session.keybell("reload")
        #expect(reload.output == "In force: [[vault]], [access].\n", "\(reload)")
        let vaults = try await session.keybell("status")
        #expect(
            vaults.output.contains("main (kdbx, open, 1 login)\n         work (kdbx, locked)"),
            "\(vaults)"
        )
        let one = try await client.ask(.getLogins, page)
        #expect(one.entries.map(\.password) == [SecretBytes(utf8: "geheim")])
        #expect(try String(contentsOfFile: folder.path("asked"), encoding: .utf8) == asked)
        #expect(try await session.keybell("unlock", "work").status == 0)
        let both = try await client.ask(.getLogins, page).entries
        #expect(both.contains { $0.password == SecretBytes(utf8: "zwei") } && both.count == 2)

        // One that is gone is closed, and so are the questions about it.
        try session.configure(DaemonSession.vault("work", work, folder))
        #expect(try await session.keybell("reload").status == 0)
        let asking = Task { try await client.ask(.getLogins, page) }
        let question = try await BusAnswerer(session).question()
        try session.configure("[access]\nask = \"never\"\n" + DaemonSession.vault("main", main, folder))
        #expect(try await session.keybell("reload").status == 0)
        _ = try await asking.value
        #expect(try await BusAnswerer(session).questions().isEmpty)
        #expect(try await session.keybell("allow", question.code).status == 1)
        #expect(try await session.keybell("status").output.contains("main (kdbx, locked)"))
        #expect(try await session.send(try client.body(.getLogins, page)).status == 503)
    }

    @Test func `a connection stays, and goes by the new configuration`() async throws {
        let session = try await DaemonSession()
        let script = """
            import http.client, sys
            peer = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
            for line in sys.stdin:
                peer.request("GET", "/version", headers={"Origin": "https://wiki.example"})
                answer = peer.getresponse()
                answer.read()
                print(answer.status, peer.sock.getsockname()[1], ".", flush=True)
            """
        let client = try ChildProcess("python3", ["-c", script, "\(session.port)"], input: nil)
        client.write("\n")
        let before = try await client.firstLine().split(separator: " ")
        #expect(before.first == "403")
        try session.configure(http: "allowed_origins = [\"https://wiki.example\"]")
        #expect(try await session.keybell("reload").output == "In force: [http].\n")
        client.write("\n")
        try await client.prints("200 \(before[1]) .")
    }

    @Test func `the notifier is turned on and off`() async throws {
        let session = try await DaemonSession()
        async let first = session.send(try associateBody())
        try await session.daemon.prints("nothing shows it: the notifier is off")
        try session.configure(approval: "notifier = true")
        #expect(try await session.keybell("reload").output == "In force: [approval].\n")
        // It takes up what waits, and finds nobody to show it.
        try await session.daemon.prints("no notification server is running")
        for question in try await BusAnswerer(session).questions() {
            #expect(try await session.keybell("deny", question.code).status == 0)
        }
        _ = try await first
    }
}
