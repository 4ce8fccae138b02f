// SPDX-License-Identifier: Apache-2.0

import DBus
import Foundation
import TestSupport
import Testing

/// `git-credential-keybell`, as git runs it and by itself.
struct GitHelperTests {
    /// What was asked, in order: kind and title.
    private typealias Asked = Observed<[String]>

    /// Runs git in a session, with Keybell's helper; a password is what the person types for the user alice.
    private static func git(
        _ session: DaemonSession,
        _ arguments: [String],
        typing password: String? = nil
    ) async throws -> ChildProcess.Report {
        var environment = session.bus.environment
        let path = ChildProcess.standardEnvironment["PATH"] ?? ""
        environment.merge([
            "PATH": DaemonSession.programs + ":" + path, "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_CONFIG_COUNT": "1", "GIT_CONFIG_KEY_0": "credential.helper", "GIT_CONFIG_VALUE_0": "keybell",
        ]) { $1 }
        if let password {
            let script = try session.bus.folder.write(
                "askpass",
                "#!/bin/sh\ncase $1 in Username*) echo alice ;; *) echo '\(password)' ;; esac\n"
            )
            guard unsafe chmod(script, 0o700) == 0 else { throw TestFailure("no askpass") }
            environment["GIT_ASKPASS"] = script
        }
        let home = ["-C", session.bus.folder.path("home")]
        return try await ChildProcess.run("git", home + arguments, environment: environment)
    }

    /// Does something, answers what is asked, and tells what that was.
    private static func answering(
        _ session: DaemonSession,
        _ decision: String = "allow",
        _ action: @escaping @Sendable () async throws -> ChildProcess.Report
    ) async throws -> (report: ChildProcess.Report, asked: [String]) {
        let asked = Asked([])
        let report = try await BusAnswerer(session).answering(
            decision: decision,
            seen: { question in
                asked.update { $0.append("\(question.kind ?? ""): \(question.title)") }
                return nil
            },
            while: action
        )
        return (report, asked.now)
    }

    /// Runs the helper by itself.
    private static func helper(
        _ session: DaemonSession,
        _ operation: String,
        _ lines: String...
    ) async throws -> ChildProcess.Report {
        try await session.run(
            DaemonSession.programs + "/git-credential-keybell",
            operation,
            input: (["protocol=https", "host=a.example"] + lines).joined(separator: "\n") + "\n\n"
        )
    }

    /// Has what is asked next allowed for good.
    private static func allowAlways(_ session: DaemonSession) async throws -> String {
        let question = try await BusAnswerer(session).question()
        let allowed = try await session.keybell("allow", question.code, "--scope", "always")
        #expect(allowed.status == 0, "\(allowed)")
        return question.title
    }

    @Test func `what is typed for a clone is saved, asked about at the next one, and given out always then`()
        async throws
    {
        let session = try await DaemonSession()
        let server = try await GitServer(password: "geheim")
        let place = "127.0.0.1:\(server.port)"
        let (typed, asked) = try await Self.answering(session) {
            try await Self.git(session, ["clone", "-q", server.url, "one"], typing: "geheim")
        }
        #expect(typed.status == 0, "\(typed)")
        #expect(asked.count == 2, "\(asked)")
        #expect(asked.first?.hasPrefix("associate: Let the command ") == true, "\(asked)")
        #expect(asked.first?.contains("git-credential-keybell (“git”)") == true, "\(asked)")
        #expect(asked.last?.contains("(“git”) wants to save a new login at \(place)") == true, "\(asked)")

        async let second = Self.git(session, ["clone", "-q", server.url, "two"])
        let title = try await Self.allowAlways(session)
        #expect(title.hasSuffix("git-credential-keybell (“git”) asks for your login at \(place)"), "\(title)")
        let cloned = try await second
        #expect(cloned.status == 0, "\(cloned)")

        let (third, unasked) = try await Self.answering(session, "deny") {
            let clone = try await Self.git(session, ["clone", "-q", server.url, "three"])
            guard clone.status == 0 else { return clone }
            let author = ["-c", "user.name=Ann", "-c", "user.email=ann@a.example"]
            _ = try await Self.git(
                session,
                ["-C", "three"] + author + ["commit", "-q", "--allow-empty", "-m", "x"]
            )
            return try await Self.git(session, ["-C", "three", "push", "-q", "origin", "HEAD:main"])
        }
        #expect(third.status == 0 && third.errors.isEmpty, "\(third)")
        #expect(unasked.isEmpty, "\(unasked)")
    }

