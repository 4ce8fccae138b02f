// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Approval
@testable import Notifier

/// A notification server that leaves while questions wait.
struct RevivalTests {
    private var fixture = NotifierFixture()

    /// The server leaves, and another comes as soon as a question is given to the bus; how long that took, nil for never.
    private mutating func leaves(as next: String, having: Int = 1) throws -> Duration? {
        let left = fixture.now
        #expect(fixture.notificationState.serverChanged(to: nil, now: left).isEmpty)
        guard let due = fixture.notificationState.alarm else { return nil }
        fixture.now = due
        let tickets = fixture.notificationState.tick(now: due)
        #expect(tickets.count == having)
        _ = fixture.notificationState.serverChanged(to: next, now: due)
        fixture.server = NotificationServer(peer: next, product: "Plasma", capabilities: ["actions"])
        #expect(fixture.carryOut(tickets).count == having)
        return due - left
    }

    @Test mutating func `what it showed is shown again by itself, by a server that the bus starts for it`()
        throws
    {
        let codes = ["AAAA", "BBBB"]
        for code in codes { _ = fixture.show(.of(.release, code)) }
        #expect(try leaves(as: ":1.6", having: 2) == .seconds(1))
        #expect(fixture.notificationState.onScreen.map(\.peer) == [":1.6", ":1.6"])
        #expect(fixture.notificationState.alarm == nil)
    }

    @Test mutating func `one that leaves at each notification isn't started for ever`() throws {
        _ = fixture.show(.of(.release))
        for (peer, pause) in [(6, Duration.seconds(1)), (7, .seconds(5)), (8, .seconds(15)), (9, nil)] {
            #expect(try leaves(as: ":1.\(peer)") == pause)
        }
        // A new question starts one, and the old one comes along.
        let posts = fixture.notificationState.show(.of(.save, "BBBB"), now: fixture.now)
        #expect(posts.count == 1)
        fixture.server = NotificationServer(peer: ":1.10", product: "Plasma", capabilities: ["actions"])
        #expect(
            fixture.carryOut(posts + fixture.notificationState.serverChanged(to: ":1.10", now: fixture.now))
                .count
                == 2
        )
    }

    @Test mutating func `one that had stayed for a while is started at once again`() throws {
        _ = fixture.show(.of(.release))
        for peer in 6..<12 {
            fixture.pass(.seconds(60))
            #expect(try leaves(as: ":1.\(peer)") == .seconds(1))
        }
    }

    @Test mutating func `what was clicked away, or nothing at all, starts none`() throws {
        #expect(try leaves(as: ":1.6") == nil)
        _ = fixture.notificationState.serverChanged(to: ":1.7", now: fixture.now)
        fixture.server = NotificationServer(peer: ":1.7", product: "Plasma", capabilities: ["actions"])
        let posted = try #require(fixture.show(.of(.release)).first)
        _ = fixture.close(posted, reason: 2, from: ":1.7")
        #expect(try leaves(as: ":1.8") == nil)
    }

    @Test
    mutating func `what was clicked away isn't shown again with what was there, until it is asked again`()
        throws
    {
        _ = fixture.show(.of(.release, "AAAA"))
        fixture.pass(.seconds(5))
        let second = try #require(fixture.show(.of(.release, "BBBB")).first)
        fixture.pass(.seconds(5))
        _ = fixture.close(second, reason: 2)
        fixture.pass(.seconds(5))
        #expect(try leaves(as: ":1.6") == .seconds(1))
        // Nor where another takes its place at once.
        fixture.server = NotificationServer(peer: ":1.7", product: "Plasma", capabilities: ["actions"])
        #expect(
            fixture.carryOut(fixture.notificationState.serverChanged(to: ":1.7", now: fixture.now)).count == 1
        )
        #expect(fixture.wait(.seconds(60)).isEmpty)
        let effects = fixture.notificationState.askedAgain(.of(.release, "BBBB"), now: fixture.now)
        #expect(fixture.carryOut(effects).count == 1)
    }

    @Test mutating func `one that comes back by itself is given them, and no second one is started`() throws {
        _ = fixture.show(.of(.release))
        _ = fixture.notificationState.serverChanged(to: nil, now: fixture.now)
        fixture.server = NotificationServer(peer: ":1.6", product: "Plasma", capabilities: ["actions"])
        #expect(
            fixture.carryOut(fixture.notificationState.serverChanged(to: ":1.6", now: fixture.now)).count == 1
        )
        #expect(fixture.notificationState.alarm == nil)
    }
}
