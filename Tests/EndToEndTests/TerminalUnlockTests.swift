// SPDX-License-Identifier: Apache-2.0

import Foundation
import KeePassHTTP
import TestSupport
import Testing

/// `keybell unlock` where there is a terminal and no display: as over SSH.
@Suite(.timeLimit(.minutes(3))) struct TerminalUnlockTests {
    /// A session with one KeePass file whose password a terminal's pinentry asks for.
    private struct Fixture {
        let session: DaemonSession
        let path: String

        init(remembers: Bool = false, pinentry: String = "pinentry-curses") async throws {
            let folder = try TemporaryFolder()
            path = folder.path + ".kdbx"
            let made = try await ChildProcess.run(
                "keepassxc-cli",
                ["db-create", "-q", "-p", path],
                environment: ["HOME": folder.path, "QT_QPA_PLATFORM": "offscreen"],
                input: "demopass\ndemopass\n"
            )
            guard made.status == 0 else { throw TestFailure("\(made)") }
            session = try await DaemonSession(
                """
                [[vault]]
                kind = "kdbx"
                name = "main"
                path = "\(path)"
                remember_password = \(remembers)
                [unlock]
                pinentry = "\(pinentry)"
                tries = 2
                """
            )
        }

        /// A terminal in which the vault is unlocked, and the terminal's mode is told afterwards.
        func terminal() async throws -> TerminalWindow {
            try await TerminalWindow(
                [
                    "sh", "-c",
                    "trap : INT; '\(DaemonSession.programs)/keybell' unlock main; echo \"status $?\"; stty -a | grep -o '.echo '; cat",
                ],
                environment: session.bus.environment
            )
        }
    }

    @Test func `what is typed into the lent terminal opens the vault, and the terminal is as before`()
        async throws
    {
        let fixture = try await Fixture()
        // Gone with the machine otherwise.
        defer { try? FileManager.default.removeItem(atPath: fixture.path) }
        let terminal = try await fixture.terminal()
        try await terminal.shows("Password of the vault")
        try await terminal.type("wrong", "Enter")
        try await terminal.shows("try 2 of 2")
        try await terminal.type("demopass", "Enter")
        let screen = try await terminal.shows("status 0")
        #expect(screen.contains("main"))
        #expect(!screen.contains("demopass"))
        try await terminal.shows(" echo")
        try await terminal.close()
    }

    @Test func `Ctrl-C takes pinentry away, gives the terminal back, and the daemon serves on`() async throws
    {
        let fixture = try await Fixture()
        // Gone with the machine otherwise.
        defer { try? FileManager.default.removeItem(atPath: fixture.path) }
        let terminal = try await fixture.terminal()
        try await terminal.shows("Password of the vault")
        // While it is asked, others are served.
        #expect(try await [200, 503].contains(fixture.session.send(OutgoingRequest.ping()).status))
        try await terminal.type("C-c")
        let screen = try await terminal.shows("status 1")
        #expect(screen.contains("the question for its password was cancelled"))
        try await terminal.shows(" echo")
        try await terminal.close()
    }

    @Test func `a terminal that is closed takes pinentry with it`() async throws {
        let fixture = try await Fixture()
        // Gone with the machine otherwise.
        defer { try? FileManager.default.removeItem(atPath: fixture.path) }
        let first = try await fixture.terminal()
        try await first.shows("Password of the vault")
        try await first.close()
        // One question at a time: this one is shown only once the other has gone.
        try await eventually("a question of its own") {
            let second = try await fixture.terminal()
            let isAsked = (try? await second.shows("Password of the vault", within: .seconds(3))) != nil
            if isAsked { try await second.type("demopass", "Enter") }
            let isOpen = (try? await second.shows("status 0", within: .seconds(3))) != nil
            try await second.close()
            return isOpen ? () : nil
        }
    }

    @Test func `wrong passwords are told as such`() async throws {
        let fixture = try await Fixture()
        // Gone with the machine otherwise.
        defer { try? FileManager.default.removeItem(atPath: fixture.path) }
        let terminal = try await fixture.terminal()
        try await terminal.shows("Password of the vault")
        try await terminal.type("wrong", "Enter")
        try await terminal.shows("try 2 of 2")
        try await terminal.type("wrong", "Enter")
        try await terminal.shows("status 1")
        try await terminal.shows("the password is wrong")
        try await terminal.close()
    }

    @Test func `an unlock that is allowed and fails is told as one that came to nothing`() async throws {
        let fixture = try await Fixture(pinentry: "/bin/false")
        // Gone with the machine otherwise.
        defer { try? FileManager.default.removeItem(atPath: fixture.path) }
        let session = fixture.session
        // A vault that was never opened: who is let in has it opened.
        let asking = Task { try await session.send(try associateBody()) }
        let first = try await BusAnswerer(session).question().code
        #expect(try await session.keybell("allow", first).status == 0)
        let code = try await eventually("the question about the vault") {
            try await BusAnswerer(session).questions().first { $0.kind == "unlock" }?.code
        }
        let allowed = try await session.keybell("allow", code)
        #expect(allowed.output.contains("If that fails, a notification"), "\(allowed)")
        _ = try await asking.value
        try await eventually("the word that it failed") {
            let recent = try await session.keybell("requests", "--recent").output
            return recent.contains("Your answer came to nothing: ") ? () : nil
        }
        try await eventually("the record of it") {
            try await session.keybell("log").output.contains("but came to nothing") ? () : nil
        }
    }

    @Test func `an unlock that would find nowhere to ask isn't offered, and the client is told what to type`()
        async throws
    {
        let fixture = try await Fixture()
        // Gone with the machine otherwise.
        defer { try? FileManager.default.removeItem(atPath: fixture.path) }
        let kinds = Observed<[String]>([])
        let refused = try await BusAnswerer(fixture.session).answering(
            decision: "allow",
            seen: { question in
                kinds.update { $0.append(question.kind ?? "") }
                return nil
            },
            while: { try await fixture.session.keybell("client", "associate") }
        )
        #expect(
            refused.status == 1 && refused.errors.contains("`keybell unlock` in a terminal"),
            "\(refused)"
        )
        #expect(kinds.now == ["associate"])
    }

    @Test func `a terminal of the daemon's is not one to ask on, and a command without one says so`()
        async throws
    {
        let fixture = try await Fixture()
        // Gone with the machine otherwise.
        defer { try? FileManager.default.removeItem(atPath: fixture.path) }
        try await fixture.session.stop()
        try await fixture.session.start(environment: ["GPG_TTY": "/dev/tty"])
        let report = try await fixture.session.keybell("unlock", "main")
        #expect(report.status == 1)
        #expect(report.errors.contains("run `keybell unlock` in a terminal"))
    }

    @Test func `a keyring whose prompt nobody could see is told with what opens it there, which does`()
        async throws
    {
        let fixture = try await Fixture(remembers: true)
        // Gone with the machine otherwise.
        defer { try? FileManager.default.removeItem(atPath: fixture.path) }
        let (session, gnome) = (fixture.session, try #require(fixture.session.keyring))
        try await gnome.lock()
        let report = try await session.keybell("unlock", "keyring")
        #expect(report.status == 1)
        let command = try #require(report.errors.split(separator: "`").first { $0.contains("--replace") })
        // As the advice says, but for the terminal's echo, which a pipe hasn't.
        let words = command.replacing("stty -echo; ", with: "").replacing("; stty echo", with: "")
        let opening = try ChildProcess(
            "sh",
            ["-c", String(words)],
            environment: session.bus.environment,
            input: gnome.password + "\n"
        )
        try await eventually("the keyring to be open") {
            try await session.keybell("unlock", "keyring").status == 0 ? () : nil
        }
        #expect(
            try await session.keybell("unlock", "keyring").output.contains("Your keyring is open")
        )
        opening.kill()
        // The one that took over is nobody's child.
        _ = try await session.run(
            "sh",
            "-c",
            "kill $(busctl --address=\"$DBUS_SESSION_BUS_ADDRESS\" call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus GetConnectionUnixProcessID s org.freedesktop.secrets | cut -d' ' -f2)"
        )
    }
}
