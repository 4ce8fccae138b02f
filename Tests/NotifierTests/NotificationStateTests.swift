// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Approval
@testable import Notifier

@Suite struct NotificationStateTests {
    var fixture = NotifierFixture()

    private mutating func shown(_ request: PendingRequest = .of(.release)) throws -> Posted {
        try #require(fixture.show(request).first)
    }

    // MARK: Answers

    @Test mutating func `a button answers and takes the notification away`() throws {
        let posted = try shown()
        #expect(fixture.press("Allow", on: posted) == [posted.close, .allow()])
    }

    @Test mutating func `deny and always are buttons of their own`() throws {
        let posted = try shown(.of(.release, always: true))
        #expect(posted.note.buttons.map(\.label) == ["Deny", "Allow", "Always"])
        #expect(fixture.press("Always", on: posted).last == .allow("7F2A", Choices(scope: .always)))
        let other = try shown(.of(.release, "8K3D"))
        #expect(fixture.press("Deny", on: other).last == .deny("8K3D"))
    }

    @Test mutating func `only the first press counts`() throws {
        let posted = try shown()
        _ = fixture.press("Deny", on: posted)
        #expect(fixture.press("Allow", on: posted).isEmpty)
        #expect(fixture.close(posted, reason: 2).isEmpty)
    }

    @Test mutating func `a press that another bus name tells of is ignored`() throws {
        let posted = try shown()
        #expect(fixture.press("Allow", on: posted, from: ":1.66").isEmpty)
        #expect(fixture.press("Allow", on: posted) == [posted.close, .allow()])
    }

    @Test(arguments: ["default", "", "inline-reply"])
    mutating func `a key that servers send unasked is ignored`(key: String) throws {
        let posted = try shown()
        let signal = NotificationState.Signal(kind: .invoked(key: key), id: posted.id, peer: ":1.5")
        #expect(fixture.notificationState.take(signal, now: fixture.now).isEmpty)
    }

