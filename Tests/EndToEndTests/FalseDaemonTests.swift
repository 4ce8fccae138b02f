// SPDX-License-Identifier: Apache-2.0

import Foundation
import TestSupport
import Testing

/// What listens where Keybell should, and isn't the Keybell of this session.
struct FalseDaemonTests {
    /// Listens, prints whatever is posted, and answers it as Keybell answers a key that it doesn't know.
    private static func listening(on port: Int) async throws -> ChildProcess {
        let script = """
            import http.server, json, sys
            class Handler(http.server.BaseHTTPRequestHandler):
                def log_message(self, *words): pass
                def do_POST(self):
                    body = self.rfile.read(int(self.headers["Content-Length"]))
                    print(body.decode(), flush=True)
                    answer = {"RequestType": json.loads(body)["RequestType"], "Success": False}
                    text = json.dumps(answer | {"Error": "Couldn't verify request"}).encode()
                    self.send_response(200)
                    self.send_header("Content-Length", str(len(text)))
                    self.end_headers()
                    self.wfile.write(text)
                def do_GET(self):
                    self.send_response(200)
                    self.end_headers()
                    self.wfile.write(b"This is Keybell")
            server = http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler)
            print("ready", flush=True)
            server.serve_forever()
            """
        let server = try ChildProcess("python3", ["-c", script, "\(port)"], input: nil)
        _ = try await server.firstLine()
        return server
    }

    private static func helper(_ session: DaemonSession, _ operation: String, _ password: String = "")
        async throws
        -> ChildProcess.Report
    {
        try await session.run(
            DaemonSession.programs + "/git-credential-keybell",
            operation,
            input: "protocol=https\nhost=a.example\n\(password)\n"
        )
    }

    /// A session in which git and `keybell client` have keys.
    private static func session() async throws -> DaemonSession {
        let session = try await DaemonSession()
        let made = try await BusAnswerer(session).answering {
            _ = try await helper(session, "get")
            return try await session.keybell("client", "associate")
        }
        #expect(made.status == 0, "\(made)")
        return session
    }

    private static func keys(_ session: DaemonSession) async throws -> String {
        try await session.run("secret-tool", "search", "--all", "xdg:schema", "org.keybell.OwnKey").output
    }

    /// Runs all that talks to the daemon.
    private static func asking(_ session: DaemonSession, _ options: [String] = []) async throws
        -> [ChildProcess.Report]
    {
        var reports: [ChildProcess.Report] = []
        for (command, input) in [
            (["associate"], ""), (["associate", "--id", "new"], ""), (["generate"], ""),
            (["logins", "https://a.example/"], ""), (["save", "https://a.example/"], "geheim\n"),
        ] {
            reports.append(try await session.keybell(["client"] + command + options, input: input))
        }
        return reports
    }

    @Test func `a program that has taken the port of a daemon that is down is sent nothing`() async throws {
        let session = try await Self.session()
        let keys = try await Self.keys(session)
        try await session.stop()
        let listener = try await Self.listening(on: session.port)
        let reports =
            try await Self.asking(session) + [
                try await Self.helper(session, "get"),
                try await Self.helper(session, "store", "username=ann\npassword=geheim\n"),
            ]
        for report in reports {
            #expect(report.status == 3 && report.output.isEmpty, "\(report)")
            #expect(
                report.errors.contains("no Keybell is on this session bus, so nothing was sent"),
                "\(report)"
            )
        }
        #expect(listener.soFar.output == "ready\n", "\(listener.soFar)")
        #expect(try await Self.keys(session) == keys)
    }

    @Test func `a port that isn't the daemon's is sent nothing while the daemon runs`() async throws {
        let session = try await Self.session()
        let port = try FreePort.next()
        let listener = try await Self.listening(on: port)
        for report in try await Self.asking(session, ["--port", "\(port)"]) {
            #expect(report.status == 1 && report.output.isEmpty, "\(report)")
            #expect(
                report.errors.contains("Something other than the Keybell on this session bus"),
                "\(report)"
            )
        }
        #expect(listener.soFar.output == "ready\n", "\(listener.soFar)")
    }

    @Test(.enabled(if: getuid() == 0, "mounts of its own need rights"))
    func `a script with mounts of its own, as a hardened unit has, is served`() async throws {
        let session = try await Self.session()
        let keybell = DaemonSession.programs + "/keybell"
        let made = try await session.run("unshare", "--mount", keybell, "client", "generate")
        #expect(made.status == 0 && !made.output.isEmpty, "\(made)")
    }

    @Test(.enabled(if: getuid() == 0, "a sandbox of a test's own needs rights"))
    func `a daemon in a sandbox isn't the person's, whatever it owns on the bus`() async throws {
        let session = try await Self.session()
        try await session.stop()
        let daemon = try ChildProcess(
            "unshare",
            ["--mount", DaemonSession.programs + "/keybelld", "--config", session.configuration],
            environment: session.bus.environment
        )
        try await daemon.prints("ready")
        for report in try await Self.asking(session) {
            #expect(report.status == 1 && report.errors.contains("runs in a sandbox"), "\(report)")
        }
        let given = try await Self.helper(session, "get")
        #expect(given.output.isEmpty && given.errors.contains("runs in a sandbox"), "\(given)")
        let file = try session.bus.folder.write("a.csv", "name,url,username,password\na,,u,geheim\n")
        for arguments in [["import", file], ["import", file, "--dry-run"]] {
            let report = try await session.keybell(arguments)
            #expect(report.status == 1 && report.errors.contains("runs in a sandbox"), "\(report)")
        }
        // Where there is a terminal, it would be lent.
        let terminal = try await TerminalWindow(
            ["sh", "-c", "'\(DaemonSession.programs)/keybell' unlock; cat"],
            environment: session.bus.environment
        )
        try await terminal.shows("runs in a")
        try await terminal.close()
        #expect(try await BusAnswerer(session).questions().isEmpty)
        daemon.terminate()
        _ = try await daemon.end(within: .seconds(20))
    }

    @Test func `what owns the name but runs as another program isn't the person's daemon`() async throws {
        let session = try await Self.session()
        try await session.stop()
        // As a proxy, through which a sandbox owns the name, or what has got the number of a process that has ended.
        let proxy = session.bus.folder.path + "/xdg-dbus-proxy"
        try FileManager.default.createSymbolicLink(
            atPath: proxy,
            withDestinationPath: DaemonSession.programs + "/keybelld"
        )
        let daemon = try ChildProcess(
            proxy,
            ["--config", session.configuration],
            environment: session.bus.environment
        )
        try await daemon.prints("ready")
        for report in try await Self.asking(session) + [try await Self.helper(session, "get")] {
            #expect(report.output.isEmpty && report.errors.contains("doesn't run as keybelld"), "\(report)")
        }
        daemon.terminate()
        _ = try await daemon.end(within: .seconds(20))
    }
}
