// SPDX-License-Identifier: Apache-2.0

import DBus
import Foundation
import KeePassHTTP
import TestSupport
import Testing

struct CommandLineTests {
    /// The codes that `keybell requests --json` prints.
    private func waiting(_ session: DaemonSession) async throws -> [[String: Any]] {
        let report = try await session.keybell("requests", "--json")
        return try JSONSerialization.jsonObject(with: Data(report.output.utf8)) as? [[String: Any]] ?? []
    }

    @Test func `a question is listed, allowed and gone`() async throws {
        let session = try await DaemonSession()
        let body = try associateBody()
        async let reply = session.send(body)
        let question = try await BusAnswerer(session).question()
        let listed = try await waiting(session)
        #expect(listed.map { $0["code"] as? String } == [question.code])
        #expect(listed.first?["kind"] as? String == "associate")

        let allowed = try await session.keybell("allow", question.code.lowercased(), "--id", "backup")
        #expect(allowed.status == 0)
        #expect(allowed.output.contains("backup"))
        #expect(try await reply.json["Id"] as? String == "backup")
        #expect(try await waiting(session).isEmpty)
        #expect(try await session.keybell("clients").output.contains("backup"))
    }

    @Test func `a client is let in to see just its part`() async throws {
        let session = try await DaemonSession()
        let body = try associateBody()
        async let reply = session.send(body)
        let question = try await BusAnswerer(session).question()
        let wrong = try await session.keybell("allow", question.code, "--vault", "gone")
        #expect(wrong.status == 1 && wrong.errors.contains("There is no vault"), "\(wrong)")
        let allowed = try await session.keybell(
            ["allow", question.code, "--id", "backup", "--group", "Servers", "--host", "*.example.org"]
        )
        #expect(allowed.output.contains("sees only group Servers, host *.example.org"), "\(allowed)")
        #expect(try await reply.json["Id"] as? String == "backup")
        let clients = try await session.keybell("clients").output
        #expect(clients.contains("sees only group Servers, host *.example.org"), "\(clients)")
    }

    @Test func `a denial is quiet for a while, and allowing its code ends that`() async throws {
        let session = try await DaemonSession()
        let first = try associateBody()
        async let denied = session.send(first)
        let question = try await BusAnswerer(session).question()
        #expect(try await session.keybell("deny", question.code).status == 0)
        #expect(try await denied.json["Success"] as? Bool == false)
        #expect(try await session.send(try associateBody()).json["Success"] as? Bool == false)
        #expect(try await session.keybell("requests", "--recent").output.contains(question.code))
        #expect(try await session.keybell("allow", question.code).status == 0)

        let client = ClientProgram(session)
        let reply = try await BusAnswerer(session).answering { try await client.ask(.associate) }
        #expect(reply.success)
    }

    @Test func `a program can't answer its own request, nor through its child`() async throws {
        let session = try await DaemonSession()
        let body = String(decoding: try associateBody(), as: UTF8.self)
        // A script that asks, and while it waits has a child of its own answer.
        let script = """
            import json, os, socket, subprocess, sys, time
            body = sys.stdin.buffer.read()
            s = socket.create_connection(("127.0.0.1", \(session.port)))
            s.sendall(b"POST / HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Length: %d\\r\\n\\r\\n" % len(body) + body)
            for _ in range(100):
                listed = json.loads(subprocess.run(["\(DaemonSession.programs)/keybell", "requests", "--json"],
                    capture_output=True).stdout)
                if listed: break
                time.sleep(0.1)
            answer = subprocess.run(["\(DaemonSession.programs)/keybell", "allow", listed[0]["code"]], capture_output=True)
            print(answer.returncode, answer.stderr.decode())
            """
        let report = try await session.run("python3", "-c", script, input: body)
        #expect(report.output.hasPrefix("1 "), "\(report)")
        #expect(report.output.contains("own request"))
    }

    @Test func `a client is renamed and revoked`() async throws {
        let session = try await DaemonSession()
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        #expect(try await session.keybell("rename", "firefox", "Work browser").status == 0)
        #expect(try await session.keybell("clients").output.contains("Work browser"))
        #expect(try await client.ask(.testAssociate).success)
        #expect(try await session.keybell("revoke", "firefox").status == 0)
        #expect(try await !client.ask(.testAssociate).success)
        #expect(try await session.keybell("revoke", "firefox").status == 1)
    }