    @Test(arguments: ["allow", "0"])
    mutating func `a button of another program's means that it replaced the text: ours is shown again`(
        key: String
    ) throws {
        let posted = try shown()
        let signal = NotificationState.Signal(kind: .invoked(key: key), id: posted.id, peer: ":1.5")
        let effects = fixture.notificationState.take(signal, now: fixture.now)
        #expect(effects == [.tellReplaced(code: "7F2A"), posted.close])
        let again = try #require(fixture.wait().first)
        #expect(again.note.title.hasSuffix("(7F2A, shown again)"))
        #expect(
            fixture.notificationState.take(signal, now: fixture.now).isEmpty,
            "of the old one nothing counts"
        )
    }

    @Test mutating func `the keys of another notification don't work`() throws {
        let first = try shown(.of(.release, "7F2A"))
        let second = try shown(.of(.release, "8K3D", host: "gitlab.com"))
        let mixed = Posted(id: second.id, note: first.note)
        #expect(fixture.press("Allow", on: mixed) == [.tellReplaced(code: "8K3D"), second.close])
    }

    @Test mutating func `a notification that goes at once was seen by nobody, and that is said once`() throws
    {
        let posted = try #require(
            fixture.carryOut(fixture.notificationState.show(.of(.release), now: fixture.now)).first
        )
        #expect(fixture.notificationState.seen == ["7F2A"])
        #expect(fixture.close(posted, reason: 4) == [.tellHidden])
        #expect(fixture.notificationState.seen.isEmpty)
        let other = try #require(
            fixture.carryOut(fixture.notificationState.show(.of(.release, "8K3D"), now: fixture.now)).first
        )
        #expect(fixture.close(other, reason: 1).isEmpty)
        #expect(fixture.notificationState.seen.isEmpty)
    }

    @Test(arguments: [(UInt32(2), Duration.zero), (4, .seconds(1))])
    mutating func `one that the person closed, or that stood for a while, was seen`(
        reason: UInt32,
        time: Duration
    ) throws {
        let posted = try #require(
            fixture.carryOut(fixture.notificationState.show(.of(.release), now: fixture.now)).first
        )
        fixture.pass(time)
        #expect(fixture.close(posted, reason: reason).isEmpty)
        #expect(fixture.notificationState.seen == ["7F2A"])
    }

    @Test mutating func `a deny counts at once`() throws {
        let posted = try #require(
            fixture.carryOut(fixture.notificationState.show(.of(.release), now: fixture.now)).first
        )
        #expect(fixture.press("Deny", on: posted) == [posted.close, .deny()])
    }

    @Test mutating func `a press that is told before the answer to Notify is kept`() throws {
        guard case .post(let ticket)? = fixture.notificationState.show(.of(.release), now: fixture.now).first
        else {
            Issue.record("nothing was posted")
            return
        }
        let composed = fixture.notificationState.compose(ticket, on: fixture.server, now: fixture.now)
        let note = try #require(composed)
        let posted = Posted(id: 9, note: note)
        #expect(fixture.press("Deny", on: posted).isEmpty)
        #expect(
            fixture.notificationState.posted(ticket, id: 9, by: ":1.5", now: fixture.now) == [
                posted.close, .deny(),
            ]
        )
    }

    @Test mutating func `a typed reply allows an associate under that name`() throws {
        fixture.server = NotificationServer(
            peer: ":1.5",
            product: "Plasma",
            capabilities: ["actions", "inline-reply"]
        )
        let posted = try shown(.of(.associate))
        #expect(posted.note.buttons.contains(NotifyCall.Button(key: "inline-reply", label: "Allow as…")))
        let reply = NotificationState.Signal(kind: .replied(text: "work"), id: posted.id, peer: ":1.5")
        #expect(
            fixture.notificationState.take(reply, now: fixture.now) == [
                posted.close, .allow("7F2A", Choices(id: "work")),
            ]
        )
        #expect(fixture.notificationState.refused("7F2A", now: fixture.now).isEmpty)
        let again = try #require(fixture.wait().first)
        #expect(again.note.title.contains("shown again"))
    }

    @Test mutating func `a typed reply to anything but an associate is ignored`() throws {
        let posted = try shown()
        let reply = NotificationState.Signal(kind: .replied(text: "work"), id: posted.id, peer: ":1.5")
        #expect(fixture.notificationState.take(reply, now: fixture.now).isEmpty)
    }

    // MARK: Closing

    @Test(arguments: [2, 3, 4] as [UInt32])
    mutating func `closing is no answer and isn't shown again by itself`(reason: UInt32) throws {
        let posted = try shown()
        #expect(fixture.close(posted, reason: reason).isEmpty)
        #expect(fixture.notificationState.alarm == nil)
    }

    @Test mutating func `a press that is told after the closing counts`() throws {
        let posted = try shown()
        _ = fixture.close(posted, reason: 2)
        #expect(fixture.press("Allow", on: posted) == [.allow()])
    }

    @Test mutating func `with dismiss deny a dismissal denies after half a second`() throws {
        fixture = NotifierFixture(dismissalDenies: true)
        let posted = try shown()
        #expect(fixture.close(posted, reason: 2).isEmpty)
        #expect(fixture.notificationState.alarm == fixture.now + .milliseconds(500))
        fixture.pass(.milliseconds(499))
        #expect(fixture.notificationState.tick(now: fixture.now).isEmpty)
        fixture.pass(.milliseconds(1))
        #expect(fixture.notificationState.tick(now: fixture.now) == [.deny("7F2A", .dismissal)])
        #expect(fixture.notificationState.tick(now: fixture.now).isEmpty)
    }

    @Test mutating func `with dismiss deny a press that follows at once counts instead`() throws {
        fixture = NotifierFixture(dismissalDenies: true)
        let posted = try shown()
        _ = fixture.close(posted, reason: 2)
        #expect(fixture.press("Allow", on: posted) == [.allow()])
        #expect(fixture.notificationState.alarm == nil)
    }

    @Test(arguments: [3, 4] as [UInt32])
    mutating func `with dismiss deny other reasons are still no answer`(reason: UInt32) throws {
        fixture = NotifierFixture(dismissalDenies: true)
        let posted = try shown()
        _ = fixture.close(posted, reason: reason)
        #expect(fixture.notificationState.alarm == nil)
    }

    // MARK: The request's end

    @Test mutating func `a request that has ended is taken away and its buttons are dead`() throws {
        let posted = try shown()
        #expect(fixture.notificationState.remove("7F2A", now: fixture.now) == [posted.close])
        #expect(fixture.press("Allow", on: posted).isEmpty)
    }

    @Test
    mutating func
        `a request that ends while its notification is on the way is taken away when it comes`()
        throws
    {
        guard case .post(let ticket)? = fixture.notificationState.show(.of(.release), now: fixture.now).first
        else {
            Issue.record("nothing was posted")
            return
        }
        _ = fixture.notificationState.compose(ticket, on: fixture.server, now: fixture.now)
        #expect(fixture.notificationState.remove("7F2A", now: fixture.now).isEmpty)
        #expect(
            fixture.notificationState.posted(ticket, id: 4, by: ":1.5", now: fixture.now) == [
                .close(id: 4, peer: ":1.5")
            ]
        )
    }

    @Test mutating func `a request that ends before the server was asked is never posted`() {
        guard case .post(let ticket)? = fixture.notificationState.show(.of(.release), now: fixture.now).first
        else {
            Issue.record("nothing was posted")
            return
        }
        _ = fixture.notificationState.remove("7F2A", now: fixture.now)
        let note = fixture.notificationState.compose(ticket, on: fixture.server, now: fixture.now)
        #expect(note == nil)
    }

    // MARK: Servers

    @Test mutating func `a server that restarts gets everything that waits, but not what was clicked away`()
        throws
    {
        let seen = try shown(.of(.release, "7F2A"))
        let dismissed = try shown(.of(.save, "8K3D"))
        _ = fixture.close(dismissed, reason: 2)
        #expect(fixture.notificationState.serverChanged(to: nil, now: fixture.now).isEmpty)
        let effects = fixture.notificationState.serverChanged(to: ":1.9", now: fixture.now)
        fixture.server = NotificationServer(
            peer: ":1.9",
            product: "Plasma",
            capabilities: ["actions"]
        )
        let again = fixture.carryOut(effects)
        #expect(again.map { $0.note.title.contains("7F2A") } == [true])
        #expect(fixture.press("Allow", on: seen, from: ":1.5").isEmpty)
        fixture.pass(.seconds(1))
        #expect(fixture.press("Allow", on: again[0], from: ":1.9").last == .allow())
    }

    @Test mutating func `a notification that an old server took before it left is shown again`()
        throws
    {
        guard case .post(let ticket)? = fixture.notificationState.show(.of(.release), now: fixture.now).first
        else {
            Issue.record("nothing was posted")
            return
        }
        _ = fixture.notificationState.compose(ticket, on: fixture.server, now: fixture.now)
        _ = fixture.notificationState.serverChanged(to: ":1.9", now: fixture.now)
        #expect(fixture.notificationState.posted(ticket, id: 4, by: ":1.5", now: fixture.now).count == 1)
    }

    @Test mutating func `a server that comes while the old one was being asked is asked instead`() {
        guard case .post(let ticket)? = fixture.notificationState.show(.of(.release), now: fixture.now).first
        else {
            Issue.record("nothing was posted")
            return
        }
        _ = fixture.notificationState.serverChanged(to: ":1.9", now: fixture.now)
        guard case .post? = fixture.notificationState.failed(ticket, reason: nil, now: fixture.now).first
        else {
            Issue.record("not tried again")
            return
        }
    }

    @Test mutating func `without a server it is said once, and shown as soon as one comes`() throws {
        fixture.notificationState = NotificationState()
        for (number, code) in ["7F2A", "8K3D"].enumerated() {
            guard
                case .post(let ticket)? = fixture.notificationState.show(
                    .of(.release, code),
                    now: fixture.now
                )
                .first
            else {
                Issue.record("nothing was posted")
                return
            }
            #expect(
                fixture.notificationState.failed(ticket, reason: nil, now: fixture.now)
                    == (number == 0 ? [.tellMissing] : [])
            )
        }
        #expect(
            fixture.carryOut(fixture.notificationState.serverChanged(to: ":1.5", now: fixture.now)).count == 2
        )
    }

    // MARK: Bursts

    @Test mutating func `beyond three the requests are counted in one notification`() throws {
        let codes = ["AAAA", "BBBB", "CCCC", "DDDD", "EEEE"]
        let posted = codes.flatMap { fixture.show(.of(.release, $0)) }
        #expect(posted.prefix(3).allSatisfy { $0.note.buttons.count == 2 })
        #expect(posted[3].note.title == "1 more request waits")
        #expect(posted[3].note.body == "Code: DDDD\nTo see and answer it: keybell watch")
        #expect(posted[4].note.title == "2 more requests wait")
        #expect(posted[4].id == posted[3].id)
        #expect(posted[4].note.buttons.isEmpty)
        #expect(posted[4].note.body == "Codes: DDDD, EEEE\nTo see and answer them: keybell watch")
    }

    @Test mutating func `a counted request gets a notification of its own when there is room`() throws {
        let posted = ["AAAA", "BBBB", "CCCC", "DDDD"].flatMap { fixture.show(.of(.release, $0)) }
        let effects = fixture.press("Allow", on: posted[0])
        let next = try #require(fixture.carryOut(effects).first)
        #expect(next.note.title.contains("DDDD"))
        #expect(effects.contains(posted[3].close))
    }

    @Test mutating func `a count that was read comes back for a new request only`() throws {
        let posted = ["AAAA", "BBBB", "CCCC", "DDDD", "EEEE"].flatMap { fixture.show(.of(.release, $0)) }
        _ = fixture.close(posted[4], reason: 2)
        #expect(fixture.carryOut(fixture.notificationState.remove("EEEE", now: fixture.now)).isEmpty)
        #expect(fixture.show(.of(.release, "FFFF")).first?.note.title == "2 more requests wait")
    }
}