    @Test func `a refused login stays, is kept back from git, and is replaced by what works`()
        async throws
    {
        let session = try await DaemonSession()
        let server = try await GitServer(password: "geheim")
        let look = ["ls-remote", server.url]
        let (typed, _) = try await Self.answering(session) {
            try await Self.git(session, look, typing: "geheim")
        }
        #expect(typed.status == 0, "\(typed)")
        async let granted = Self.git(session, look)
        _ = try await Self.allowAlways(session)
        #expect(try await granted.status == 0)

        // Somebody who mistypes a password loses nothing.
        let mistyped = try await Self.helper(
            session,
            "erase",
            "host=127.0.0.1:\(server.port)",
            "protocol=http",
            "username=alice",
            "password=gehiem"
        )
        #expect(mistyped.status == 0 && mistyped.errors.isEmpty, "\(mistyped)")
        #expect(try await Self.git(session, look).status == 0)

        try server.change(password: "neu")
        let (refused, unasked) = try await Self.answering(session) {
            try await Self.git(session, look, typing: "neu")
        }
        #expect(refused.status == 128 && unasked.isEmpty, "\(refused) \(unasked)")
        #expect(refused.errors.contains("has refused the login that Keybell gave out"), "\(refused)")

        let (changed, asked) = try await Self.answering(session) {
            try await Self.git(session, look, typing: "neu")
        }
        #expect(changed.status == 0, "\(changed)")
        #expect(asked.count == 1 && asked.first?.contains("wants to change your login") == true, "\(asked)")
        let (again, nothing) = try await Self.answering(session, "deny") { try await Self.git(session, look) }
        #expect(again.status == 0 && nothing.isEmpty, "\(again) \(nothing)")
    }

    @Test func `a login that was refused by mistake goes out again once it has worked`() async throws {
        let session = try await DaemonSession()
        let login = ["username=ann", "password=1"]
        _ = try await Self.answering(session) { try await Self.helper(session, "get") }
        _ = try await Self.answering(session) { try await Self.helper(session, "store", login[0], login[1]) }
        async let granted = Self.helper(session, "get")
        _ = try await Self.allowAlways(session)
        let given = "username=ann\npassword=1\n"
        #expect(try await granted.output == given)
        #expect(try await Self.helper(session, "erase", login[0], login[1]).status == 0)
        let keptBack = try await Self.helper(session, "get")
        #expect(keptBack.status == 0 && keptBack.output.isEmpty, "\(keptBack)")
        #expect(try await Self.helper(session, "store", login[0], login[1]).status == 0)
        #expect(try await Self.helper(session, "get").output == given)
    }

    @Test func `after a refused login git gets no other user's`() async throws {
        let session = try await DaemonSession()
        _ = try await Self.answering(session) { try await Self.helper(session, "get") }
        for (user, password) in [("ann", "1"), ("bob", "2")] {
            _ = try await Self.answering(session) {
                try await Self.helper(session, "store", "username=\(user)", "password=\(password)")
            }
        }
        let (first, _) = try await Self.answering(session) { try await Self.helper(session, "get") }
        let lines = first.output.split(separator: "\n").map(String.init)
        try #require(lines.count == 2, "\(first)")
        let other = lines[0] == "username=ann" ? "bob" : "ann"
        #expect(try await Self.helper(session, "erase", lines[0], lines[1]).status == 0)
        let (second, _) = try await Self.answering(session) { try await Self.helper(session, "get") }
        #expect(second.status == 0 && second.output.isEmpty, "\(second)")
        #expect(second.errors.contains("The server has refused the login of"), "\(second)")
        let (named, _) = try await Self.answering(session) {
            try await Self.helper(session, "get", "username=\(other)")
        }
        #expect(named.output.hasPrefix("username=\(other)\n"), "\(named)")
    }

