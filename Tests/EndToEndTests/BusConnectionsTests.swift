// SPDX-License-Identifier: Apache-2.0

import DBus
import TestSupport
import Testing

@Suite struct BusConnectionsTests {
    /// Answers to calls over a connection come after all that others have sent to it.
    @Test func `the daemon calls nobody over the connection that others know`() async throws {
        let session = try await DaemonSession()
        let caller = try await session.bus.connect()
        let served = try #require(try await caller.owner(of: "org.keybell.Keybell"))
        let monitor = try ChildProcess(
            "dbus-monitor",
            ["--address", session.bus.address, "type='method_call'"]
        )
        /// Waits until the monitor, which sees everything in the bus's order, has seen all until now.
        func catchUp() async throws {
            let mark = try await session.bus.connect()
            while !monitor.soFar.output.contains("sender=\(mark.uniqueName) ") {
                _ = try await mark.owner(of: "org.keybell.Keybell")
            }
        }
        try await catchUp()
        _ = try await caller.call(served, "/org/keybell/Clients", "org.keybell.Clients1", "List")
        _ = try await ClientProgram.associated(with: session, as: "firefox")
        try await catchUp()
        let calls = monitor.soFar.output.split(separator: "\n").filter { $0.hasPrefix("method call") }
        #expect(calls.contains { $0.contains("member=GetConnectionCredentials") })
        #expect(calls.contains { $0.contains("destination=\(served) ") })
        #expect(!calls.contains { $0.contains("sender=\(served) ") })
    }
}
