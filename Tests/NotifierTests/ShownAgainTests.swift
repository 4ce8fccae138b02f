// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Approval
@testable import Notifier

/// What was clicked away, let go or refused comes back.
@Suite struct ShownAgainTests {
    var scene = NotificationScene()

    private mutating func shown(_ request: PendingRequest = .of(.release)) throws -> Posted {
        try #require(scene.show(request).first)
    }

    private mutating func askAgain() -> [NotificationAction] {
        scene.notificationState.askedAgain(.of(.release), now: scene.now)
    }

    // MARK: Asked again

    @Test(arguments: [2, 3, 4] as [UInt32])
    mutating func `what was closed is shown again when it is asked again, and agents hear of it`(
        reason: UInt32
    )
        throws
    {
        let posted = try shown()
        _ = scene.close(posted, reason: reason)
        scene.pass(.seconds(5))
        let actions = askAgain()
        #expect(actions.first == .tellShownAgain(code: "7F2A"))
        let again = try #require(scene.carryOut(actions).first)
        #expect(again.note.title.hasSuffix("(7F2A, shown again)"))
        scene.pass(.seconds(1))
        #expect(scene.press("Allow", on: posted).isEmpty, "of the old one nothing counts")
        #expect(scene.allow(again) == [again.close, .allow()])
    }

    @Test mutating func `it doesn't come up under the click that closed it, however often it is asked`()
        throws
    {
        _ = scene.close(try shown(), reason: 2)
        scene.pass(.milliseconds(10))
        #expect(askAgain() == [.tellShownAgain(code: "7F2A")])
        #expect(askAgain().isEmpty)
        #expect(scene.wait(.milliseconds(989)).isEmpty)
        #expect(scene.wait(.milliseconds(1)).count == 1)
    }

    @Test mutating func `what stands on the screen, or is on its way there, isn't shown twice`() throws {
        guard case .post(let ticket)? = askAgain().first else {
            Issue.record("nothing was posted")
            return
        }
        #expect(askAgain().isEmpty)
        _ = scene.notificationState.compose(ticket, on: scene.server, now: scene.now)
        #expect(askAgain().isEmpty)
        _ = scene.notificationState.posted(ticket, id: 1, by: ":1.5", now: scene.now)
        #expect(askAgain().isEmpty)
    }

    @Test mutating func `what the notifier is told of twice as it starts wasn't asked again`() throws {
        _ = scene.close(try shown(), reason: 4)
        #expect(scene.notificationState.show(.of(.release), now: scene.now).isEmpty)
        #expect(scene.wait(.seconds(60)).isEmpty)
    }

    @Test mutating func `what was answered by a press isn't shown again`() throws {
        _ = scene.allow(try shown())
        #expect(askAgain().isEmpty)
    }

    @Test mutating func `with dismiss deny a dismissal still denies when it is asked again`() throws {
        scene = NotificationScene(dismissalDenies: true)
        _ = scene.close(try shown(), reason: 2)
        #expect(askAgain().isEmpty)
        scene.pass(.milliseconds(500))
        #expect(scene.notificationState.tick(now: scene.now) == [.deny("7F2A", .dismissal)])
    }

    // MARK: Expired

    @Test mutating func `what the server lets expire comes back by itself, so often and no more`() throws {
        var posted = try shown()
        for _ in 0..<scene.notificationState.limits.expiries {
            #expect(scene.close(posted, reason: 1).isEmpty)
            posted = try #require(scene.wait().first)
            scene.pass(.seconds(6))
        }
        _ = scene.close(posted, reason: 1)
        #expect(scene.wait(.seconds(60)).isEmpty)
    }

    @Test mutating func `what expires at once, as in do-not-disturb, doesn't come back by itself`() throws {
        let posted = try #require(scene.carryOut(askAgain()).first)
        #expect(scene.close(posted, reason: 1) == [.tellHidden])
        #expect(scene.wait(.seconds(60)).isEmpty)
    }

    // MARK: Refused

    /// Posts and has the server refuse; when it is tried again.
    private mutating func refuse(_ actions: [NotificationAction]) -> ([NotificationAction], Duration?) {
        guard case .post(let ticket)? = actions.first else { return ([], nil) }
        _ = scene.notificationState.compose(ticket, on: scene.server, now: scene.now)
        let more = scene.notificationState.failed(ticket, reason: "org.example.TooMany", now: scene.now)
        return (more, scene.notificationState.alarm.map { $0 - scene.now })
    }

    @Test mutating func `a refused Notify is tried again after 1, 5 and 15 s, and said once`() throws {
        var (said, due) = refuse(askAgain())
        #expect(said == [.tellRefused(code: "7F2A", reason: "org.example.TooMany")])
        var dues: [Duration?] = [due]
        for _ in 0..<3 {
            scene.pass(try #require(due))
            (said, due) = refuse(scene.notificationState.tick(now: scene.now))
            #expect(said.isEmpty)
            dues.append(due)
        }
        #expect(dues == [.seconds(1), .seconds(5), .seconds(15), nil])
        #expect(scene.notificationState.seen.isEmpty)
        // Then each time another notification closes, whosever it was.
        for id in [98, 99] as [UInt32] {
            let closed = NotificationState.Signal(kind: .closed(reason: 2), id: id, peer: ":1.5")
            _ = scene.notificationState.take(closed, now: scene.now)
            scene.pass(try #require(scene.notificationState.alarm) - scene.now)
            (said, due) = refuse(scene.notificationState.tick(now: scene.now))
            #expect(due == nil)
        }
        _ = askAgain()
        let posted = try #require(scene.wait().first)
        #expect(posted.note.title.contains("7F2A"))
    }

    @Test mutating func `a refused one doesn't keep the place of those that the server takes`() throws {
        scene = NotificationScene("gnome-shell")
        _ = refuse(askAgain())
        #expect(scene.show(.of(.release, "8K3D")).count == 1)
    }

    @Test mutating func `another server is asked at once`() {
        _ = refuse(askAgain())
        _ = scene.notificationState.serverChanged(to: nil, now: scene.now)
        // At the latest: the bus may start one.
        #expect(scene.notificationState.alarm == scene.now + scene.notificationState.limits.revivals[0])
        scene.server = NotificationServer(peer: ":1.9", product: "Plasma", capabilities: ["actions"])
        #expect(scene.carryOut(scene.notificationState.serverChanged(to: ":1.9", now: scene.now)).count == 1)
    }
}
