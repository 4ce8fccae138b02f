// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Approval
@testable import Notifier

/// Presses that were meant for something else.
@Suite struct EarlyPressTests {
    var scene = NotificationScene()

    /// Two questions, both readable for long.
    private mutating func two() throws -> (Posted, Posted) {
        let first = try #require(scene.show(.of(.release, "AAAA")).first)
        let second = try #require(scene.show(.of(.release, "BBBB", host: "gitlab.com")).first)
        return (first, second)
    }

    @Test
    mutating func
        `an allow within 700 ms isn't counted and the request is shown again with other keys after a pause`()
        throws
    {
        let posted = try #require(
            scene.carryOut(scene.notificationState.show(.of(.release), now: scene.now)).first
        )
        scene.pass(.milliseconds(699))
        #expect(scene.allow(posted) == [posted.close])
        #expect(scene.notificationState.alarm == scene.now + .seconds(1))
        #expect(scene.wait(.milliseconds(999)).isEmpty)
        let again = try #require(scene.wait(.milliseconds(1)).first)
        #expect(again.note.title != posted.note.title)
        #expect(Set(again.note.buttons.map(\.key)).isDisjoint(with: posted.note.buttons.map(\.key)))
        scene.pass(.milliseconds(700))
        #expect(scene.allow(again) == [again.close, .allow()])
    }

    @Test(arguments: [1, 300, 600, 699])
    mutating func `the second click of a double click allows nothing that slides under it`(gap: Int) throws {
        let (first, second) = try two()
        #expect(scene.allow(first).contains(.allow("AAAA")))
        scene.pass(.milliseconds(gap))
        #expect(scene.allow(second) == [second.close])
        let again = try #require(scene.wait().first)
        #expect(again.note.title.contains("BBBB"))
        scene.pass(.milliseconds(700))
        #expect(scene.allow(again).contains(.allow("BBBB")))
    }

    @Test mutating func `a click that comes long after the other one went counts`() throws {
        let (first, second) = try two()
        _ = scene.allow(first)
        scene.pass(.milliseconds(700))
        #expect(scene.allow(second) == [second.close, .allow("BBBB")])
    }

    /// Each is something that moves what stands on the screen.
    enum Change: CaseIterable {
        case answeredElsewhere, clickedAway, another, news, otherPrograms, pressedEarly, counted
    }

    @Test(arguments: Change.allCases)
    mutating func `whatever comes, goes or moves makes the guard start anew`(change: Change) throws {
        let (first, second) = try two()
        switch change {
        case .answeredElsewhere: _ = scene.notificationState.remove("AAAA", now: scene.now)
        case .clickedAway: _ = scene.close(first, reason: 2)
        case .another: _ = scene.carryOut(scene.notificationState.show(.of(.release, "CCCC"), now: scene.now))
        case .news: scene.notificationState.disturb(now: scene.now)
        case .otherPrograms: _ = scene.close(Posted(id: 99, note: first.note), reason: 1)
        case .pressedEarly:
            let third = try #require(
                scene.carryOut(scene.notificationState.show(.of(.release, "CCCC"), now: scene.now)).first
            )
            _ = scene.allow(third)
        case .counted:
            _ = scene.show(.of(.release, "CCCC"))
            _ = scene.carryOut(scene.notificationState.show(.of(.release, "DDDD"), now: scene.now))
        }
        scene.pass(.milliseconds(650))
        #expect(!scene.allow(second).contains(.allow("BBBB")))
    }

    @Test mutating func `what another bus name says has closed moves nothing`() throws {
        let (first, second) = try two()
        scene.notificationState.departed = [":1.66"]
        _ = scene.close(first, reason: 1, from: ":1.66")
        #expect(scene.allow(second).contains(.allow("BBBB")))
    }

    @Test mutating func `what is kept of a server that never answers, or never stays, is bounded`() throws {
        let (first, _) = try two()
        _ = scene.notificationState.show(.of(.save, "CCCC"), now: scene.now)
        for _ in 0..<1000 { _ = scene.close(first, reason: 1, from: ":1.66") }
        #expect(scene.notificationState.early.count == 64)
        for number in 0..<1000 {
            _ = scene.notificationState.serverChanged(to: ":1.\(number)", now: scene.now)
        }
        #expect(scene.notificationState.departed.count == 16)
        #expect(scene.notificationState.departed.last == ":1.998")
    }

    @Test mutating func `a press that a server tells of just after its own closing counts`() throws {
        let (first, _) = try two()
        _ = scene.close(first, reason: 2)
        scene.pass(.milliseconds(5))
        #expect(scene.allow(first) == [.allow("AAAA")])
    }

    @Test mutating func `a notification is guarded from the moment it is sent, not only from the answer`()
        throws
    {
        let (_, second) = try two()
        guard case .post(let ticket)? = scene.notificationState.show(.of(.save, "CCCC"), now: scene.now).first
        else {
            Issue.record("nothing was posted")
            return
        }
        _ = scene.notificationState.compose(ticket, on: scene.server, now: scene.now)
        scene.pass(.milliseconds(100))
        #expect(scene.allow(second) == [second.close])
    }

    @Test mutating func `a server that presses by itself is given three more tries, then it is said once`()
        throws
    {
        var posted = try #require(
            scene.carryOut(scene.notificationState.show(.of(.release), now: scene.now)).first
        )
        for _ in 0..<3 {
            #expect(scene.allow(posted) == [posted.close])
            posted = try #require(scene.wait().first)
        }
        #expect(scene.allow(posted) == [posted.close, .tellAbandoned(code: "7F2A")])
        #expect(scene.notificationState.alarm == nil)
        #expect(scene.wait(.seconds(60)).isEmpty)
        #expect(scene.notificationState.seen.isEmpty, "whoever asks is told how else it can be answered")
        // Asked again it has one more try, and no more is said of it.
        _ = scene.notificationState.askedAgain(.of(.release), now: scene.now)
        let last = try #require(scene.wait().first)
        #expect(scene.allow(last) == [last.close])
        #expect(scene.wait(.seconds(60)).isEmpty)
    }

    @Test mutating func `a deny counts at once, and whoever meant the other one loses nothing`() throws {
        let (first, second) = try two()
        _ = scene.allow(first)
        #expect(scene.press("Deny", on: second) == [second.close, .deny("BBBB")])
    }

    @Test(arguments: [false, true], [0, 699])
    mutating func `a question that is clicked away as it comes up is shown again and not denied`(
        dismissalDenies: Bool,
        after: Int
    ) throws {
        scene = NotificationScene(dismissalDenies: dismissalDenies)
        let posted = try #require(
            scene.carryOut(scene.notificationState.show(.of(.release), now: scene.now)).first
        )
        scene.pass(.milliseconds(after))
        #expect(scene.close(posted, reason: 2).isEmpty)
        #expect(scene.allow(posted).isEmpty, "nor is a press counted that is told of after the closing")
        scene.pass(.milliseconds(500))
        #expect(scene.notificationState.tick(now: scene.now).isEmpty)
        let again = try #require(scene.wait(.milliseconds(500)).first)
        #expect(again.note.title.hasSuffix("(7F2A, shown again)"))
        #expect(again.note.body.contains("your click may have been meant for something else"))
        scene.pass(.milliseconds(700))
        #expect(scene.close(again, reason: 2).isEmpty)
        scene.pass(.milliseconds(500))
        let denial: [NotificationAction] = dismissalDenies ? [.deny("7F2A", .dismissal)] : []
        #expect(scene.notificationState.tick(now: scene.now) == denial)
    }

    @Test mutating func `a server that dismisses by itself gets no denial, and not for ever another try`()
        throws
    {
        scene = NotificationScene(dismissalDenies: true)
        var posted = try #require(
            scene.carryOut(scene.notificationState.show(.of(.release), now: scene.now)).first
        )
        for _ in 0..<3 {
            #expect(scene.close(posted, reason: 2).isEmpty)
            posted = try #require(scene.wait().first)
        }
        #expect(scene.close(posted, reason: 2).isEmpty)
        #expect(scene.notificationState.alarm == nil)
    }

    @Test mutating func `a question that was clicked away just after it had moved comes back by itself`()
        throws
    {
        let (first, second) = try two()
        _ = scene.allow(first)
        scene.pass(.milliseconds(300))
        #expect(scene.close(second, reason: 2).isEmpty)
        #expect(scene.wait().first?.note.title.contains("BBBB") == true)
    }
}

