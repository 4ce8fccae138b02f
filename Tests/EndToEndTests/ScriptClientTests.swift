// SPDX-License-Identifier: Apache-2.0

import DBus
import Foundation
import KeePassHTTP
import SecureMemory
import TestSupport
import Testing

/// `keybell client` as scripts run it.
struct ScriptClientTests {
    /// A session in which `keybell client` has a key and one login is stored for each URL.
    private static func session(
        _ configuration: String = "",
        logins: [(url: String, user: String)] = [("https://example.org/", "alice")]
    ) async throws -> DaemonSession {
        let session = try await DaemonSession(configuration)
        let made = try await BusAnswerer(session).answering {
            try await session.keybell("client", "associate")
        }
        guard made.status == 0 else { throw TestFailure("\(made)") }
        for login in logins {
            let saved = try await BusAnswerer(session).answering {
                try await session.keybell(
                    "client",
                    "save",
                    login.url,
                    "--user",
                    login.user,
                    input: "geheim\n"
                )
            }
            guard saved.status == 0 else { throw TestFailure("\(saved)") }
        }
        return session
    }

    @Test func `a script that is restricted finds its part unasked, and nothing else`() async throws {
        let session = try await Self.session(
            "[access]\nask_bulk = \"never\"\n",
            logins: [("https://example.org/", "alice"), ("https://example.com/", "bob")]
        )
        let listed = try await session.keybell("clients", "--json").output
        let clients = try JSONSerialization.jsonObject(with: Data(listed.utf8)) as? [[String: Any]]
        let id = try #require(clients?.first?["id"] as? String)
        for (options, words) in [
            (["--host", "*.org"], "many owners"), (["--vault", "gone"], "There is no vault"),
            (["--everything", "--host", "example.org"], "leave out"),
        ] {
            let wrong = try await session.keybell(["restrict", id] + options)
            #expect(wrong.status != 0 && wrong.errors.contains(words), "\(wrong)")
        }
        #expect(try await session.keybell("restrict", id).output == "\(id) sees everything.\n")
        #expect(try await session.keybell("client", "get", "example.com").output.contains("bob"))
        let told = try await session.keybell("restrict", id, "--host", "example.org")
        #expect(told.status == 0 && told.output == "\(id) sees only host example.org.\n", "\(told)")
        for command in ["clients", "status"] {
            #expect(try await session.keybell(command).output.contains("sees only host example.org"))
        }
        #expect(try await session.keybell("client", "get", "example.org").output.contains("alice"))
        #expect(try await session.keybell("client", "get", "example.com").status == 4)
        let found = try await session.keybell("client", "search", "example")
        #expect(found.output.contains("alice") && !found.output.contains("bob"), "\(found)")
        let save = ["client", "save", "https://example.com/", "--user", "eve"]
        let refused = try await session.keybell(save, input: "x\n")
        #expect(refused.status == 1 && refused.errors.contains("restricted to some hosts"), "\(refused)")
        // Not by what may be the script itself, but on a terminal.
        let lifted = try await session.keybell("restrict", id, "--everything")
        #expect(lifted.status != 0 && lifted.errors.contains("belongs to the client itself"), "\(lifted)")
        let lifting = "\(DaemonSession.programs)/keybell restrict \(id) --everything"
        let onTerminal = try await session.run("script", "-qec", lifting, "/dev/null")
        #expect(onTerminal.status == 0 && onTerminal.output.contains("sees everything"), "\(onTerminal)")
        #expect(try await session.keybell("client", "get", "example.com").output.contains("bob"))
    }

    @Test func `scripts go on by what the daemon has in force, whatever its file says by now`() async throws {
        let session = try await Self.session(logins: [])
        let other = try FreePort.next()
        try session.configure(port: other)
        #expect(try await session.keybell("client", "generate").status == 0)
        #expect(try await session.keybell("reload").status == 0)
        #expect(try await session.keybell("client", "generate").status == 0)
        let status = try await session.keybell("status").output
        #expect(status.contains("listens on its former port until then"), "\(status)")

        try session.configure(http: "prot = \(other)")
        for options in [[], ["--config", session.configuration]] {
            let made = try await ChildProcess.run(
                DaemonSession.programs + "/keybell",
                ["client", "generate"] + options,
                environment: session.bus.environment
            )
            #expect(made.status == 0, "\(made)")
        }
        let socket = try await session.keybell("socket", "--no-restart")
        #expect(socket.status == 1 && socket.errors.contains("http.prot"), "\(socket)")

        let file = try session.bus.folder.write("other.toml", "[http]\nport = \(other)\n")
        let missed = try await session.keybell("client", "generate", "--config", file)
        #expect(missed.status == 3 && missed.errors.contains("goes by \(session.configuration)"), "\(missed)")
        try await session.stop()
        let alone = try await session.keybell("client", "generate")
        #expect(alone.status == 1 && alone.errors.contains("http.prot"), "\(alone)")
    }

