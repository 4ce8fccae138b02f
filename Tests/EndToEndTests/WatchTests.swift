// SPDX-License-Identifier: Apache-2.0

import Foundation
import KeePassHTTP
import TestSupport
import Testing

/// `keybell watch` in a real terminal, with the built daemon.
@Suite(.serialized, .timeLimit(.minutes(3))) struct WatchTests {
    /// A terminal with the watch in it, that tells with which status it has ended.
    private static func watch(_ session: DaemonSession, then more: String = "true") async throws
        -> TerminalWindow
    {
        try await TerminalWindow(
            ["sh", "-c", "'\(DaemonSession.programs)/keybell' watch; echo \"status $?\"; \(more)"],
            environment: session.bus.environment
        )
    }

    /// Presses a key, again if it came too soon to count, until the terminal shows what comes of it.
    private static func press(_ key: String, in terminal: TerminalWindow, until text: String) async throws {
        try await eventually("\(text) after \(key)") {
            if try await terminal.screen().contains(text) { return () }
            try await terminal.type(key)
            // A key counts alone: the next one comes only after a while.
            _ = try? await terminal.shows(text, within: .seconds(1))
            return nil
        }
    }

    /// Allows what is shown: by a key, and by Enter once that is asked for.
    private static func allow(_ code: String, in terminal: TerminalWindow) async throws {
        try await press("a", in: terminal, until: "Press a again")
        try await press("Enter", in: terminal, until: "\(code): allowed.")
    }

    @Test func `requests come and go, and keys answer each`() async throws {
        let session = try await DaemonSession()
        let terminal = try await Self.watch(session)
        try await terminal.shows("Watching for requests")
        let body = try associateBody()
        async let reply = session.send(body)
        let code = try await BusAnswerer(session).question().code
        let screen = try await terminal.shows("[a] allow")
        #expect(screen.contains("\(code)  "))
        #expect(screen.contains("[d] deny"))
        try await Self.allow(code, in: terminal)
        #expect(try await reply.json["Success"] as? Bool == true)

        let other = try associateBody()
        async let elsewhere = session.send(other)
        let second = try await BusAnswerer(session).question().code
        try await terminal.shows(second)
        #expect(try await session.keybell("deny", second).status == 0)
        try await terminal.shows("\(second): denied.")
        #expect(try await elsewhere.json["Error"] as? String == "Denied")
        try await terminal.close()
    }

    @Test func `logins are chosen one by one, and always is asked once more`() async throws {
        let session = try await DaemonSession()
        let client = try await ClientProgram.associated(with: session, as: "browser")
        for user in ["alice", "bob"] {
            #expect(try await client.save("https://example.org/", login: user, password: user).success)
        }
        let terminal = try await Self.watch(session)
        let body = try client.body(.getLogins, [("Url", "https://example.org/")])
        async let some = session.send(body)
        try await terminal.shows("[e] choose")
        try await Self.press("e", in: terminal, until: "1/2")
        try await Self.press("y", in: terminal, until: "2/2")
        try await Self.press("n", in: terminal, until: "Allow 1 login")
        try await Self.press("y", in: terminal, until: ": allowed.")
        #expect(try await (some.json["Entries"] as? [any Sendable])?.count == 1)

        let again = try client.body(.getLogins, [("Url", "https://example.org/")])
        async let all = session.send(again)
        try await terminal.shows("[y] allow always")
        try await Self.press("y", in: terminal, until: "Press y again")
        try await terminal.type("y")
        #expect(try await (all.json["Entries"] as? [any Sendable])?.count == 2)
        #expect(try await session.keybell("grants", "browser").output.contains("example.org"))
        try await terminal.close()
    }

    @Test func `what is pasted answers nothing, marked as a paste or not`() async throws {
        let session = try await DaemonSession()
        let terminal = try await Self.watch(session)
        try await terminal.shows("Watching")
        let body = try associateBody()
        async let reply = session.send(body)
        let code = try await BusAnswerer(session).question().code
        try await terminal.shows("[a] allow")
        try await Self.press("?", in: terminal, until: "allow under another name")
        for isMarked in [true, false] {
            try await terminal.paste("git status -s | tail\na\n\ny\ny\n", isMarked: isMarked)
            try await terminal.shows("press one at a time")
        }
        try await terminal.type("a", "Enter")
        #expect(try await session.keybell("requests").output.contains(code))
        try await Self.press("d", in: terminal, until: "\(code): denied.")
        #expect(try await reply.json["Error"] as? String == "Denied")
        try await terminal.close()
    }

    @Test func `a paste is told apart where colours aren't wanted`() async throws {
        let session = try await DaemonSession()
        let terminal = try await TerminalWindow(
            ["env", "NO_COLOR=1", DaemonSession.programs + "/keybell", "watch"],
            environment: session.bus.environment
        )
        try await terminal.shows("Watching")
        let body = try associateBody()
        async let reply = session.send(body)
        try await terminal.shows("[a] allow")
        try await Self.press("i", in: terminal, until: "Name:")
        try await terminal.paste("evil", isMarked: true)
        try await terminal.shows("What is pasted doesn't count here")
        try await Self.press("Escape", in: terminal, until: "No other name.")
        try await Self.press("d", in: terminal, until: ": denied.")
        _ = try await reply
        try await terminal.close()
    }

    @Test func `Ctrl-C ends it while the daemon doesn't answer`() async throws {
        let session = try await DaemonSession()
        let terminal = try await Self.watch(session)
        try await terminal.shows("Watching")
        let body = try associateBody()
        async let reply = session.send(body)
        let code = try await BusAnswerer(session).question().code
        try await terminal.shows("[a] allow")
        try await Self.press("a", in: terminal, until: "Press a again")
        try session.daemon.signal(SIGSTOP)
        try await terminal.type("Enter")
        // A key counts alone, and nothing is to be seen of this one.
        _ = try? await terminal.shows("didn't answer", within: .seconds(1))
        try await terminal.type("C-c")
        let screen = try await terminal.shows("status 0")
        #expect(!screen.contains("didn't answer"), "\(screen)")
        #expect(
            screen.contains("the answer to \(code) was sent; Keybell hasn't confirmed it."),
            "\(screen)"
        )
        try session.daemon.signal(SIGCONT)
        // Unless the allow has counted.
        _ = try await session.keybell("deny", code)
        _ = try await reply
        try await terminal.close()
    }

    @Test func `an answer that is under way when it ends counts if the daemon takes it soon`() async throws {
        let session = try await DaemonSession()
        let terminal = try await Self.watch(session)
        try await terminal.shows("Watching")
        let body = try associateBody()
        async let reply = session.send(body)
        try await terminal.shows("[a] allow")
        try await Self.press("a", in: terminal, until: "Press a again")
        try session.daemon.signal(SIGSTOP)
        try await terminal.type("Enter")
        // A key counts alone, and nothing is to be seen of this one.
        _ = try? await terminal.shows("didn't answer", within: .seconds(1))
        try await terminal.type("C-c")
        try session.daemon.signal(SIGCONT)
        let screen = try await terminal.shows("status 0")
        #expect(!screen.contains("hasn't confirmed"), "\(screen)")
        #expect(try await reply.json["Success"] as? Bool == true)
        try await terminal.close()
    }

    @Test func `what is typed for a name that is no longer wanted answers no other question`() async throws {
        let session = try await DaemonSession()
        let terminal = try await Self.watch(session)
        try await terminal.shows("Watching")
        let body = try associateBody()
        async let first = session.send(body)
        let code = try await BusAnswerer(session).question().code
        try await Self.press("i", in: terminal, until: "Name:")
        try await terminal.type("s", "a", "f")
        try await terminal.shows("Name: saf")
        #expect(try await session.keybell("deny", code).status == 0)
        _ = try await first
        try await terminal.shows("\(code): denied.")
        for key in ["a", "r", "i", "Enter"] { try await terminal.type(key) }
        try await Self.press("q", in: terminal, until: "status 0")
        try await terminal.close()
    }

    @Test(arguments: [["TERM": "dumb"], ["NO_COLOR": "1"], [:]])
    func `it fits into a narrow terminal, and is plain where that is wanted`(more: [String: String])
        async throws
    {
        let session = try await DaemonSession()
        // tmux names itself as TERM to what runs in it.
        let settings = more.map { "\($0.key)=\($0.value)" }
        let terminal = try await TerminalWindow(
            ["env"] + settings + [DaemonSession.programs + "/keybell", "watch"],
            environment: session.bus.environment,
            width: 40,
            height: 8
        )
        try await terminal.shows("Watching")
        let body = try associateBody()
        async let reply = session.send(body)
        try await terminal.shows("[?] more")
        let styled = try await terminal.screen(styled: true)
        #expect(styled.contains("\u{1B}[1m") == more.isEmpty)
        let code = try await BusAnswerer(session).question().code
        #expect(try await terminal.visible().contains(code), "the title is in sight")
        #expect(try await session.keybell("allow", code).status == 0)
        #expect(try await reply.json["Success"] as? Bool == true)
        try await terminal.close()
    }

    @Test func `it is drawn anew where the window gets another size, and a small one has it in parts`()
        async throws
    {
        let session = try await DaemonSession()
        let terminal = try await Self.watch(session)
        try await terminal.shows("Watching")
        let body = try associateBody()
        async let reply = session.send(body)
        try await terminal.shows("[q] quit")
        try await terminal.resize(width: 40, height: 8)
        #expect(try await terminal.shows("[?] more").contains("press ?"))
        try await Self.press("?", in: terminal, until: "[m] deny and mute")
        try await Self.press("d", in: terminal, until: ": denied.")
        #expect(try await reply.json["Error"] as? String == "Denied")
        try await terminal.close()
    }

    @Test func `Ctrl-C ends it with 0 and leaves the terminal as it was`() async throws {
        let session = try await DaemonSession()
        let terminal = try await Self.watch(session, then: "stty -a")
        try await terminal.shows("Watching")
        try await terminal.type("C-c")
        let screen = try await terminal.shows("extproc")  // the end of what stty prints
        #expect(screen.contains("status 0"))
        for mode in [" icanon ", " echo ", "isig "] { #expect(screen.contains(mode)) }
        try await terminal.close()
    }

    @Test func `a terminal that is closed takes it along`() async throws {
        let session = try await DaemonSession()
        let terminal = try await Self.watch(session)
        try await terminal.shows("Watching")
        #expect(try await session.keybell("status").output.contains("“keybell watch”"))
        try await terminal.close()
        try await eventually("the end of the watch") {
            try await session.keybell("status").output.contains("“keybell watch”") ? nil : ()
        }
    }

    @Test func `it says so when the daemon goes, and shows requests again when it is back`() async throws {
        let session = try await DaemonSession()
        let terminal = try await Self.watch(session)
        try await terminal.shows("Watching")
        try await session.stop()
        try await terminal.shows("Keybell is gone")
        try await session.start()
        try await terminal.shows("Keybell is there again")
        let body = try associateBody()
        async let reply = session.send(body)
        let code = try await BusAnswerer(session).question().code
        try await terminal.shows("\(code)  ")
        try await Self.allow(code, in: terminal)
        #expect(try await reply.json["Success"] as? Bool == true)
        #expect(try await session.keybell("status").output.contains("“keybell watch”"))
        try await terminal.close()
    }

    @Test func `without the daemon it ends with 3 and says what to do, and so it does without a bus`()
        async throws
    {
        let session = try await DaemonSession(withKeyring: false, starting: false)
        let terminal = try await Self.watch(session)
        let screen = try await terminal.shows("status 3")
        #expect(screen.contains("Keybell isn't running"), "\(screen)")
        try await terminal.close()
        try await session.start()
        let other = try await Self.watch(session)
        try await other.shows("Watching")
        try await session.bus.stop()
        #expect(try await other.shows("status 3").contains("The session bus is gone"))
        try await other.close()
    }
}