    @Test func `the named user's login is given, a new user's is saved beside it`() async throws {
        let session = try await DaemonSession()
        // Nothing was ever given to git, so nobody is asked for a key just to save.
        let (early, unasked) = try await Self.answering(session) {
            try await Self.helper(session, "store", "username=ann", "password=1")
        }
        #expect(early.status == 0 && early.errors.isEmpty && unasked.isEmpty, "\(early) \(unasked)")
        let (first, _) = try await Self.answering(session) { try await Self.helper(session, "get") }
        #expect(first.status == 0 && first.output.isEmpty, "\(first)")
        for (user, password) in [("ann", "1"), ("bob", "2")] {
            let (stored, asked) = try await Self.answering(session) {
                try await Self.helper(session, "store", "username=\(user)", "password=\(password)")
            }
            #expect(
                stored.status == 0 && asked.last?.contains("a new login at a.example") == true,
                "\(asked)"
            )
        }
        let (bob, _) = try await Self.answering(session) {
            try await Self.helper(session, "get", "username=bob")
        }
        #expect(bob.output == "username=bob\npassword=2\n", "\(bob)")
        let (same, unneeded) = try await Self.answering(session) {
            try await Self.helper(session, "store", "username=bob", "password=2")
        }
        #expect(same.status == 0 && unneeded.isEmpty, "\(unneeded)")
        let (carl, _) = try await Self.answering(session) {
            try await Self.helper(session, "get", "username=carl")
        }
        #expect(carl.status == 0 && carl.output.isEmpty && carl.errors.isEmpty, "\(carl)")
        let (token, untold) = try await Self.answering(session) {
            try await Self.helper(session, "store", "username=bob", "password=3", "password_expiry_utc=1")
        }
        #expect(token.status == 0 && untold.isEmpty, "\(untold)")
        let (denied, _) = try await Self.answering(session, "deny") { try await Self.helper(session, "get") }
        #expect(denied.status == 0 && denied.output.isEmpty && denied.errors.isEmpty, "\(denied)")
        // git's key is its own.
        let scripts = try await session.keybell("client", "generate")
        #expect(
            scripts.status == 1 && scripts.errors.contains("There is no key for scripts yet"),
            "\(scripts)"
        )
    }

    @Test func `a new password for a login that is gone is saved as a new one`() async throws {
        let session = try await DaemonSession()
        _ = try await Self.answering(session) { try await Self.helper(session, "get") }
        _ = try await Self.answering(session) {
            try await Self.helper(session, "store", "username=ann", "password=1")
        }
        let gone = try await session.run(
            "secret-tool",
            "clear",
            "xdg:schema",
            "org.keybell.Login",
            "username",
            "ann"
        )
        #expect(gone.status == 0, "\(gone)")
        let (stored, asked) = try await Self.answering(session) {
            try await Self.helper(session, "store", "username=ann", "password=2")
        }
        #expect(stored.status == 0, "\(stored)")
        #expect(asked.last?.contains("wants to save a new login at a.example") == true, "\(asked)")
    }

    @Test func `a password with a line break is not given to git, and the next line is no key`() async throws
    {
        let session = try await DaemonSession()
        let made = try await session.run(
            "secret-tool",
            "store",
            "--label=x",
            "xdg:schema",
            "org.keybell.Login",
            "username",
            "ann",
            "url",
            "https://a.example/",
            input: "1\nhost=b.example"
        )
        #expect(made.status == 0, "\(made)")
        let (given, asked) = try await Self.answering(session) { try await Self.helper(session, "get") }
        #expect(given.status == 0 && given.output.isEmpty, "\(given)")
        #expect(given.errors.contains("has a line break or a NUL in it") && asked.count == 2, "\(given)")
    }

    @Test func `each repository has a login of its own where git goes by paths`() async throws {
        let session = try await DaemonSession()
        _ = try await Self.answering(session) { try await Self.helper(session, "get") }
        for path in ["one.git", "two.git"] {
            let (stored, asked) = try await Self.answering(session) {
                try await Self.helper(
                    session,
                    "store",
                    "path=\(path)",
                    "username=ann",
                    "password=for \(path)"
                )
            }
            #expect(
                stored.status == 0 && asked.last?.contains("a new login at a.example") == true,
                "\(asked)"
            )
        }
        for path in ["one.git", "two.git"] {
            let (given, _) = try await Self.answering(session) {
                try await Self.helper(session, "get", "path=\(path)")
            }
            #expect(given.output == "username=ann\npassword=for \(path)\n", "\(given)")
        }
    }

    /// Stores a login as another program does.
    private static func put(_ session: DaemonSession, _ title: String, _ url: String) async throws {
        let attributes = ["xdg:schema", "org.keybell.Login", "username", "alice", "url", url, "title", title]
        let made = try await ChildProcess.run(
            "secret-tool",
            ["store", "--label=x"] + attributes,
            environment: session.bus.environment,
            input: "former"
        )
        #expect(made.status == 0, "\(made)")
    }

    @Test(arguments: [
        ("Work", "https://corp.example.net/", "wants to save a new login at git.corp."),
        ("Work", "https://git.corp.example.net/", "wants to change your login “Work” at git.corp."),
        ("git.corp.example.net", "", "wants to change your login “git.corp.example.net” at "),
    ])
    func `a new password changes a login of just that host, and none of its domain`(
        title: String,
        url: String,
        question: String
    ) async throws {
        let session = try await DaemonSession()
        try await Self.put(session, title, url)
        let alice = ["host=git.corp.example.net", "username=alice"]
        let (given, _) = try await Self.answering(session) {
            try await Self.helper(session, "get", alice[0], alice[1])
        }
        #expect(given.output == "username=alice\npassword=former\n", "\(given)")
        let (stored, asked) = try await Self.answering(session) {
            try await Self.helper(session, "store", alice[0], alice[1], "password=new")
        }
        #expect(stored.status == 0 && asked.count == 1, "\(stored) \(asked)")
        #expect(asked.last?.contains(question) == true, "\(asked)")
    }

    @Test func `where git names a user, that one's login alone is asked about and allowed`() async throws {
        let session = try await DaemonSession()
        _ = try await Self.answering(session) { try await Self.helper(session, "get") }
        for (user, password) in [("ann", "1"), ("bob", "2")] {
            _ = try await Self.answering(session) {
                try await Self.helper(session, "store", "username=\(user)", "password=\(password)")
            }
        }
        async let granted = Self.helper(session, "get", "username=bob")
        let question = try await BusAnswerer(session).question()
        let shown = question.details["entries"]?.asArray ?? []
        #expect(shown.count == 1, "\(question)")
        #expect(try await session.keybell("allow", question.code, "--scope", "always").status == 0)
        #expect(try await granted.output == "username=bob\npassword=2\n")
        let (bob, unasked) = try await Self.answering(session, "deny") {
            try await Self.helper(session, "get", "username=bob")
        }
        #expect(bob.output == "username=bob\npassword=2\n" && unasked.isEmpty, "\(bob) \(unasked)")
        let (ann, asked) = try await Self.answering(session, "deny") {
            try await Self.helper(session, "get", "username=ann")
        }
        #expect(ann.output.isEmpty && asked.count == 1, "\(ann) \(asked)")
    }

    @Test func `a denied key, a missing daemon and unknown operations leave it to git`() async throws {
        let session = try await DaemonSession()
        let (denied, asked) = try await Self.answering(session, "deny") {
            try await Self.helper(session, "get")
        }
        #expect(denied.status == 0 && denied.output.isEmpty && asked.count == 1, "\(denied) \(asked)")
        #expect(!denied.errors.contains("You denied"), "\(denied)")
        try await session.stop()
        let missing = try await Self.helper(session, "get")
        #expect(missing.status == 3 && missing.output.isEmpty, "\(missing)")
        #expect(missing.errors.contains("Start Keybell with"), "\(missing)")
        let unknown = try await Self.helper(session, "capability")
        #expect(unknown.status == 0 && unknown.output.isEmpty && unknown.errors.isEmpty, "\(unknown)")
        let nowhere = try await Self.helper(session, "get", "host=")
        #expect(nowhere.status == 0 && nowhere.output.isEmpty && nowhere.errors.isEmpty, "\(nowhere)")
        let help = try await session.run(DaemonSession.programs + "/git-credential-keybell", "--help")
        #expect(help.status == 0 && help.output.contains("git config --global credential.helper keybell"))
    }
}
