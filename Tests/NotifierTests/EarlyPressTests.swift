// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Approval
@testable import Notifier

/// Presses that were meant for something else.
@Suite struct EarlyPressTests {
    var fixture = NotifierFixture()

    /// Two questions, both readable for long.
    private mutating func two() throws -> (Posted, Posted) {
        let first = try #require(fixture.show(.of(.release, "AAAA")).first)
        let second = try #require(fixture.show(.of(.release, "BBBB", host: "gitlab.com")).first)
        return (first, second)
    }

    @Test
    mutating func
        `an allow within 700 ms isn't counted and the request is shown again with other keys after a pause`()
        throws
    {
        let posted = try #require(
            fixture.carryOut(fixture.notificationState.show(.of(.release), now: fixture.now)).first
        )
        fixture.pass(.milliseconds(699))
        #expect(fixture.allow(posted) == [posted.close])
        #expect(fixture.notificationState.alarm == fixture.now + .seconds(1))
        #expect(fixture.wait(.milliseconds(999)).isEmpty)
        let again = try #require(fixture.wait(.milliseconds(1)).first)
        #expect(again.note.title != posted.note.title)
        #expect(Set(again.note.buttons.map(\.key)).isDisjoint(with: posted.note.buttons.map(\.key)))
        fixture.pass(.milliseconds(700))
        #expect(fixture.allow(again) == [again.close, .allow()])
    }

    @Test(arguments: [1, 300, 600, 699])
    mutating func `the second click of a double click allows nothing that slides under it`(gap: Int) throws {
        let (first, second) = try two()
        #expect(fixture.allow(first).contains(.allow("AAAA")))
        fixture.pass(.milliseconds(gap))
        #expect(fixture.allow(second) == [second.close])
        let again = try #require(fixture.wait().first)
        #expect(again.note.title.contains("BBBB"))
        fixture.pass(.milliseconds(700))
        #expect(fixture.allow(again).contains(.allow("BBBB")))
    }

    @Test mutating func `a click that comes long after the other one went counts`() throws {
        let (first, second) = try two()
        _ = fixture.allow(first)
        fixture.pass(.milliseconds(700))
        #expect(fixture.allow(second) == [second.close, .allow("BBBB")])
    }

    /// Each is something that moves what stands on the screen.
    enum Change: CaseIterable {
        case answeredElsewhere, clickedAway, another, news, otherPrograms, pressedEarly, counted
    }

    @Test(arguments: Change.allCases)
    mutating func `whatever comes, goes or moves makes the guard start anew`(change: Change) throws {
        let (first, second) = try two()
        switch change {
        case .answeredElsewhere: _ = fixture.notificationState.remove("AAAA", now: fixture.now)
        case .clickedAway: _ = fixture.close(first, reason: 2)
        case .another:
            _ = fixture.carryOut(fixture.notificationState.show(.of(.release, "CCCC"), now: fixture.now))
        case .news: fixture.notificationState.disturb(now: fixture.now)
        case .otherPrograms: _ = fixture.close(Posted(id: 99, note: first.note), reason: 1)
        case .pressedEarly:
            let third = try #require(
                fixture.carryOut(fixture.notificationState.show(.of(.release, "CCCC"), now: fixture.now))
                    .first
            )
            _ = fixture.allow(third)
        case .counted:
            _ = fixture.show(.of(.release, "CCCC"))
            _ = fixture.carryOut(fixture.notificationState.show(.of(.release, "DDDD"), now: fixture.now))
        }
        fixture.pass(.milliseconds(650))
        #expect(!fixture.allow(second).contains(.allow("BBBB")))
    }

    @Test mutating func `what another bus name says has closed moves nothing`() throws {
        let (first, second) = try two()
        fixture.notificationState.departed = [":1.66"]
        _ = fixture.close(first, reason: 1, from: ":1.66")
        #expect(fixture.allow(second).contains(.allow("BBBB")))
    }

    @Test mutating func `what is kept of a server that never answers, or never stays, is bounded`() throws {
        let (first, _) = try two()
        _ = fixture.notificationState.show(.of(.save, "CCCC"), now: fixture.now)
        for _ in 0..<1000 { _ = fixture.close(first, reason: 1, from: ":1.66") }
        #expect(fixture.notificationState.early.count == 64)
        for number in 0..<1000 {
            _ = fixture.notificationState.serverChanged(to: ":1.\(number)", now: fixture.now)
        }
        #expect(fixture.notificationState.departed.count == 16)
        #expect(fixture.notificationState.departed.last == ":1.998")
    }

    @Test mutating func `a press that a server tells of just after its own closing counts`() throws {
        let (first, _) = try two()
        _ = fixture.close(first, reason: 2)
        fixture.pass(.milliseconds(5))
        #expect(fixture.allow(first) == [.allow("AAAA")])
    }

    @Test mutating func `a notification is guarded from the moment it is sent, not only from the answer`()
        throws
    {
        let (_, second) = try two()
        guard
            case .post(let ticket)? = fixture.notificationState.show(.of(.save, "CCCC"), now: fixture.now)
                .first
        else {
            Issue.record("nothing was posted")
            return
        }
        _ = fixture.notificationState.compose(ticket, on: fixture.server, now: fixture.now)
        fixture.pass(.milliseconds(100))
        #expect(fixture.allow(second) == [second.close])
    }

    @Test mutating func `a server that presses by itself is given three more tries, then it is said once`()
        throws
    {
        var posted = try #require(
            fixture.carryOut(fixture.notificationState.show(.of(.release), now: fixture.now)).first
        )
        for _ in 0..<3 {
            #expect(fixture.allow(posted) == [posted.close])
            posted = try #require(fixture.wait().first)
        }
        #expect(fixture.allow(posted) == [posted.close, .tellAbandoned(code: "7F2A")])
        #expect(fixture.notificationState.alarm == nil)
        #expect(fixture.wait(.seconds(60)).isEmpty)
        #expect(fixture.notificationState.seen.isEmpty, "whoever asks is told how else it can be answered")
        // Asked again it has one more try, and no more is said of it.
        _ = fixture.notificationState.askedAgain(.of(.release), now: fixture.now)
        let last = try #require(fixture.wait().first)
        #expect(fixture.allow(last) == [last.close])
        #expect(fixture.wait(.seconds(60)).isEmpty)
    }

    @Test mutating func `a deny counts at once, and whoever meant the other one loses nothing`() throws {
        let (first, second) = try two()
        _ = fixture.allow(first)
        #expect(fixture.press("Deny", on: second) == [second.close, .deny("BBBB")])
    }

    @Test(arguments: [false, true], [0, 699])
    mutating func `a question that is clicked away as it comes up is shown again and not denied`(
        dismissalDenies: Bool,
        after: Int
    ) throws {
        fixture = NotifierFixture(dismissalDenies: dismissalDenies)
        let posted = try #require(
            fixture.carryOut(fixture.notificationState.show(.of(.release), now: fixture.now)).first
        )
        fixture.pass(.milliseconds(after))
        #expect(fixture.close(posted, reason: 2).isEmpty)
        #expect(fixture.allow(posted).isEmpty, "nor is a press counted that is told of after the closing")
        fixture.pass(.milliseconds(500))
        #expect(fixture.notificationState.tick(now: fixture.now).isEmpty)
        let again = try #require(fixture.wait(.milliseconds(500)).first)
        #expect(again.note.title.hasSuffix("(7F2A, shown again)"))
        #expect(again.note.body.contains("your click may have been meant for something else"))
        fixture.pass(.milliseconds(700))
        #expect(fixture.close(again, reason: 2).isEmpty)
        fixture.pass(.milliseconds(500))
        let denial: [NotificationEffect] = dismissalDenies ? [.deny("7F2A", .dismissal)] : []
        #expect(fixture.notificationState.tick(now: fixture.now) == denial)
    }

    @Test mutating func `a server that dismisses by itself gets no denial, and not for ever another try`()
        throws
    {
        fixture = NotifierFixture(dismissalDenies: true)
        var posted = try #require(
            fixture.carryOut(fixture.notificationState.show(.of(.release), now: fixture.now)).first
        )
        for _ in 0..<3 {
            #expect(fixture.close(posted, reason: 2).isEmpty)
            posted = try #require(fixture.wait().first)
        }
        #expect(fixture.close(posted, reason: 2).isEmpty)
        #expect(fixture.notificationState.alarm == nil)
    }

    @Test mutating func `a question that was clicked away just after it had moved comes back by itself`()
        throws
    {
        let (first, second) = try two()
        _ = fixture.allow(first)
        fixture.pass(.milliseconds(300))
        #expect(fixture.close(second, reason: 2).isEmpty)
        #expect(fixture.wait().first?.note.title.contains("BBBB") == true)
    }
}