    @Test func `without the daemon the status is 3, and a wrong option is 2`() async throws {
        let session = try await DaemonSession(starting: false)
        #expect(try await session.keybell("status").status == 3)
        #expect(try await session.keybell("allow", "ABCD").status == 3)
        #expect(try await session.keybell("allow").status == 2)
        #expect(try await session.keybell("no-such-command").status == 2)
    }

    @Test(arguments: [
        ("> /dev/full", "no space left on device"), (">&-", "bad file descriptor"),
        ("<&- >&-", "bad file descriptor"),
    ])
    func `output that can't be written is a failure`(redirection: String, words: String) async throws {
        let session = try await DaemonSession()
        let keybell = "'\(DaemonSession.programs)/keybell'"
        for command in ["--version", "status", "clients --json"] {
            let report = try await session.run("sh", "-c", "\(keybell) \(command) \(redirection)")
            #expect(report.status == 1, "\(command): \(report)")
            #expect(report.errors == "keybell: Not all of the output could be written: \(words).\n")
        }
    }

    @Test(.enabled(if: getuid() == 0, "only root may look at the daemon's descriptors"))
    func `no socket of the daemon gets the number of a standard stream`() async throws {
        let session = try await DaemonSession(starting: false)
        let daemon = try ChildProcess(
            "sh",
            [
                "-c",
                "exec '\(DaemonSession.programs)/keybelld' --config '\(session.configuration)' <&- >&-",
            ],
            environment: session.bus.environment
        )
        try await daemon.prints("ready")
        for number in 0...1 {
            let place = try FileManager.default.destinationOfSymbolicLink(
                atPath: "/proc/\(daemon.pid)/fd/\(number)"
            )
            #expect(place == "/dev/null")
        }
        daemon.terminate()
        #expect(try await daemon.end(within: .seconds(20)).status == 0)
    }

    @Test func `all keys are deleted unasked only where nobody could be asked`() async throws {
        let session = try await DaemonSession()
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        let terminal = try await TerminalWindow(
            ["sh", "-c", "'\(DaemonSession.programs)/keybell' revoke --all 2>/dev/null; echo \"status $?\""],
            environment: session.bus.environment
        )
        try await terminal.shows("Delete the key of the one client")
        try await terminal.type("n", "Enter")
        try await terminal.shows("status 1")
        #expect(try await client.ask(.testAssociate).success)
        try await terminal.close()
        #expect(try await session.keybell("revoke", "--all").status == 0)
        #expect(try await !client.ask(.testAssociate).success)
    }

    @Test func `nothing in an argument reaches the terminal but text`() async throws {
        let session = try await DaemonSession(withKeyring: false, starting: false)
        let evil = "\u{1B}]0;evil\u{7}"
        for arguments in [
            ["allow", evil], ["status", evil], ["help", evil], ["deny", "7F2A", "--mute", evil],
        ] {
            let report = try await ChildProcess.run(
                DaemonSession.programs + "/keybell",
                arguments,
                environment: session.bus.environment
            )
            #expect(report.status == 2 && report.errors.contains("]0;evil"), "\(report)")
            #expect(!report.errors.contains("\u{1B}") && !report.errors.contains("\u{7}"), "\(report)")
        }
        let daemon = try await session.run(DaemonSession.programs + "/keybelld", evil)
        #expect(daemon.status == 2 && !daemon.errors.contains("\u{1B}"), "\(daemon)")
    }

    @Test func `the doctor finds nothing to mend but a missing notifier`() async throws {
        let session = try await DaemonSession()
        let report = try await session.keybell("doctor", "--json")
        let findings =
            try JSONSerialization.jsonObject(with: Data(report.output.utf8)) as? [[String: Any]] ?? []
        #expect(!findings.isEmpty)
        let levels = findings.map { $0["level"] as? String }
        #expect(levels.filter { $0 != "ok" && $0 != "warning" }.isEmpty, "\(report.output)")
        #expect(report.output.contains("nothing shows requests"))
    }