/// Where the server keeps all but one back, Keybell gives it one at a time.
@Suite struct QueueingServerTests {
    var scene = NotificationScene("gnome-shell")

    @Test mutating func `the second question comes a pause after the first has gone`() throws {
        let first = try #require(scene.show(.of(.release, "AAAA")).first)
        #expect(scene.show(.of(.release, "BBBB")).isEmpty)
        #expect(scene.notificationState.seen == ["AAAA"])
        #expect(scene.allow(first) == [first.close, .allow("AAAA")])
        #expect(scene.notificationState.alarm == scene.now + .seconds(1))
        #expect(scene.wait(.milliseconds(999)).isEmpty)
        let second = try #require(scene.wait(.milliseconds(1)).first)
        #expect(second.note.title.contains("BBBB"))
        scene.pass(.milliseconds(600))
        #expect(scene.allow(second) == [second.close], "and its own guard starts then")
    }

    @Test mutating func `of several that wait when the server comes just the oldest is sent`() throws {
        scene.notificationState = NotificationState()
        let tickets = ["AAAA", "BBBB", "CCCC"].flatMap {
            scene.notificationState.show(.of(.release, $0), now: scene.now)
        }
        #expect(tickets.count == 3, "what the server is like isn't known yet")
        let posted = scene.carryOut(tickets.reversed())
        #expect(posted.map { $0.note.title.contains("AAAA") } == [true])
        #expect(scene.notificationState.alarm == nil)
    }

