// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Approval
@testable import Notifier

/// What was clicked away, let go or refused comes back.
@Suite struct ShownAgainTests {
    var fixture = NotifierFixture()

    private mutating func shown(_ request: PendingRequest = .of(.release)) throws -> Posted {
        try #require(fixture.show(request).first)
    }

    private mutating func askAgain() -> [NotificationEffect] {
        fixture.notificationState.askedAgain(.of(.release), now: fixture.now)
    }

    // MARK: Asked again

    @Test(arguments: [2, 3, 4] as [UInt32])
    mutating func `what was closed is shown again when it is asked again, and agents hear of it`(
        reason: UInt32
    )
        throws
    {
        let posted = try shown()
        _ = fixture.close(posted, reason: reason)
        fixture.pass(.seconds(5))
        let effects = askAgain()
        #expect(effects.first == .tellShownAgain(code: "7F2A"))
        let again = try #require(fixture.carryOut(effects).first)
        #expect(again.note.title.hasSuffix("(7F2A, shown again)"))
        fixture.pass(.seconds(1))
        #expect(fixture.press("Allow", on: posted).isEmpty, "of the old one nothing counts")
        #expect(fixture.allow(again) == [again.close, .allow()])
    }

    @Test mutating func `it doesn't come up under the click that closed it, however often it is asked`()
        throws
    {
        _ = fixture.close(try shown(), reason: 2)
        fixture.pass(.milliseconds(10))
        #expect(askAgain() == [.tellShownAgain(code: "7F2A")])
        #expect(askAgain().isEmpty)
        #expect(fixture.wait(.milliseconds(989)).isEmpty)
        #expect(fixture.wait(.milliseconds(1)).count == 1)
    }

    @Test mutating func `what stands on the screen, or is on its way there, isn't shown twice`() throws {
        guard case .post(let ticket)? = askAgain().first else {
            Issue.record("nothing was posted")
            return
        }
        #expect(askAgain().isEmpty)
        _ = fixture.notificationState.compose(ticket, on: fixture.server, now: fixture.now)
        #expect(askAgain().isEmpty)
        _ = fixture.notificationState.posted(ticket, id: 1, by: ":1.5", now: fixture.now)
        #expect(askAgain().isEmpty)
    }

    @Test mutating func `what the notifier is told of twice as it starts wasn't asked again`() throws {
        _ = fixture.close(try shown(), reason: 4)
        #expect(fixture.notificationState.show(.of(.release), now: fixture.now).isEmpty)
        #expect(fixture.wait(.seconds(60)).isEmpty)
    }

    @Test mutating func `what no server shows is left to agents when it is asked again`() throws {
        _ = try shown()
        _ = fixture.notificationState.serverChanged(to: nil, now: fixture.now)
        #expect(askAgain() == [.tellShownAgain(code: "7F2A")])
    }

    @Test mutating func `what was answered by a press isn't shown again`() throws {
        _ = fixture.allow(try shown())
        #expect(askAgain().isEmpty)
    }

    @Test mutating func `with dismiss deny a dismissal still denies when it is asked again`() throws {
        fixture = NotifierFixture(dismissalDenies: true)
        _ = fixture.close(try shown(), reason: 2)
        #expect(askAgain().isEmpty)
        fixture.pass(.milliseconds(500))
        #expect(fixture.notificationState.tick(now: fixture.now) == [.deny("7F2A", .dismissal)])
    }

    // MARK: Expired

    @Test mutating func `what the server lets expire comes back by itself, so often and no more`() throws {
        var posted = try shown()
        for _ in 0..<fixture.notificationState.limits.expiries {
            #expect(fixture.close(posted, reason: 1).isEmpty)
            posted = try #require(fixture.wait().first)
            fixture.pass(.seconds(6))
        }
        _ = fixture.close(posted, reason: 1)
        #expect(fixture.wait(.seconds(60)).isEmpty)
    }

    @Test mutating func `what expires at once, as in do-not-disturb, doesn't come back by itself`() throws {
        let posted = try #require(fixture.carryOut(askAgain()).first)
        #expect(fixture.close(posted, reason: 1) == [.tellHidden])
        #expect(fixture.wait(.seconds(60)).isEmpty)
    }

    // MARK: Refused

    /// Posts and has the server refuse; when it is tried again.
    private mutating func refuse(_ effects: [NotificationEffect]) -> ([NotificationEffect], Duration?) {
        guard case .post(let ticket)? = effects.first else { return ([], nil) }
        _ = fixture.notificationState.compose(ticket, on: fixture.server, now: fixture.now)
        let more = fixture.notificationState.failed(ticket, reason: "org.example.TooMany", now: fixture.now)
        return (more, fixture.notificationState.alarm.map { $0 - fixture.now })
    }

    @Test mutating func `a refused Notify is tried again after 1, 5 and 15 s, and said once`() throws {
        var (said, due) = refuse(askAgain())
        #expect(said == [.tellRefused(code: "7F2A", reason: "org.example.TooMany")])
        var dues: [Duration?] = [due]
        for _ in 0..<3 {
            fixture.pass(try #require(due))
            (said, due) = refuse(fixture.notificationState.tick(now: fixture.now))
            #expect(said.isEmpty)
            dues.append(due)
        }
        #expect(dues == [.seconds(1), .seconds(5), .seconds(15), nil])
        #expect(fixture.notificationState.seen.isEmpty)
        // Then each time another notification closes, whosever it was.
        for id in [98, 99] as [UInt32] {
            let closed = NotificationState.Signal(kind: .closed(reason: 2), id: id, peer: ":1.5")
            _ = fixture.notificationState.take(closed, now: fixture.now)
            fixture.pass(try #require(fixture.notificationState.alarm) - fixture.now)
            (said, due) = refuse(fixture.notificationState.tick(now: fixture.now))
            #expect(due == nil)
        }
        _ = askAgain()
        let posted = try #require(fixture.wait().first)
        #expect(posted.note.title.contains("7F2A"))
    }

    @Test mutating func `a refused one doesn't keep the place of those that the server takes`() throws {
        fixture = NotifierFixture("gnome-shell")
        _ = refuse(askAgain())
        #expect(fixture.show(.of(.release, "8K3D")).count == 1)
    }

    @Test mutating func `another server is asked at once`() {
        _ = refuse(askAgain())
        _ = fixture.notificationState.serverChanged(to: nil, now: fixture.now)
        // At the latest: the bus may start one.
        #expect(
            fixture.notificationState.alarm == fixture.now + fixture.notificationState.limits.serverRetries[0]
        )
        fixture.server = NotificationServer(peer: ":1.9", product: "Plasma", capabilities: ["actions"])
        #expect(
            fixture.carryOut(fixture.notificationState.serverChanged(to: ":1.9", now: fixture.now)).count == 1
        )
    }
}