    @Test func `keybell client asks as any script would`() async throws {
        let session = try await DaemonSession()
        let rang = try await BusAnswerer(session).answering(["id": "script"]) {
            try await session.keybell("client", "associate", "--id", "script")
        }
        #expect(rang.status == 0, "\(rang)")
        let saved = try await BusAnswerer(session).answering {
            try await session.keybell(
                "client",
                "save",
                "https://example.org/",
                "--id",
                "script",
                "--user",
                "alice",
                input: "geheim\n"
            )
        }
        #expect(saved.status == 0, "\(saved)")
        let logins = try await BusAnswerer(session).answering {
            try await session.keybell(
                "client",
                "logins",
                "https://example.org/",
                "--id",
                "script",
                "--json"
            )
        }
        #expect(logins.status == 0, "\(logins)")
        let entries =
            try JSONSerialization.jsonObject(with: Data(logins.output.utf8)) as? [[String: Any]] ?? []
        #expect(entries.map { $0["password"] as? String } == ["geheim"])
        let generated = try await session.keybell("client", "generate", "--id", "script")
        #expect(generated.status == 0)
        #expect(generated.output.trimmingCharacters(in: .whitespacesAndNewlines).count >= 20)
    }

    @Test func `a key for another script takes over no call, and advice names the Id`() async throws {
        let session = try await DaemonSession()
        for id in ["first", "backup"] {
            let made = try await BusAnswerer(session).answering {
                try await session.keybell("client", "associate", "--id", id)
            }
            #expect(made.output == "Associated as \(id).\n", "\(made)")
        }
        let asked = Observed<[String]>([])
        _ = try await BusAnswerer(session).answering(
            decision: "deny",
            seen: { question in
                asked.update { $0.append(question.details["client"]?.asString ?? "") }
                return nil
            }
        ) {
            try await session.keybell("client", "save", "https://a.example/", "--user", "a", input: "x\n")
        }
        #expect(asked.now == ["first"])
        #expect(try await session.keybell("revoke", "first").status == 0)
        #expect(try await session.keybell("client", "generate").status == 0, "the other one still holds")
        let named = try await session.keybell("client", "generate", "--id", "first")
        #expect(named.errors.contains("keybell client associate --id first"), "\(named)")
        #expect(try await session.keybell("revoke", "backup").status == 0)
        let none = try await session.keybell("client", "generate")
        #expect(none.status == 1)
        #expect(none.errors.contains("first, backup"), "\(none)")
        let unknown = try await session.keybell("client", "generate", "--id", "nosuch")
        #expect(unknown.errors.contains("keybell client associate --id nosuch"), "\(unknown)")
    }

    @Test func `a request is shown whole by its code, and logins are allowed by number and title`()
        async throws
    {
        let session = try await DaemonSession()
        let client = try await ClientProgram.associated(with: session, as: "browser")
        for user in ["alice", "bob", "carol"] {
            let saved = try await client.save("https://example.org/", login: user, password: user)
            #expect(saved.success)
        }
        let body = try client.body(.getLogins, [("Url", "https://example.org/")])
        async let some = session.send(body)
        let code = try await BusAnswerer(session).question().code
        let shown = try await session.keybell("requests", code)
        for part in [
            "1  “example.org” (“alice”)", "3  “example.org” (“carol”)", "executable: ", "pid: ",
        ] {
            #expect(shown.output.contains(part), "\(shown)")
        }
        let wrong = try await session.keybell("allow", code, "--entry", "4")
        #expect(wrong.status == 1)
        #expect(wrong.errors.contains("from 1 to 3"), "\(wrong)")
        let several = try await session.keybell("allow", code, "--entry", "example.org")
        #expect(several.errors.contains("1, 2 or 3"), "\(several)")
        #expect(try await session.keybell("allow", code, "--entry", "1", "--entry", "3").status == 0)
        #expect(try await (some.json["Entries"] as? [any Sendable])?.count == 2)
        #expect(try await session.keybell("requests", code).output.contains("allowed"))
        #expect(try await session.keybell("log", "--client", "nosuch").status == 1)
        #expect(try await session.keybell("statsu").errors.contains("Did you mean `keybell status`?"))
    }
}
