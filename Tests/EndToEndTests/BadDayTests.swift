// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import TestSupport
import Testing

struct BadDayTests {
    /// Nobody knows yet what Hash the keyring may keep.
    @Test func `without a keyring provider clients are told in time, and pings what to do`() async throws {
        let household = try await Household(withKeyring: false)
        let guest = Guest(household)
        let ping = try await household.ring(OutgoingRequest.ping())
        #expect(ping.status == 503)
        #expect(try ping.json["Hash"] == nil)
        #expect((try ping.json["Error"] as? String)?.contains("keybell unlock") == true)
        let reply = try await Porter(household).answering { try await guest.ask(.associate) }
        #expect(!reply.success)
        #expect(reply.error?.isEmpty == false)
        try await household.daemon.prints("error: ")
        let doctor = try await household.keybell("doctor")
        #expect(doctor.status == 1)
        #expect(doctor.output.contains("Secret Service"))
    }

    @Test func `a locked keyring is locked, never an unknown client`() async throws {
        let household = try await Household()
        let guest = try await Guest.associated(with: household, as: "firefox")
        try await household.keyring?.lock()
        let reply = try await household.ring(try guest.body(.getLogins, [("Url", "https://example.org/")]))
        #expect(reply.status == 503)
        #expect(try reply.json["Error"] as? String == "Database locked")
        #expect(try await household.ring(try guest.body(.testAssociate)).status == 200)
    }

    @Test func `a second daemon says who holds the port`() async throws {
        let household = try await Household()
        let second = try ChildProcess(
            Household.programs + "/keybelld",
            ["--config", household.configuration],
            environment: household.bus.environment
        )
        let report = try await second.end(within: .seconds(20))
        #expect(report.status == 1)
        #expect(report.errors.contains("\(household.port)"))
        #expect(report.errors.contains("keybelld"))
        #expect(report.errors.contains("\(try household.daemon.pid)"))
    }

    @Test func `when the bus goes, the daemon ends with status 1 so that systemd starts it again`()
        async throws
    {
        let household = try await Household()
        try await household.bus.stop()
        let report = try await household.daemon.end(within: .seconds(20))
        #expect(report.status == 1)
    }

    @Test func `ending the daemon answers those who wait`() async throws {
        let household = try await Household()
        let guest = Guest(household)
        let body = try guest.body(.associate)
        async let reply = household.ring(body)
        _ = try await Porter(household).question()
        #expect(try await household.stop().status == 0)
        #expect(try await reply.json["Success"] as? Bool == false)
    }

    @Test(arguments: [
        ("colour = 1", "colour"), ("[[vault]]\nkind = \"keyring\"\ncolour = \"red\"", "vault[0].colour"),
        ("[match]\nsort_by = \"age\"", "match.sort_by"), ("[match", "line "),
    ])
    func `a bad configuration ends with status 2 and names the place`(lines: String, place: String)
        async throws
    {
        let household = try await Household(lines, withKeyring: false, starting: false)
        let report = try await ChildProcess.run(
            Household.programs + "/keybelld",
            ["--config", household.configuration],
            environment: household.bus.environment
        )
        #expect(report.status == 2)
        #expect(report.errors.contains(place), "\(report.errors)")
        #expect(report.errors.contains("config.toml"))
    }

    @Test func `without a session bus the daemon says what to do`() async throws {
        let report = try await ChildProcess.run(
            Household.programs + "/keybelld",
            environment: ["DBUS_SESSION_BUS_ADDRESS": "unix:path=/nonexistent/bus", "HOME": "/nonexistent"]
        )
        #expect(report.status == 1)
        #expect(report.errors.contains("session bus"))
    }
}