    @Test func `the key is found again where the daemon has another port`() async throws {
        let session = try await Self.session(logins: [])
        try await session.stop()
        let port = try FreePort.next()
        try session.configure(port: port)
        let missing = try await session.keybell("client", "associate", "--port", "\(port)")
        #expect(missing.status == 3, "\(missing)")
        try await session.start()
        let found = try await session.keybell("client", "associate")
        #expect(found.output.contains("has a key that works already"), "\(found)")
        // From now on it is that port's own.
        let kept = try await session.run(
            "secret-tool",
            "lookup",
            "xdg:schema",
            "org.keybell.OwnKey",
            "server",
            "http://localhost:\(port)"
        )
        #expect(kept.status == 0)
    }

    @Test func `nothing found, denied, denied a moment ago and denied for good are told apart`() async throws
    {
        let session = try await Self.session(logins: [
            ("https://example.org/", "alice"), ("https://b.example/", "b"),
        ])
        let none = try await session.keybell("client", "logins", "https://nowhere.example/")
        #expect(none.status == 4, "\(none)")
        #expect(none.errors == "keybell: There is no login for https://nowhere.example/.\n")

        let denied = try await BusAnswerer(session).answering(decision: "deny") {
            try await session.keybell("client", "logins", "https://example.org/", "--json")
        }
        #expect(denied.status == 1, "\(denied)")
        #expect(denied.output == "[]\n" && denied.errors == "keybell: You denied it.\n", "\(denied)")

        let quiet = try await session.keybell("client", "logins", "https://example.org/")
        #expect(quiet.status == 1, "\(quiet)")
        let code = try #require(quiet.errors.firstMatch(of: /keybell allow ([0-9A-Z]{4})/)?.1)
        #expect(quiet.errors.contains(/You are asked again in [0-9]+ seconds?, or after/), "\(quiet)")
        // What another page gets isn't mixed up with it.
        #expect(try await session.keybell("client", "logins", "https://nowhere.example/").status == 4)
        #expect(try await session.keybell("allow", String(code)).status == 0)

        async let forever = session.keybell("client", "logins", "https://b.example/")
        let question = try await BusAnswerer(session).question()
        let bus = try await session.bus.connect()
        _ = try await bus.call(
            BusAnswerer.name,
            BusAnswerer.approval,
            BusAnswerer.interface,
            "Answer",
            [.string(question.code), .string("deny"), .vardict(["scope": .string("always")])]
        )
        #expect(try await forever.status == 1)
        let remembered = try await session.keybell("client", "logins", "https://b.example/")
        #expect(remembered.status == 1 && remembered.errors.contains("keybell forget "), "\(remembered)")
        await bus.close()
    }