/// Where the server draws as many as there is room for, and the next as another goes.
@Suite struct HoldingBackServerTests {
    var fixture = NotifierFixture("Plasma")

    @Test(arguments: [(1999, false), (2000, true)])
    mutating func `a click within two seconds of another's going allows nothing that was drawn then`(
        milliseconds: Int,
        counts: Bool
    ) throws {
        let first = try #require(fixture.show(.of(.release, "AAAA")).first)
        let second = try #require(fixture.show(.of(.release, "BBBB")).first)
        #expect(fixture.allow(first).contains(.allow("AAAA")))
        fixture.pass(.milliseconds(milliseconds))
        #expect(fixture.allow(second).contains(.allow("BBBB")) == counts)
    }

    @Test mutating func `nor does one that is sent just after another has gone`() throws {
        let first = try #require(fixture.show(.of(.release, "AAAA")).first)
        #expect(fixture.allow(first).contains(.allow("AAAA")))
        let second = try #require(
            fixture.carryOut(fixture.notificationState.show(.of(.release, "BBBB"), now: fixture.now)).first
        )
        fixture.pass(.milliseconds(1999))
        #expect(fixture.allow(second) == [second.close])
    }

    @Test mutating func `a question that stands alone waits no longer than anywhere`() throws {
        let posted = try #require(
            fixture.carryOut(fixture.notificationState.show(.of(.release), now: fixture.now)).first
        )
        fixture.pass(.milliseconds(700))
        #expect(fixture.allow(posted) == [posted.close, .allow()])
    }
}

