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
        let household = try await Household()
        let guest = try await Guest.associated(with: household, as: "firefox")
        _ = try await guest.save("https://example.org/", login: "alice", password: "geheim")
        #expect(try await household.keybell("reload").output == "Nothing else to put in force.\n")

        let port = try FreePort.next()
        try household.configure(port: port, "[access]\nask = \"never\"\n[protocol]\nversion = \"2.0.0.0\"")
        let status = try await household.keybell("status")
        #expect(
            status.output.contains("has changed since keybelld read it. Run `keybell reload`."),
            "\(status)"
        )
        let reload = try await household.keybell("reload")
        #expect(reload.status == 0)
        #expect(reload.output.hasPrefix("In force: [access], [protocol].\n"), "\(reload)")
        #expect(reload.output.contains("after a restart of keybelld: http.port."), "\(reload)")
        // Nobody is asked.
        let reply = try await guest.ask(.getLogins, page)
        #expect(reply.entries.map(\.password) == [SecretBytes(utf8: "geheim")])
        #expect(reply.version == "2.0.0.0")
        let after = try await household.keybell("status", "--json")
        #expect(after.output.contains(#""current": true"#) && after.output.contains("http.port"), "\(after)")
    }

    @Test func `questions wait on, with the deadline that they have; new ones get the new one`() async throws
    {
        let household = try await Household(further: "timeout = 100")
        let guest = try await Guest.associated(with: household, as: "firefox")
        _ = try await guest.save("https://example.org/", login: "alice", password: "geheim")
        let asking = Task { try await guest.ask(.getLogins, page) }
        let first = try await Porter(household).question()

        try household.configure(approval: "timeout = 77")
        let pid = try household.daemon.pid
        for _ in 0..<10 { kill(pid, SIGHUP) }
        try await household.daemon.prints("[approval]")
        let waiting = try await Porter(household).questions()
        #expect(waiting.map(\.code) == [first.code])
        #expect(waiting.first?.details["deadline"] == first.details["deadline"])

        let second = Task { try await household.ring(try associateBody()) }
        try await household.waits(for: 2)
        let new = try #require(try await Porter(household).questions().first { $0.kind == "associate" })
        let life =
            try #require(new.details["deadline"]?.asUInt64) - #require(new.details["created"]?.asUInt64)
        #expect(life == 77)
        #expect(try await household.keybell("allow", first.code).status == 0)
        #expect(try await asking.value.entries.map(\.password) == [SecretBytes(utf8: "geheim")])
        #expect(try await household.keybell("deny", new.code).status == 0)
        _ = try await second.value
    }

    @Test func `a mistake leaves the one before in force, and is told`() async throws {
        let household = try await Household("[access]\nask = \"never\"")
        let guest = try await Guest.associated(with: household, as: "firefox")
        _ = try await guest.save("https://example.org/", login: "alice", password: "geheim")
        try household.configure("[access]\nask = \"nevver\"")

        let reload = try await household.keybell("reload")
        #expect(reload.status == 1)
        #expect(reload.errors.contains("config.toml: access.ask: \"nevver\" is none of"), "\(reload)")
        #expect(reload.errors.contains("stays in force"), "\(reload)")
        // What is said of who is asked is what is so, not what the file says.
        #expect(try await household.keybell("grants").output.contains(#"ask = "never""#))
        kill(try household.daemon.pid, SIGHUP)
        try await household.daemon.prints("the configuration can't be used: the one before stays in force")
        #expect(try await guest.ask(.getLogins, page).entries.count == 1)
        for command in ["status", "doctor"] {
            let report = try await household.keybell(command)
            #expect(report.output.contains("keybelld goes by what the file said before"), "\(report)")
        }
        try household.configure("[access]\nask = \"never\"")
        let same = try await household.keybell("reload", "--json")
        #expect(same.output.contains(#""changed": []"#), "\(same)")
        try household.configure(approval: "confirm_with = \"pinentry\"", "[access]\nask = \"never\"")
        let useless = try await household.keybell("reload")
        #expect(useless.status == 0)
        #expect(useless.errors.contains("approval.confirm_with: no request"), "\(useless)")
        try household.configure("[access]\nask = \"never\"")
        #expect(try await household.keybell("reload").errors.isEmpty)
        #expect(try await !household.keybell("status").output.contains("Configuration"))
        try await household.stop()
        #expect(try await household.keybell("reload").status == 3)
    }

    @Test func `vaults that stay are open as before; others come and go`() async throws {
        let folder = try TemporaryFolder()
        let (main, work) = (folder.path("main.kdbx"), folder.path("work.kdbx"))
        try Data(try BuiltVault.file([FieldChange("Password", "geheim")])).write(to: URL(filePath: main))
        try Data(try BuiltVault.file([FieldChange("Password", "zwei")])).write(to: URL(filePath: work))
        let household = try await Household(Household.vault("main", main, folder))
        let guest = try await Guest.associated(with: household, as: "firefox")
        #expect(try await household.keybell("unlock", "main").status == 0)
        let asked = try String(contentsOfFile: folder.path("asked"), encoding: .utf8)

        // Another way to unlock it, and a second vault after it.
        try household.configure(
            "[access]\nask = \"never\"\n"
                + Household.vault("main", main, folder).replacing("echo demo", with: "printf demo")
                + Household.vault("work", work, folder)
        )
        let reload = try await household.keybell("reload")
        #expect(reload.output == "In force: [[vault]], [access].\n", "\(reload)")
        let vaults = try await household.keybell("status")
        #expect(
            vaults.output.contains("main (kdbx, open, 1 login)\n         work (kdbx, locked)"),
            "\(vaults)"
        )
        let one = try await guest.ask(.getLogins, page)
        #expect(one.entries.map(\.password) == [SecretBytes(utf8: "geheim")])
        #expect(try String(contentsOfFile: folder.path("asked"), encoding: .utf8) == asked)
        #expect(try await household.keybell("unlock", "work").status == 0)
        let both = try await guest.ask(.getLogins, page).entries
        #expect(both.contains { $0.password == SecretBytes(utf8: "zwei") } && both.count == 2)

        // One that is gone is closed, and so are the questions about it.
        try household.configure(Household.vault("work", work, folder))
        #expect(try await household.keybell("reload").status == 0)
        let asking = Task { try await guest.ask(.getLogins, page) }
        let question = try await Porter(household).question()
        try household.configure("[access]\nask = \"never\"\n" + Household.vault("main", main, folder))
        #expect(try await household.keybell("reload").status == 0)
        _ = try await asking.value
        #expect(try await Porter(household).questions().isEmpty)
        #expect(try await household.keybell("allow", question.code).status == 1)
        #expect(try await household.keybell("status").output.contains("main (kdbx, locked)"))
        #expect(try await household.ring(try guest.body(.getLogins, page)).status == 503)
    }

    @Test func `a connection stays, and goes by the new configuration`() async throws {
        let household = try await Household()
        let script = """
            import http.client, sys
            peer = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]))
            for line in sys.stdin:
                peer.request("GET", "/version", headers={"Origin": "https://wiki.example"})
                answer = peer.getresponse()
                answer.read()
                print(answer.status, peer.sock.getsockname()[1], ".", flush=True)
            """
        let client = try ChildProcess("python3", ["-c", script, "\(household.port)"], input: nil)
        client.write("\n")
        let before = try await client.firstLine().split(separator: " ")
        #expect(before.first == "403")
        try household.configure(http: "allowed_origins = [\"https://wiki.example\"]")
        #expect(try await household.keybell("reload").output == "In force: [http].\n")
        client.write("\n")
        try await client.prints("200 \(before[1]) .")
    }

    @Test func `the notifier is turned on and off`() async throws {
        let household = try await Household()
        async let first = household.ring(try associateBody())
        try await household.daemon.prints("nothing shows it: the notifier is off")
        try household.configure(approval: "notifier = true")
        #expect(try await household.keybell("reload").output == "In force: [approval].\n")
        // It takes up what waits, and finds nobody to show it.
        try await household.daemon.prints("no notification server is running")
        for question in try await Porter(household).questions() {
            #expect(try await household.keybell("deny", question.code).status == 0)
        }
        _ = try await first
    }
}
