// SPDX-License-Identifier: Apache-2.0

import DBus
import Foundation
import TestSupport
import Testing

/// A daemon that was started for its socket, as systemd does, with a mistake in its configuration.
struct UnconfiguredTests {
    /// Listens where the first argument says and becomes the program after it, which finds the socket as systemd's.
    private static let activation = """
        import os, socket, sys
        server = socket.create_server(("127.0.0.1", int(sys.argv[1])))
        if server.fileno() != 3: os.dup2(server.fileno(), 3)
        os.set_inheritable(3, True)
        os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
        os.execv(sys.argv[2], sys.argv[2:])
        """
    private static let mistake = "[match]\nsort_by = \"age\""

    private static func start(
        _ session: DaemonSession,
        environment: [String: String] = [:]
    ) async throws -> ChildProcess {
        let daemon = try ChildProcess(
            "python3",
            ["-c", activation, "\(session.port)", DaemonSession.programs + "/keybelld"]
                + ["--config", session.configuration],
            environment: session.bus.environment.merging(environment) { $1 }
        )
        try await daemon.prints("the port is kept")
        return daemon
    }

    @Test
    func
        `reload says where the mistake still is, and that the daemon has begun its work once it is corrected`()
        async throws
    {
        let session = try await DaemonSession(withKeyring: false, starting: false)
        let made = try await session.keybell("certificate", "--json")
        let files = try #require(
            try JSONSerialization.jsonObject(with: Data(made.output.utf8)) as? [String: Any]
        )
        // A file that is missing is none that the daemon follows: it looks for it when it is told to.
        let (certificate, later) = (
            session.bus.folder.path("certificate"), try #require(files["certificate"] as? String)
        )
        try session.configure(
            http: """
                tls_port = \(try FreePort.next())
                certificate = "\(certificate)"
                private_key = "\(try #require(files["private-key"] as? String))"
                """
        )
        let first = try await Self.start(session)
        _ = try await session.bus.owner(of: "org.keybell.Keybell")
        let bus = try await session.bus.connect()
        try await Self.haveBusStart(session, bus)
        let refused = try await session.keybell("reload")
        #expect(refused.status == 3)
        #expect(refused.errors.contains("http.certificate"), "\(refused)")