/// Where the server keeps all but one back, Keybell gives it one at a time.
@Suite struct QueueingServerTests {
    var fixture = NotifierFixture("gnome-shell")

    @Test mutating func `the second question comes a pause after the first has gone`() throws {
        let first = try #require(fixture.show(.of(.release, "AAAA")).first)
        #expect(fixture.show(.of(.release, "BBBB")).isEmpty)
        #expect(fixture.notificationState.seen == ["AAAA"])
        #expect(fixture.allow(first) == [first.close, .allow("AAAA")])
        #expect(fixture.notificationState.alarm == fixture.now + .seconds(1))
        #expect(fixture.wait(.milliseconds(999)).isEmpty)
        let second = try #require(fixture.wait(.milliseconds(1)).first)
        #expect(second.note.title.contains("BBBB"))
        fixture.pass(.milliseconds(600))
        #expect(fixture.allow(second) == [second.close], "and its own guard starts then")
    }

    /// README.md says 2 s.
    @Test(arguments: [(999, false), (1000, true)])
    mutating func `a click within two seconds of the first question's going doesn't allow the second`(
        millisecondsOnScreen: Int,
        counts: Bool
    ) throws {
        let first = try #require(fixture.show(.of(.release, "AAAA")).first)
        _ = fixture.show(.of(.release, "BBBB"))
        _ = fixture.allow(first)
        let second = try #require(fixture.wait().first)
        fixture.pass(.milliseconds(millisecondsOnScreen))
        #expect(fixture.allow(second).contains(.allow("BBBB")) == counts)
    }

    @Test mutating func `of several that wait when the server comes just the oldest is sent`() throws {
        fixture.notificationState = NotificationState()
        let tickets = ["AAAA", "BBBB", "CCCC"].flatMap {
            fixture.notificationState.show(.of(.release, $0), now: fixture.now)
        }
        #expect(tickets.count == 3, "what the server is like isn't known yet")
        let posted = fixture.carryOut(tickets.reversed())
        #expect(posted.map { $0.note.title.contains("AAAA") } == [true])
        #expect(fixture.notificationState.alarm == nil)
    }