    @Test mutating func `one that is pressed too early keeps its place before the others`() throws {
        let first = try #require(
            scene.carryOut(scene.notificationState.show(.of(.release, "AAAA"), now: scene.now)).first
        )
        _ = scene.notificationState.show(.of(.release, "BBBB"), now: scene.now)
        _ = scene.allow(first)
        #expect(scene.wait().map { $0.note.title.contains("AAAA") } == [true])
    }

    @Test mutating func `one that ends while it waits for its turn is never shown`() throws {
        let first = try #require(scene.show(.of(.release, "AAAA")).first)
        _ = scene.show(.of(.release, "BBBB"))
        #expect(scene.notificationState.remove("BBBB", now: scene.now).isEmpty)
        _ = scene.allow(first)
        #expect(scene.wait().isEmpty)
        #expect(scene.notificationState.alarm == nil)
    }

    @Test mutating func `the next one comes also where the first was clicked away`() throws {
        let first = try #require(scene.show(.of(.release, "AAAA")).first)
        _ = scene.show(.of(.release, "BBBB"))
        #expect(scene.close(first, reason: 2).isEmpty)
        #expect(scene.wait().map { $0.note.title.contains("BBBB") } == [true])
    }

    @Test mutating func `those that the server lets expire take turns`() throws {
        var on = try #require(scene.show(.of(.release, "AAAA")).first)
        _ = scene.show(.of(.release, "BBBB"))
        for code in ["BBBB", "AAAA", "BBBB"] {
            scene.pass(.seconds(10))
            _ = scene.close(on, reason: 1)
            on = try #require(scene.wait().first)
            #expect(on.note.title.contains(code))
        }
    }

    @Test mutating func `news wait while a question is on the screen or about to be`() throws {
        #expect(!scene.notificationState.isCrowded)
        let first = try #require(scene.show(.of(.release, "AAAA")).first)
        #expect(scene.notificationState.isCrowded)
        _ = scene.show(.of(.release, "BBBB"))
        _ = scene.allow(first)
        #expect(scene.notificationState.isCrowded)
        let second = try #require(scene.wait().first)
        scene.pass(.seconds(1))
        _ = scene.close(second, reason: 2)
        #expect(!scene.notificationState.isCrowded, "it was clicked away")
    }

    // MARK: Behind another program's

    /// Those of whom nothing tells when they draw what they have taken.
    static let queueing = [("gnome-shell", "GNOME"), ("cinnamon", ""), ("Notification Daemon", "GNOME")]

    @Test(arguments: queueing, [true, false])
    mutating func `after another program's has gone the next is drawn, and only then the guard starts`(
        server: (product: String, vendor: String),
        isPressed: Bool
    ) throws {
        scene = NotificationScene(server.product, vendor: server.vendor)
        let posted = try #require(scene.show(.of(.release)).first)
        scene.pass(.seconds(10))
        let others = Posted(id: 99, note: posted.note)
        _ = isPressed ? scene.press("Allow", on: others) : scene.close(others, reason: 2)
        scene.pass(.milliseconds(1999))
        #expect(scene.allow(posted) == [posted.close])
        let again = try #require(scene.wait().first)
        _ = scene.close(Posted(id: 98, note: posted.note), reason: 1)
        scene.pass(.seconds(2))
        #expect(scene.allow(again) == [again.close, .allow()])
    }

    @Test(arguments: [("gnome-shell", true), ("cinnamon", true), ("Plasma", false)])
    mutating func `what may wait undrawn when another program's has gone is told of once more`(
        product: String,
        isNudged: Bool
    ) throws {
        scene = NotificationScene(product)
        let posted = try #require(scene.show(.of(.release)).first)
        let others = Posted(id: 99, note: posted.note)
        for _ in 0..<3 { _ = scene.close(others, reason: 3) }
        let due = scene.now + .milliseconds(300)
        #expect(scene.notificationState.alarm == (isNudged ? due : nil))
        scene.pass(.milliseconds(300))
        var note = posted.note
        note.replaces = posted.id
        let nudge: [NotificationAction] = isNudged ? [.nudge(note, id: posted.id, peer: ":1.5")] : []
        #expect(scene.notificationState.tick(now: scene.now) == nudge)
        #expect(scene.notificationState.tick(now: scene.now).isEmpty)
        scene.pass(.milliseconds(1999))
        #expect(scene.allow(posted).contains(.allow()) == !isNudged, "it comes up by then")
    }

    @Test mutating func `what GNOME's desktop says of others' notifications is heeded, of ours nothing`()
        throws
    {
        scene = NotificationScene("gnome-shell")
        let posted = try #require(scene.show(.of(.release)).first)
        scene.pass(.seconds(10))
        for id in [posted.id, 99] {
            #expect(scene.notificationState.alarm == nil)
            let closed = NotificationState.Signal(kind: .closed(reason: 2), id: id, peer: ":1.2")
            scene.notificationState.shellTold(closed, now: scene.now)
        }
        #expect(scene.notificationState.alarm == scene.now + .milliseconds(300))
        scene.pass(.milliseconds(1999))
        #expect(scene.allow(posted) == [posted.close])
    }

    @Test mutating func `nothing of ours on the screen needs no telling`() throws {
        scene = NotificationScene("gnome-shell")
        let posted = try #require(scene.show(.of(.release)).first)
        _ = scene.allow(posted)
        _ = scene.close(Posted(id: 99, note: posted.note), reason: 3)
        #expect(scene.notificationState.alarm == nil)
    }

    @Test(arguments: queueing, [1000, 5999])
    mutating func `a press is shown again once where another program's may have stood before it`(
        server: (product: String, vendor: String),
        after: Int
    ) throws {
        scene = NotificationScene(server.product, vendor: server.vendor)
        scene.othersNotify()
        let posted = try #require(
            scene.carryOut(scene.notificationState.show(.of(.release), now: scene.now)).first
        )
        scene.pass(.milliseconds(after))
        #expect(scene.allow(posted) == [posted.close])
        scene.othersNotify()
        let again = try #require(scene.wait().first)
        #expect(again.note.body.contains("Shown again: your click may have been meant for something else."))
        scene.pass(.milliseconds(700))
        #expect(scene.allow(again) == [again.close, .allow()])
    }

    @Test mutating func `where nobody else has shown anything since, or long ago, the first press counts`()
        throws
    {
        let first = try #require(scene.show(.of(.release, "AAAA")).first)
        #expect(scene.allow(first).contains(.allow("AAAA")))
        scene.pass(.seconds(5))
        let second = try #require(scene.show(.of(.release, "BBBB")).first)
        #expect(scene.allow(second).contains(.allow("BBBB")))
        scene.pass(.seconds(5))
        scene.othersNotify(7)
        let third = try #require(scene.show(.of(.release, "CCCC")).first)
        scene.pass(.seconds(5))
        #expect(scene.allow(third).contains(.allow("CCCC")))
    }

    @Test(arguments: [(0, false), (4, false), (6, true)])
    mutating func `our own news stand before a question, too`(secondsBefore: Int, counts: Bool) throws {
        scene.othersNotify()
        scene.notificationState.newsPosted(id: 1, now: scene.now)
        scene.pass(.seconds(secondsBefore))
        let posted = try #require(scene.show(.of(.release)).first)
        #expect(scene.allow(posted).contains(.allow()) == counts)
    }

    @Test mutating func `a deny counts at once behind another program's`() throws {
        scene.othersNotify()
        let posted = try #require(scene.show(.of(.release)).first)
        #expect(scene.press("Deny", on: posted) == [posted.close, .deny()])
    }

    @Test mutating func `a server that draws all at once has no such doubts`() throws {
        scene = NotificationScene("Notification Daemon", vendor: "MATE")
        scene.othersNotify()
        let posted = try #require(scene.show(.of(.release)).first)
        #expect(scene.allow(posted) == [posted.close, .allow()])
    }
}