        try FileManager.default.moveItem(atPath: later, toPath: certificate)
        let begun = try await session.keybell("reload")
        #expect(begun.status == 0, "\(begun)")
        #expect(begun.output == "Keybell has begun its work with \(session.configuration).\n", "\(begun)")
        #expect(try await first.end(within: .seconds(20)).status == 0)
        #expect(try await session.keybell("reload").output.contains("Nothing else to put in force"))
        try await Self.stop(bus)
    }

    @Test func `a mistake that has become another is what whoever asks is told`() async throws {
        let session = try await DaemonSession(Self.mistake, withKeyring: false, starting: false)
        let daemon = try await Self.start(session)
        _ = try await session.bus.owner(of: "org.keybell.Keybell")
        let first = try await session.send(Array("{}".utf8))
        #expect(String(decoding: first.body, as: UTF8.self).contains("match.sort_by"))
        try session.configure("[access]\nask = \"nevver\"")
        try await daemon.prints("nevver")
        let reply = try await session.send(Array("{}".utf8))
        #expect(String(decoding: reply.body, as: UTF8.self).contains("access.ask"), "\(reply)")
        let bus = try await session.bus.connect()
        let error = await #expect(throws: DBusError.self) {
            try await bus.call(
                "org.keybell.Keybell",
                "/org/keybell/Configuration",
                "org.keybell.Configuration1",
                "State"
            )
        }
        #expect(error?.message.contains("access.ask") == true, "\(String(describing: error))")
        await bus.close()
        daemon.terminate()
        #expect(try await daemon.end(within: .seconds(20)).status == 0)
    }

    @Test func `reload starts a daemon that has seen by itself that its file was corrected`() async throws {
        let session = try await DaemonSession(Self.mistake, withKeyring: false, starting: false)
        let first = try await Self.start(session)
        try session.configure()
        #expect(try await first.end(within: .seconds(20)).status == 0)
        #expect(try await session.keybell("reload").status == 3)
        let bus = try await session.bus.connect()
        try await Self.haveBusStart(session, bus)
        let begun = try await session.keybell("reload")
        #expect(begun.output == "Keybell has begun its work with \(session.configuration).\n", "\(begun)")
        try await Self.stop(bus)
    }

    @Test func `a watch says why a daemon that has come back can't begin its work`() async throws {
        let session = try await DaemonSession(withKeyring: false)
        let terminal = try await TerminalWindow(
            [DaemonSession.programs + "/keybell", "watch"],
            environment: session.bus.environment
        )
        try await terminal.shows("Watching")
        try await session.stop()
        try await terminal.shows("Keybell is gone")
        try session.configure(Self.mistake)
        let daemon = try await Self.start(session)
        let screen = try await terminal.shows("match.sort_by")
        #expect(!screen.contains("there again"), "\(screen)")
        // It can begin now, and ends for whoever starts it anew.
        try session.configure()
        #expect(try await daemon.end(within: .seconds(20)).status == 0)
        try await session.start()
        try await terminal.shows("Keybell is there again")
        try await terminal.close()
    }

    @Test func `a watch that has the daemon started doesn't greet it as one that was gone`() async throws {
        let session = try await DaemonSession(starting: false)
        let bus = try await session.bus.connect()
        try await Self.haveBusStart(session, bus)
        let terminal = try await TerminalWindow(
            [DaemonSession.programs + "/keybell", "watch"],
            environment: session.bus.environment
        )
        try await terminal.shows("Watching")
        let body = try associateBody()
        async let reply = session.send(body)
        let screen = try await terminal.shows("[a] allow")
        #expect(!screen.contains("there again"), "\(screen)")
        try await Self.stop(bus)
        _ = try? await reply  // whatever the end of the daemon makes of it
        try await terminal.close()
    }

    /// Has the bus start the daemon for whoever calls it, as an installation does.
    private static func haveBusStart(_ session: DaemonSession, _ bus: BusConnection) async throws {
        let exports = session.bus.environment.map { "export \($0)='\($1)'" }.joined(separator: "\n")
        let program = DaemonSession.programs + "/keybelld"
        let script = try session.bus.folder.write(
            "start.sh",
            "\(exports)\nexec '\(program)' --config '\(session.configuration)'\n"
        )
        try session.bus.folder.write(
            "services/org.keybell.Keybell.service",
            "[D-BUS Service]\nName=org.keybell.Keybell\nExec=/bin/sh \(script)\n"
        )
        _ = try await bus.call(
            "org.freedesktop.DBus",
            "/org/freedesktop/DBus",
            "org.freedesktop.DBus",
            "ReloadConfig"
        )
    }

    /// Ends the daemon that the bus has started.
    private static func stop(_ bus: BusConnection) async throws {
        if let owner = try await bus.owner(of: "org.keybell.Keybell") {
            kill(try await bus.credentials(of: owner).pid, SIGTERM)
        }
        await bus.close()
    }

    @Test func `who asks is answered though the bus gives no answer`() async throws {
        let session = try await DaemonSession(Self.mistake, withKeyring: false, starting: false)
        let path = session.bus.folder.path("silent")
        let script = """
            import socket, sys
            server = socket.socket(socket.AF_UNIX)
            server.bind(sys.argv[1])
            server.listen()
            print("ready", flush=True)
            peers = []
            while True: peers.append(server.accept())
            """
        let silent = try ChildProcess("python3", ["-c", script, path], input: nil)
        _ = try await silent.firstLine()
        let daemon = try await Self.start(
            session,
            environment: ["DBUS_SESSION_BUS_ADDRESS": "unix:path=\(path)"]
        )
        #expect(try await session.send(Array("{}".utf8)).status == 503)
        daemon.terminate()
        #expect(try await daemon.end(within: .seconds(20)).status == 0)
        silent.kill()
    }
}
