// SPDX-License-Identifier: Apache-2.0

import Callers
import DBus
import TestSupport
import Testing

@testable import Notifier

/// A server that shows something only after nobody waits for that any more.
struct LateNotificationTests {
    @Test func `a nudge that it shows late is closed`() async throws {
        let bus = try await PrivateBus()
        let server = try await FakeServer(on: bus)
        var proxy = NotificationsProxy(bus: try await bus.connect()) { pid, uid in
            Answerer(identity: ProcessIdentity(pid: pid, startTime: 1), uid: uid, sandbox: nil)
        }
        proxy.timeout = .milliseconds(20)
        let peer = try await proxy.server().peer
        server.state.update { $0.isSlow = true }
        await #expect(throws: DBusError.noReply) { try await proxy.notify(.nudge, to: peer) }
        #expect(server.state.now.shown.isEmpty)
        server.state.update { $0.isSlow = false }
        try await server.closed(try await server.shown().id)
        await proxy.bus.close()
    }
}
