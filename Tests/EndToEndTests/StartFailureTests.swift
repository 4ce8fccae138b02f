// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import TestSupport
import Testing

struct StartFailureTests {
    /// Nobody knows yet what Hash the keyring may keep.
    @Test func `without a keyring provider clients are told in time, and pings what to do`() async throws {
        let session = try await DaemonSession(withKeyring: false)
        let client = ClientProgram(session)
        let ping = try await session.send(OutgoingRequest.ping())
        #expect(ping.status == 503)
        #expect(try ping.json["Hash"] == nil)
        #expect((try ping.json["Error"] as? String)?.contains("keybell unlock") == true)
        let reply = try await BusAnswerer(session).answering { try await client.ask(.associate) }
        #expect(!reply.success)
        #expect(reply.error?.isEmpty == false)
        try await session.daemon.prints("error: ")
        let doctor = try await session.keybell("doctor")
        #expect(doctor.status == 1)
        #expect(doctor.output.contains("Secret Service"))
    }

    @Test func `a locked keyring is locked, never an unknown client`() async throws {
        let session = try await DaemonSession()
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        try await session.keyring?.lock()
        let reply = try await session.send(try client.body(.getLogins, [("Url", "https://example.org/")]))
        #expect(reply.status == 503)
        #expect(try reply.json["Error"] as? String == "Database locked")
        #expect(try await session.send(try client.body(.testAssociate)).status == 200)
    }

    @Test func `a second daemon says who holds the port`() async throws {
        let session = try await DaemonSession()
        let second = try ChildProcess(
            DaemonSession.programs + "/keybelld",
            ["--config", session.configuration],
            environment: session.bus.environment
        )
        let report = try await second.end(within: .seconds(20))
        #expect(report.status == 1)
        #expect(report.errors.contains("\(session.port)"))
        #expect(report.errors.contains("keybelld"))
        #expect(report.errors.contains("\(try session.daemon.pid)"))
    }

    @Test func `when the bus goes, the daemon ends with status 1 so that systemd starts it again`()
        async throws
    {
        let session = try await DaemonSession()
        try await session.bus.stop()
        let report = try await session.daemon.end(within: .seconds(20))
        #expect(report.status == 1)
    }

    @Test func `ending the daemon answers those who wait`() async throws {
        let session = try await DaemonSession()
        let client = ClientProgram(session)
        let body = try client.body(.associate)
        async let reply = session.send(body)
        _ = try await BusAnswerer(session).question()
        #expect(try await session.stop().status == 0)
        #expect(try await reply.json["Success"] as? Bool == false)
    }

    @Test(arguments: [
        ("colour = 1", "colour"), ("[[vault]]\nkind = \"keyring\"\ncolour = \"red\"", "vault[0].colour"),
        ("[match]\nsort_by = \"age\"", "match.sort_by"), ("[match", "line "),
    ])
    func `a bad configuration ends with status 2 and names the place`(lines: String, place: String)
        async throws
    {
        let session = try await DaemonSession(lines, withKeyring: false, starting: false)
        let report = try await ChildProcess.run(
            DaemonSession.programs + "/keybelld",
            ["--config", session.configuration],
            environment: session.bus.environment
        )
        #expect(report.status == 2)
        #expect(report.errors.contains(place), "\(report.errors)")
        #expect(report.errors.contains("config.toml"))
    }

    @Test(arguments: [["--port", "5"], ["foo"]])
    func `arguments that make no sense end with status 2`(arguments: [String]) async throws {
        let report = try await ChildProcess.run(DaemonSession.programs + "/keybelld", arguments)
        #expect(report.status == 2 && report.errors.contains("Usage:"), "\(report)")
        #expect(try await ChildProcess.run(DaemonSession.programs + "/keybelld", ["--help"]).status == 0)
    }

    @Test func `without a session bus the daemon says what to do`() async throws {
        let report = try await ChildProcess.run(
            DaemonSession.programs + "/keybelld",
            environment: ["DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent/bus", "HOME": "/nonexistent"]
        )
        #expect(report.status == 1)
        #expect(report.errors.contains("session bus"))
    }
}
