// SPDX-License-Identifier: Apache-2.0

import Callers
import Testing

@testable import Approval

@Suite struct ApprovalQueueAskingTests {
    var fixture = QueueFixture()

    @Test mutating func `a question is shown under a code and waits`() throws {
        let asked = fixture.ask(.release())
        let code = try #require(asked.code)
        #expect(asked.answer == nil)
        #expect(asked.actions == [.added(code: code), .notifierShows(code: code)])
        #expect(fixture.queue.alarm == fixture.now + .seconds(120))
    }

    @Test mutating func `the same question joins the one that waits and both get its answer`() throws {
        let first = fixture.ask(.release())
        let code = try #require(first.code)
        fixture.queue.notifierShowed([code])
        fixture.pass(.seconds(5))
        let second = fixture.ask(.release(.named("firefox", 101)))
        #expect(
            second.actions == [.notifierShowsAgain(code: code)],
            "it may have been clicked away meanwhile"
        )
        let actions = try fixture.answer(code, .allow)
        let answer = Answer.allowed(Choices(id: "firefox"), code: code)
        #expect(actions.answer(to: first.asker) == answer)
        #expect(actions.answer(to: second.asker) == answer)
        #expect(fixture.queue.outcomes(of: actions) == [code: .allowed])
    }

    @Test mutating func `what the notifier shows again is told to agents once more, as long as it waits`()
        throws
    {
        let code = try #require(fixture.ask(.release()).code)
        fixture.queue.notifierShowed([code])
        fixture.pass(.seconds(5))
        fixture.ask(.release())
        #expect(fixture.queue.shownAgain(code, now: fixture.now) == [.added(code: code)])
        _ = try fixture.answer(code, .deny)
        #expect(fixture.queue.shownAgain(code, now: fixture.now).isEmpty)
    }

    @Test mutating func `what no notification shows is told to agents once more when it is asked again`()
        throws
    {
        let code = try #require(fixture.ask(.release()).code)
        fixture.pass(.seconds(5))
        let expected: [ApprovalAction] = [.notifierShowsAgain(code: code), .added(code: code)]
        #expect(fixture.ask(.release()).actions == expected, "nothing says that the notifier shows it")
        _ = try fixture.queue.register(
            Agent(peer: ":1.7", name: "dialogs", isExclusive: true, answerer: .stranger),
            now: fixture.now
        )
        _ = try fixture.queue.shown(code, by: ":1.7", now: fixture.now)
        fixture.pass(.seconds(5))
        #expect(fixture.ask(.release()).actions == [.added(code: code)], "an agent's window may be closed")
    }

    @Test
    mutating func `agents hear of what is asked again at most once a second, and of the last time, too`()
        throws
    {
        let code = try #require(fixture.ask(.release()).code)
        fixture.pass(.milliseconds(300))
        for _ in 0..<3 { #expect(fixture.ask(.release()).actions == [.notifierShowsAgain(code: code)]) }
        #expect(fixture.queue.alarm == fixture.now + .milliseconds(700))
        fixture.pass(.milliseconds(700))
        #expect(fixture.queue.tick(now: fixture.now) == [.added(code: code)])
        #expect(fixture.queue.alarm == fixture.now + .seconds(119))
    }

    @Test mutating func `what is asked again behind a locked screen is told to agents at the unlock`() throws
    {
        let code = try #require(fixture.ask(.release()).code)
        fixture.pass(.seconds(5))
        _ = fixture.queue.screen(isLocked: true, now: fixture.now)
        #expect(fixture.ask(.release()).actions.isEmpty)
        #expect(fixture.queue.alarm == fixture.now + .seconds(600))
        fixture.pass(.seconds(60))
        let unlocked = fixture.queue.screen(isLocked: false, now: fixture.now)
        #expect(unlocked == [.notifierShows(code: code), .added(code: code)])
    }

    @Test mutating func `what is asked again behind a locked screen isn't shown`() {
        _ = fixture.queue.screen(isLocked: true, now: fixture.now)
        fixture.ask(.release())
        #expect(fixture.ask(.release()).actions.isEmpty)
    }

    @Test(
        arguments: [
            ApprovalRequest.release(.named("chrome")),
            .release(.named("firefox", origin: "moz-extension://other")),
            .release(host: "gitlab.com"),
            .release(entries: ["AA", "BB"]),
            .save(password: 1),
            .save(password: 2),
            .associate(),
            .unlock(),
        ]
    )
    mutating func `a question that differs in what counts is a question of its own`(other: ApprovalRequest) {
        fixture.ask(.release())
        #expect(fixture.ask(other).code != nil)
        #expect(fixture.codes.count == 2)
    }

    @Test mutating func `a different order of the same entries is the same question`() {
        fixture.ask(.release(entries: ["AA", "BB"]))
        fixture.ask(.release(entries: ["BB", "AA"]))
        #expect(fixture.codes.count == 1)
    }

    @Test mutating func `an associate with the same key joins whatever name was suggested meanwhile`() {
        fixture.ask(.associate(suggesting: "firefox"))
        fixture.ask(.associate(suggesting: "firefox-2"))
        #expect(fixture.codes.count == 1)
    }

    @Test mutating func `a new associate with another key withdraws the one that waits`() throws {
        let old = fixture.ask(.associate(key: 1))
        let new = fixture.ask(.associate(key: 2))
        #expect(new.actions.answer(to: old.asker) == .withdrawn)
        #expect(fixture.queue.outcomes(of: new.actions) == [try #require(old.code): .withdrawn])
        #expect(fixture.codes == [try #require(new.code)])
    }

    @Test mutating func `a new associate with another key withdraws the overwrite that waits`() throws {
        let old = fixture.ask(.overwrite(key: 1))
        let new = fixture.ask(.associate(key: 2))
        #expect(new.actions.answer(to: old.asker) == .withdrawn)
    }

    @Test mutating func `an associate of another program leaves the one that waits alone`() {
        fixture.ask(.associate(.named("firefox"), key: 1))
        fixture.ask(.associate(.named("chrome"), key: 2))
        #expect(fixture.codes.count == 2)
    }

    @Test mutating func `an associate asked again while its overwrite waits joins that`() throws {
        let code = try #require(fixture.ask(.overwrite(key: 1)).code)
        let again = fixture.ask(.associate(key: 1))
        #expect(fixture.codes == [code])
        let actions = try fixture.answer(code, .allow)
        #expect(actions.answer(to: again.asker) == .allowed(Choices(id: "firefox"), code: code))
    }

    @Test mutating func `one unlock waits at a time and every caller gets its answer`() throws {
        let first = fixture.ask(.unlock(.named("firefox")))
        let second = fixture.ask(.unlock(.named("git")))
        #expect(fixture.codes.count == 1)
        let code = try #require(first.code)
        let actions = try fixture.answer(code, .allow)
        #expect(actions.answer(to: first.asker) == .allowed(Choices(id: "firefox"), code: code))
        #expect(actions.answer(to: second.asker) == .allowed(Choices(id: "firefox"), code: code))
    }

    @Test mutating func `an asker that no longer listens gets nothing and its request goes on`() throws {
        let asked = fixture.ask(.release())
        fixture.queue.leave(asked.asker)
        let code = try #require(asked.code)
        #expect(fixture.codes == [code])
        #expect(try fixture.answer(code, .allow) == [.ended(code: code, isHeard: true)])
    }

    @Test mutating func `shut down answers everybody, also who comes later`() {
        let asked = fixture.ask(.release())
        let actions = fixture.queue.shutDown(now: fixture.now)
        #expect(actions.answer(to: asked.asker) == .withdrawn)
        #expect(fixture.ask(.save()).answer == .withdrawn)
        #expect(fixture.queue.alarm == nil)
    }
}

