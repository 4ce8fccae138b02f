// SPDX-License-Identifier: Apache-2.0

import Callers
import ConcurrencyTools
import DBus
import TestSupport
import Testing

@testable import Notifier

/// A server that shows something only after nobody waits for that any more.
struct LateNotificationTests {
    @Test func `a nudge that it shows late is known all the same`() async throws {
        let bus = try await PrivateBus()
        let server = try await FakeServer(on: bus)
        var proxy = NotificationsProxy(bus: try await bus.connect()) { pid, uid in
            Answerer(identity: ProcessIdentity(pid: pid, startTime: 1), uid: uid, sandbox: nil)
        }
        proxy.timeout = .milliseconds(20)
        let peer = try await proxy.server().peer
        server.state.update { $0.isSlow = true }
        async let id = proxy.notify(.nudge, to: peer)
        try await pause(.milliseconds(60))
        server.state.update { $0.isSlow = false }
        #expect(try await id == server.shown().id)
        await proxy.bus.close()
    }
}