    @Test mutating func `one that is pressed too early keeps its place before the others`() throws {
        let first = try #require(
            fixture.carryOut(fixture.notificationState.show(.of(.release, "AAAA"), now: fixture.now)).first
        )
        _ = fixture.notificationState.show(.of(.release, "BBBB"), now: fixture.now)
        _ = fixture.allow(first)
        #expect(fixture.wait().map { $0.note.title.contains("AAAA") } == [true])
    }

    @Test mutating func `one that ends while it waits for its turn is never shown`() throws {
        let first = try #require(fixture.show(.of(.release, "AAAA")).first)
        _ = fixture.show(.of(.release, "BBBB"))
        #expect(fixture.notificationState.remove("BBBB", now: fixture.now).isEmpty)
        _ = fixture.allow(first)
        #expect(fixture.wait().isEmpty)
        #expect(fixture.notificationState.alarm == nil)
    }

    @Test mutating func `the next one comes also where the first was clicked away`() throws {
        let first = try #require(fixture.show(.of(.release, "AAAA")).first)
        _ = fixture.show(.of(.release, "BBBB"))
        #expect(fixture.close(first, reason: 2).isEmpty)
        #expect(fixture.wait().map { $0.note.title.contains("BBBB") } == [true])
    }

    @Test mutating func `those that the server lets expire take turns`() throws {
        var on = try #require(fixture.show(.of(.release, "AAAA")).first)
        _ = fixture.show(.of(.release, "BBBB"))
        for code in ["BBBB", "AAAA", "BBBB"] {
            fixture.pass(.seconds(10))
            _ = fixture.close(on, reason: 1)
            on = try #require(fixture.wait().first)
            #expect(on.note.title.contains(code))
        }
    }

    @Test mutating func `news wait while a question is on the screen or about to be`() throws {
        #expect(!fixture.notificationState.isCrowded)
        let first = try #require(fixture.show(.of(.release, "AAAA")).first)
        #expect(fixture.notificationState.isCrowded)
        _ = fixture.show(.of(.release, "BBBB"))
        _ = fixture.allow(first)
        #expect(fixture.notificationState.isCrowded)
        let second = try #require(fixture.wait().first)
        fixture.pass(.seconds(1))
        _ = fixture.close(second, reason: 2)
        #expect(!fixture.notificationState.isCrowded, "it was clicked away")
    }

    // MARK: Behind another program's

    /// Those of whom nothing tells when they draw what they have taken.
    static let queueing = [("gnome-shell", "GNOME"), ("cinnamon", ""), ("Notification Daemon", "GNOME")]

    @Test(arguments: queueing, [true, false])
    mutating func `after another program's has gone the next is drawn, and only then the guard starts`(
        server: (product: String, vendor: String),
        isPressed: Bool
    ) throws {
        fixture = NotifierFixture(server.product, vendor: server.vendor)
        let posted = try #require(fixture.show(.of(.release)).first)
        fixture.pass(.seconds(10))
        let others = Posted(id: 99, note: posted.note)
        _ = isPressed ? fixture.press("Allow", on: others) : fixture.close(others, reason: 2)
        fixture.pass(.milliseconds(1999))
        #expect(fixture.allow(posted) == [posted.close])
        let again = try #require(fixture.wait().first)
        _ = fixture.close(Posted(id: 98, note: posted.note), reason: 1)
        fixture.pass(.seconds(2))
        #expect(fixture.allow(again) == [again.close, .allow()])
    }

    @Test(arguments: [("gnome-shell", true), ("cinnamon", true), ("Plasma", false)])
    mutating func `when another program's has gone the server is made to draw what waits`(
        product: String,
        isNudged: Bool
    ) throws {
        fixture = NotifierFixture(product)
        let posted = try #require(fixture.show(.of(.release)).first)
        let others = Posted(id: 99, note: posted.note)
        for _ in 0..<3 { _ = fixture.close(others, reason: 3) }
        let due = fixture.now + .milliseconds(300)
        #expect(fixture.notificationState.alarm == (isNudged ? due : nil))
        fixture.pass(.milliseconds(300))
        let nudge: [NotificationEffect] = isNudged ? [.nudge(peer: ":1.5")] : []
        #expect(fixture.notificationState.tick(now: fixture.now) == nudge)
        #expect(fixture.notificationState.tick(now: fixture.now).isEmpty)
        fixture.pass(.milliseconds(1999))
        #expect(fixture.allow(posted).contains(.allow()) == !isNudged, "it comes up by then")
    }

    @Test mutating func `what GNOME's desktop says of others' notifications is heeded, of ours nothing`()
        throws
    {
        fixture = NotifierFixture("gnome-shell")
        let posted = try #require(fixture.show(.of(.release)).first)
        fixture.pass(.seconds(10))
        for id in [posted.id, 99] {
            #expect(fixture.notificationState.alarm == nil)
            let closed = NotificationState.Signal(kind: .closed(reason: 2), id: id, peer: ":1.2")
            fixture.notificationState.shellTold(closed, now: fixture.now)
        }
        #expect(fixture.notificationState.alarm == fixture.now + .milliseconds(300))
        fixture.pass(.milliseconds(1999))
        #expect(fixture.allow(posted) == [posted.close])
    }

    @Test mutating func `what has the server draw is no news of others, and hides none`() throws {
        fixture = NotifierFixture("gnome-shell")
        let posted = try #require(fixture.show(.of(.release, "AAAA")).first)
        _ = fixture.close(Posted(id: 99, note: posted.note), reason: 3)
        fixture.pass(.milliseconds(300))
        #expect(fixture.notificationState.tick(now: fixture.now) == [.nudge(peer: ":1.5")])
        fixture.othersNotify()
        fixture.notificationState.nudged(id: posted.id + 1)
        _ = fixture.close(Posted(id: posted.id + 1, note: .nudge), reason: 3)
        let told = NotificationState.Signal(kind: .closed(reason: 3), id: posted.id + 1, peer: ":1.2")
        fixture.notificationState.shellTold(told, now: fixture.now)
        #expect(fixture.notificationState.alarm == nil)
        fixture.pass(.seconds(2))
        #expect(fixture.allow(posted).contains(.allow("AAAA")))
        fixture.pass(.seconds(5))
        let next = try #require(fixture.show(.of(.release, "BBBB")).first)
        #expect(fixture.allow(next).contains(.allow("BBBB")))
    }

    @Test mutating func `nothing of ours on the screen needs no telling`() throws {
        fixture = NotifierFixture("gnome-shell")
        let posted = try #require(fixture.show(.of(.release)).first)
        _ = fixture.allow(posted)
        _ = fixture.close(Posted(id: 99, note: posted.note), reason: 3)
        #expect(fixture.notificationState.alarm == nil)
    }

    @Test(arguments: queueing, [1000, 5999])
    mutating func `a press is shown again once where another program's may have stood before it`(
        server: (product: String, vendor: String),
        after: Int
    ) throws {
        fixture = NotifierFixture(server.product, vendor: server.vendor)
        fixture.othersNotify()
        let posted = try #require(
            fixture.carryOut(fixture.notificationState.show(.of(.release), now: fixture.now)).first
        )
        fixture.pass(.milliseconds(after))
        #expect(fixture.allow(posted) == [posted.close])
        fixture.othersNotify()
        let again = try #require(fixture.wait().first)
        #expect(again.note.body.contains("Shown again: your click may have been meant for something else."))
        fixture.pass(.seconds(1))
        #expect(fixture.allow(again) == [again.close, .allow()])
    }

    @Test mutating func `where nobody else has shown anything since, or long ago, the first press counts`()
        throws
    {
        let first = try #require(fixture.show(.of(.release, "AAAA")).first)
        #expect(fixture.allow(first).contains(.allow("AAAA")))
        fixture.pass(.seconds(5))
        let second = try #require(fixture.show(.of(.release, "BBBB")).first)
        #expect(fixture.allow(second).contains(.allow("BBBB")))
        fixture.pass(.seconds(5))
        fixture.othersNotify(7)
        let third = try #require(fixture.show(.of(.release, "CCCC")).first)
        fixture.pass(.seconds(5))
        #expect(fixture.allow(third).contains(.allow("CCCC")))
    }

    @Test(arguments: [(0, false), (4, false), (6, true)])
    mutating func `our own news stand before a question, too`(secondsBefore: Int, counts: Bool) throws {
        fixture.othersNotify()
        fixture.notificationState.newsPosted(id: 1, now: fixture.now)
        fixture.pass(.seconds(secondsBefore))
        let posted = try #require(fixture.show(.of(.release)).first)
        #expect(fixture.allow(posted).contains(.allow()) == counts)
    }

    @Test mutating func `a deny counts at once behind another program's`() throws {
        fixture.othersNotify()
        let posted = try #require(fixture.show(.of(.release)).first)
        #expect(fixture.press("Deny", on: posted) == [posted.close, .deny()])
    }

    @Test mutating func `a server that draws all at once has no such doubts`() throws {
        fixture = NotifierFixture("Notification Daemon", vendor: "MATE")
        fixture.othersNotify()
        let posted = try #require(fixture.show(.of(.release)).first)
        #expect(fixture.allow(posted) == [posted.close, .allow()])
    }
}