@Suite struct RequestCodeTests {
    @Test func `a random code has four letters that aren't taken for one another`() {
        let codes = Set((0..<200).map { _ in RequestCode.random() })
        #expect(codes.count > 150)
        #expect(codes.allSatisfy { RequestCode.normalized($0) == $0 })
        for request in "01ILO" {
            #expect(!RequestCode.alphabet.contains(request))
        }
    }

    @Test(arguments: [
        "7f2a": "7F2A", "7F2A": "7F2A", "7F2": nil, "7F2AA": nil, "7F20": nil, "": nil, "ßß": nil,
    ])
    func `a code is read in upper or lower case alike`(typed: String, code: String?) {
        #expect(RequestCode.normalized(typed) == code)
    }

    @Test func `a code isn't used again within an hour`() throws {
        let drawn = ["AAAA", "AAAA", "AAAA", "BBBB", "AAAA", "CCCC", "AAAA"]
        let draws = FixedCodes(drawn)
        var queue = ApprovalQueue(makeCode: { draws.next() })
        let now = ContinuousClock.now
        #expect(queue.ask(.release(host: "a"), by: 1, now: now).first == .added(code: "AAAA"))
        #expect(queue.ask(.release(host: "b"), by: 2, now: now).first == .added(code: "BBBB"))
        _ = try queue.answer(code: "AAAA", .deny, Choices(), through: .notifier, now: now)
        #expect(
            queue.ask(.release(host: "c"), by: 3, now: now + .seconds(3599)).first == .added(code: "CCCC")
        )
        let late = queue.ask(.save(), by: 4, now: now + .seconds(3601))
        #expect(late.contains(.added(code: "AAAA")))
    }
}