    @Test func `a mute and a quiet time are told as what they are, and nobody is told to answer then`()
        async throws
    {
        let session = try await Self.session()
        async let asking = session.keybell("client", "associate", "--id", "other")
        let first = try await BusAnswerer(session).question()
        #expect(
            first.title.hasPrefix("Let the command ")
                && first.title.hasSuffix("keybell (“other”) ask Keybell for logins?")
        )
        #expect(
            try await session.keybell("allow", first.code, "--scope", "always").errors.contains(
                "leave out --scope"
            )
        )
        #expect(try await session.keybell("deny", first.code).status == 0)
        #expect(try await asking.errors.contains("Keybell asks you now"))
        let quiet = try await session.keybell("client", "associate", "--id", "other")
        #expect(quiet.status == 1, "\(quiet)")
        #expect(
            !quiet.errors.contains("asks you now") && quiet.errors.contains("keybell allow \(first.code)"),
            "\(quiet)"
        )

        async let reading = session.keybell("client", "logins", "https://example.org/")
        let question = try await BusAnswerer(session).question()
        #expect(try await session.keybell("deny", question.code, "--mute", "10").status == 0)
        #expect(try await reading.status == 1)
        let muted = try await session.keybell("client", "logins", "https://nowhere.example/")
        #expect(muted.status == 1 && muted.errors.contains("without asking you"), "\(muted)")
        #expect(muted.errors.contains("keybell unmute \(question.code)"), "\(muted)")
        let again = try await session.keybell("client", "associate", "--id", "third")
        #expect(again.status == 1 && !again.errors.contains("asks you now"), "\(again)")
        #expect(try await session.keybell("unmute").status == 0)
        #expect(try await session.keybell("client", "logins", "https://nowhere.example/").status == 4)
    }

    @Test func `a grant by name says for which login it is, and the log where names alone went out`()
        async throws
    {
        let session = try await Self.session()
        async let getting = session.keybell("client", "get", "example.org")
        let question = try await BusAnswerer(session).question()
        #expect(try await session.keybell("allow", question.code, "--names-only").status == 0)
        let names = try await getting
        #expect(names.status == 0 && names.output.contains("  username  alice\n"), "\(names)")
        #expect(!names.output.contains("password"), "\(names)")
        #expect(
            names.errors.contains("came without its password, since that is what you allowed"),
            "\(names)"
        )
        let log = try await session.keybell("log").output
        #expect(log.contains("got 1 login without passwords from"), "\(log)")
        async let again = session.keybell("client", "get", "example.org")
        let second = try await BusAnswerer(session).question()
        #expect(try await session.keybell("allow", second.code, "--scope", "always").status == 0)
        #expect(try await again.output.contains("geheim"))
        let grants = try await session.keybell("grants").output
        #expect(grants.contains("by name: “example.org”"), "\(grants)")
        let whole = try await session.keybell("log").output.split(separator: "\n").last {
            $0.contains("got 1 login")
        }
        #expect(whole?.contains("without") == false, "\(whole ?? "")")
    }

    @Test func `one value alone, by uuid, by title and by search`() async throws {
        let session = try await Self.session()
        let found = try await BusAnswerer(session).answering {
            try await session.keybell("client", "search", "exam ali")
        }
        #expect(found.status == 0, "\(found)")
        #expect(!found.output.contains("geheim"), "a line of a search has no password")
        let uuid = try #require(found.output.firstMatch(of: /example\.org +alice +([0-9A-F]{32})\n/)?.1)
        let password = try await BusAnswerer(session).answering {
            try await session.keybell("client", "get", String(uuid).lowercased(), "--field", "password")
        }
        #expect(password.output == "geheim\n", "\(password)")
        let user = try await BusAnswerer(session).answering {
            try await session.keybell("client", "get", "example.org", "--field", "user")
        }
        #expect(user.output == "alice\n", "\(user)")
        let name = try await BusAnswerer(session).answering {
            try await session.keybell("client", "get", "example.org", "--field", "username")
        }
        #expect(name.output == "alice\n", "\(name)")
        let missing = try await BusAnswerer(session).answering {
            try await session.keybell("client", "get", "example.org", "--field", "pin")
        }
        #expect(missing.status == 4 && missing.output.isEmpty, "\(missing)")
        #expect(missing.errors.contains("title, username, password, uuid, group"), "\(missing)")
        #expect(try await session.keybell("client", "get", "no such title").status == 4)
        #expect(try await session.keybell("client", "search", "nosuchword").status == 4)
        #expect(try await session.keybell("client", "get", "x", "--field", "user", "--json").status == 2)
    }

    @Test func `a one-time code comes from a field that says so, never as the placeholder`() async throws {
        let session = try await Self.session("[fields]\nreturn = true\nonly_kph = false\n", logins: [])
        let client = try await ClientProgram.associated(with: session, as: "browser")
        let body = try OutgoingRequest(
            .setLogin,
            id: client.id,
            fields: [
                ("Url", SecretBytes(utf8: "https://example.org/")), ("Login", SecretBytes(utf8: "alice")),
            ],
            stringFields: [("otp", SecretBytes(utf8: "otpauth://totp/x?secret=JBSWY3DPEHPK3PXP"))]
        ).encoded(with: client.key)
        let saved = try await BusAnswerer(session).answering { try await session.send(body) }
        #expect(try saved.json["Success"] as? Bool == true)
        let code = try await BusAnswerer(session).answering {
            try await session.keybell("client", "code", "https://example.org/")
        }
        #expect(code.status == 0 && code.output.wholeMatch(of: /[0-9]{6}\n/) != nil, "\(code)")
        #expect(code.errors.wholeMatch(of: /Good for [0-9]{1,2} seconds?\.\n/) != nil, "\(code)")
        let whole = try await BusAnswerer(session).answering {
            try await session.keybell("client", "code", "https://example.org/", "--json")
        }
        let form = /\{"code": "[0-9]{6}", "uuid": "[0-9A-F]{32}", "seconds-left": [0-9]{1,2}\}\n/
        #expect(whole.output.wholeMatch(of: form) != nil && whole.errors.isEmpty, "\(whole)")
    }

    @Test func `a login without a code says how it gets one`() async throws {
        let session = try await Self.session()
        let code = try await BusAnswerer(session).answering {
            try await session.keybell("client", "code", "https://example.org/")
        }
        #expect(code.status == 4 && code.errors.contains("{TOTP}"), "\(code)")
    }

    @Test func `a uuid of no login that came is told as such`() async throws {
        let session = try await Self.session()
        let uuid = String(repeating: "0", count: 32)
        let code = try await BusAnswerer(session).answering {
            try await session.keybell("client", "code", "https://example.org/", "--uuid", uuid)
        }
        #expect(code.status == 4, "\(code)")
        #expect(
            code.errors.contains("No login of the uuid \(uuid) came for https://example.org/."),
            "\(code)"
        )
    }

    @Test(arguments: [true, false])
    func `no password is taken where it can't be saved`(isThere: Bool) async throws {
        let session = try await DaemonSession(starting: isThere)
        // Its input stays open, so that it would be waited for.
        let save = try session.starting("client", "save", "https://example.org/", input: nil)
        let report = try await save.end()
        #expect(report.status == (isThere ? 1 : 3), "\(report)")
        #expect(!isThere || report.errors.contains("There is no key for scripts yet"), "\(report)")
    }

    @Test(arguments: [(SIGTERM, "Password:"), (SIGHUP, "Password:"), (SIGTERM, "Again:")])
    func `a signal at the prompt ends it and leaves the terminal as it was`(signal: Int32, prompt: String)
        async throws
    {
        let session = try await Self.session(logins: [])
        let save = "'\(DaemonSession.programs)/keybell' client save https://example.org/"
        let terminal = try await TerminalWindow(
            [
                "sh", "-c",
                "sh -c \"echo pid \\$\\$.; exec \(save)\"; echo \"status $?\"; stty -a | grep -q -- '-echo ' || echo restored; cat",
            ],
            environment: session.bus.environment
        )
        let screen = try await terminal.shows("Password:")
        let pid = try #require(screen.firstMatch(of: /pid ([0-9]+)\./).flatMap { Int32($0.1) })
        try await eventually("a terminal without echo") {
            try await session.run("stty", "-F", "/proc/\(pid)/fd/0", "-a").output.contains("-echo ")
                ? () : nil
        }
        if prompt != "Password:" {
            try await terminal.type("x", "Enter")
            try await terminal.shows(prompt)
        }
        #expect(kill(pid, signal) == 0)
        try await terminal.shows("status \(128 + signal)")
        try await terminal.shows("restored")
        try await terminal.close()
    }

    @Test func `an Id without a key is named`() async throws {
        let session = try await Self.session(logins: [])
        let unknown = try await session.keybell("client", "generate", "--id", "nosuch")
        #expect(unknown.status == 1)
        #expect(
            unknown.errors
                == "keybell: There is no key for scripts under the name “nosuch” yet: run `keybell client associate --id nosuch` once, and allow it. If another program has that name, choose a new one.\n",
            "\(unknown)"
        )
    }

    @Test func `a shell completes codes, Ids, vaults and grants`() async throws {
        let session = try await Self.session(logins: [])
        let body = try associateBody()
        async let asked = session.send(body)
        let code = try await BusAnswerer(session).question().code
        let codes = try await session.keybell(
            "---completion",
            "allow",
            "--",
            "positional@0",
            "2",
            "0",
            "keybell",
            "allow",
            ""
        )
        #expect(codes.output.split(separator: "\n").map(String.init) == [code], "\(codes)")
        #expect(try await session.keybell("deny", code).status == 0)
        _ = try await asked
        let clients = try await session.keybell("clients", "--json")
        let ids = try await session.keybell(
            "---completion",
            "revoke",
            "--",
            "positional@0",
            "2",
            "0",
            "keybell",
            "revoke",
            ""
        )
        let id = ids.output.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(!id.isEmpty && clients.output.contains("\"\(id)\""), "\(ids)")
        let vaults = try await session.keybell(
            "---completion",
            "unlock",
            "--",
            "positional@0",
            "2",
            "0",
            "keybell",
            "unlock",
            ""
        )
        #expect(vaults.output == "keyring\n", "\(vaults)")
        let none = try await session.keybell(
            "---completion",
            "forget",
            "--",
            "positional@1",
            "3",
            "0",
            "keybell",
            "forget",
            id,
            ""
        )
        #expect(none.status == 0 && none.output.filter { $0 != "\n" }.isEmpty, "\(none)")
    }
}
