// SPDX-License-Identifier: Apache-2.0

import Callers
import Glibc
import Linux
import Testing

@testable import Approval

@Suite struct ApprovalQueueQuietTests {
    var fixture = QueueFixture()

    @Test mutating func `a denied question is denied unseen for thirty seconds`() throws {
        try fixture.ask(.release(), answered: .deny)
        fixture.pass(.seconds(29))
        #expect(fixture.ask(.release()).answer == .quiet)
        fixture.pass(.seconds(1))
        #expect(fixture.ask(.release()).code != nil)
    }

    @Test mutating func `another question or another program isn't quieted`() throws {
        try fixture.ask(.release(), answered: .deny)
        #expect(fixture.ask(.release(host: "gitlab.com")).code != nil)
        #expect(fixture.ask(.release(.named("chrome"))).code != nil)
    }

    @Test mutating func `after a denied associate another key is denied unseen as well`() throws {
        try fixture.ask(.associate(key: 1), answered: .deny)
        #expect(fixture.ask(.associate(key: 2)).answer == .quiet)
        #expect(fixture.ask(.associate(.named("chrome"), key: 2)).code != nil)
    }

    @Test mutating func `after a denied unlock every program that had joined is quiet`() throws {
        let code = try #require(fixture.ask(.unlock(.named("firefox"))).code)
        fixture.ask(.unlock(.named("git")))
        _ = try fixture.answer(code, .deny)
        #expect(fixture.ask(.unlock(.named("git"))).answer == .quiet)
        #expect(fixture.ask(.unlock(.named("firefox"))).answer == .quiet)
        #expect(fixture.ask(.unlock(.named("chrome"))).code != nil)
    }

    @Test mutating func `a denied overwrite goes back to associate, which is asked anew`() throws {
        let allowed = try fixture.ask(.associate(key: 1), answered: .allow)
        let denied = try fixture.ask(.overwrite(key: 1), answered: .deny)
        let back = try #require(fixture.ask(.associate(key: 1, suggesting: "firefox-2")).code)
        #expect(Set([allowed, denied, back]).count == 3)
    }

    @Test mutating func `an overwrite that is denied unseen goes back to associate as well`() throws {
        try fixture.ask(.associate(key: 1), answered: .allow)
        try fixture.ask(.overwrite(key: 1), answered: .deny)
        try fixture.ask(.associate(key: 1), answered: .allow, Choices(id: "firefox"))
        #expect(fixture.ask(.overwrite(key: 1)).answer == .quiet)
        #expect(fixture.ask(.associate(key: 1)).code != nil)
    }

    @Test mutating func `an associate that had joined a denied overwrite isn't quieted with it`() throws {
        let code = try #require(fixture.ask(.overwrite(key: 1)).code)
        let joined = fixture.ask(.associate(key: 1))
        #expect(try fixture.answer(code, .deny).answer(to: joined.asker) == .denied(Choices()))
        #expect(fixture.ask(.overwrite(key: 1)).answer == .quiet)
        #expect(fixture.ask(.associate(key: 1, suggesting: "firefox-2")).code != nil)
    }

    @Test mutating func `a mute denies whatever the program asks, waiting questions too`() throws {
        let other = fixture.ask(.save())
        let code = try #require(fixture.ask(.release()).code)
        let actions = try fixture.answer(code, .deny, Choices(muteSeconds: 600))
        #expect(actions.answer(to: other.asker) == .denied(Choices()))
        fixture.pass(.seconds(599))
        #expect(fixture.ask(.unlock()).answer == .quiet)
        #expect(fixture.ask(.unlock(.named("chrome"))).code != nil)
        fixture.pass(.seconds(1))
        #expect(fixture.ask(.release()).code != nil)
    }

    @Test mutating func `a muted program may not join another's unlock`() throws {
        try fixture.ask(.release(.named("git")), answered: .deny, Choices(muteSeconds: 600))
        fixture.ask(.unlock(.named("firefox")))
        #expect(fixture.ask(.unlock(.named("git"))).answer == .quiet)
    }

    @Test mutating func `a muted program that renames its own file stays muted`() throws {
        let running = try #require(RunningProgram(of: getpid()))
        func caller(_ path: String) -> Caller {
            let record = ProcessRecord(identity: ProcessIdentity(100), executable: path, running: running)
            return Caller(uid: 1000, holders: [record.identity], processes: [record])
        }
        let code = try fixture.ask(.release(caller("/tmp/a")), answered: .deny, Choices(muteSeconds: 600))
        #expect(fixture.ask(.unlock(caller("/tmp/b"))).answer == .quiet)
        #expect(fixture.queue.recent(now: fixture.now).first?.times.muted == ["/tmp/a"])
        #expect(fixture.queue.unmute(code, now: fixture.now).count == 1)
        #expect(fixture.ask(.unlock(caller("/tmp/b"))).code != nil)
    }

    @Test mutating func `a program that nobody sees joins no unlock of one that can be seen`() throws {
        let seen = try #require(fixture.ask(.unlock()).code)
        fixture.ask(.unlock(.nobody))
        let unseen = try #require(fixture.codes.last)
        #expect(seen != unseen)
        _ = try fixture.answer(seen, .allow, through: .bus(.stranger))
        _ = fixture.queue.delivered(seen, now: fixture.now)
        #expect(throws: AnswerError.notAllowed) {
            try fixture.answer(unseen, .allow, through: .bus(.stranger))
        }
    }

    @Test mutating func `a program that nobody sees withdraws nobody's associate`() throws {
        let first = try #require(fixture.ask(.associate(.nobody, key: 1)).code)
        let second = try #require(fixture.ask(.associate(.nobody, key: 2)).code)
        #expect(fixture.codes == [first, second])
    }

    @Test mutating func `neither expiry nor withdrawal starts a quiet time`() throws {
        fixture.ask(.release(.named("firefox", 100)))
        fixture.pass(.seconds(120))
        let ended = fixture.queue.tick(now: fixture.now)
        #expect(fixture.queue.outcomes(of: ended).values.contains(.expired))
        #expect(fixture.ask(.release(.named("firefox", 100))).code != nil)
        _ = fixture.queue.processEnded(ProcessIdentity(100), now: fixture.now)
        #expect(fixture.ask(.release(.named("firefox", 101))).code != nil)
    }

    @Test mutating func `a denial by dismissal starts no quiet time`() throws {
        let asked = fixture.ask(.release())
        let code = try #require(asked.code)
        let actions = try fixture.answer(code, .deny, through: .dismissal)
        #expect(actions.answer(to: asked.asker) == .denied(Choices()))
        #expect(fixture.ask(.release()).code != nil)
    }

    @Test mutating func `recent shows the denied request and counts what was denied unseen`() throws {
        let code = try fixture.ask(.release(), answered: .deny)
        fixture.ask(.release())
        fixture.ask(.release())
        let recent = try #require(fixture.queue.recent(now: fixture.now).first)
        #expect(recent.request.code == code)
        #expect(recent.request.outcome == .denied)
        #expect(recent.request.unseen == 2)
        #expect(recent.times.quietUntil == fixture.now + .seconds(30))
    }

    @Test(
        arguments: [
            (Caller.named("firefox"), ["Work", "Passwords"], 1), (.named("firefox", 300), ["Passwords"], 1),
            (.named("firefox"), ["Work"], 0), (.named("git"), ["Passwords"], 0),
            (.named("firefox", origin: "chrome-extension://x"), ["Passwords"], 0),
        ]
    )
    mutating func `a remembered denial counts for the program and the vault that it was about`(
        caller: Caller,
        vaults: [String],
        count: Int
    ) throws {
        try fixture.ask(.release(), answered: .deny, Choices(scope: .always))
        fixture.queue.count(
            RememberedDenial(.release, of: "3F:A2", by: caller.program, in: vaults, at: "github.com")
        )
        #expect(fixture.queue.recent(now: fixture.now).map(\.request.unseen) == [count])
    }

    @Test(arguments: [GrantScope.session, .always])
    mutating func `a remembered denial that is forgotten leaves no quiet time`(scope: GrantScope) throws {
        try fixture.ask(.release(), answered: .deny, Choices(scope: scope))
        try fixture.ask(.save(), answered: .deny)
        let firefox = Caller.named("firefox").program
        func denial(of vault: String) -> RememberedDenial {
            RememberedDenial(.release, of: "3F:A2", by: firefox, in: [vault], at: "github.com")
        }
        fixture.queue.endQuiet(of: denial(of: "Work"))
        #expect(fixture.ask(.release()).answer == .quiet)
        fixture.queue.endQuiet(of: denial(of: "Passwords"))
        #expect(fixture.ask(.release()).code != nil)
        #expect(fixture.ask(.save()).answer == .quiet, "a denial of something else")
    }

    @Test mutating func `recent lists the newest first and forgets after an hour`() throws {
        let first = try fixture.ask(.release(host: "a"), answered: .deny)
        fixture.pass(.seconds(10))
        let second = try fixture.ask(.release(host: "b"), answered: .allow)
        #expect(fixture.queue.recent(now: fixture.now).map(\.request.code) == [second, first])
        fixture.pass(.seconds(3595))
        #expect(fixture.queue.recent(now: fixture.now).map(\.request.code) == [second])
    }

    @Test mutating func `allow of a denied code says that a mute goes on, and ends nothing`() throws {
        let before = try fixture.ask(.save(), answered: .deny)
        let code = try fixture.ask(.release(), answered: .deny, Choices(muteSeconds: 600))
        let error = AnswerError.invalidAnswer("The program is muted: `keybell unmute \(code)` ends that.")
        // Within the quiet time of either denial, and after that.
        for _ in 0..<2 {
            #expect(throws: error) { try fixture.answer(code, .allow) }
            #expect(fixture.ask(.release()).answer == .quiet)
            fixture.pass(.seconds(20))
            guard fixture.now < QueueFixture.start + .seconds(30) else { break }
            #expect(throws: error) { try fixture.answer(before, .allow) }
        }
        #expect(fixture.queue.unmute(code, now: fixture.now).count == 1)
        #expect(fixture.ask(.release()).code != nil)
    }

    @Test mutating func `allow of a denied code within its quiet time ends the quiet`() throws {
        let code = try fixture.ask(.release(), answered: .deny)
        let result = try fixture.queue.answer(
            code: code.lowercased(),
            .allow,
            Choices(),
            through: .bus(.stranger),
            now: fixture.now
        )
        #expect(result.effect == .endedQuiet)
        #expect(result.actions.isEmpty)
        #expect(fixture.ask(.release()).code != nil)
    }

    @Test mutating func `another run of a denied program doesn't end its own quiet time`() throws {
        let code = try fixture.ask(.release(.named("git", 100)), answered: .deny)
        let git = Answerer.named("git", 300)
        let below = Answerer.named("keybell", 301, under: [.named("git", 300)])
        for surface in [Surface.bus(git), .bus(below), .terminal(below)] {
            #expect(throws: AnswerError.notAllowed) { try fixture.answer(code, .allow, through: surface) }
        }
        #expect(fixture.ask(.release(.named("git", 302))).answer == .quiet)
        _ = try fixture.answer(code, .allow, through: .terminal(.named("keybell", 303)))
        #expect(fixture.ask(.release(.named("git", 302))).code != nil)
        let own = try fixture.ask(.save(.named("keybell", 310)), answered: .deny)
        var keybell = Answerer.named("keybell", 311)
        #expect(throws: AnswerError.notAllowed) { try fixture.answer(own, .allow, through: .bus(keybell)) }
        keybell.isCommandLine = true
        _ = try fixture.answer(own, .allow, through: .bus(keybell))
    }

    @Test mutating func `allow of a denied code after its quiet time, or deny within it, finds nothing`()
        throws
    {
        let code = try fixture.ask(.release(), answered: .deny)
        #expect(throws: AnswerError.unknownRequest) { try fixture.answer(code, .deny) }
        fixture.pass(.seconds(30))
        #expect(throws: AnswerError.unknownRequest) { try fixture.answer(code, .allow) }
    }

    @Test(arguments: ["", "2222", "/usr/bin/firefox", "firefox"])
    mutating func `a mute is ended by code or name, and its quiet time with it`(name: String) throws {
        try fixture.ask(.release(), answered: .deny, Choices(muteSeconds: 600))
        let other = try fixture.ask(.release(.named("chrome")), answered: .deny)
        #expect(fixture.queue.recent(now: fixture.now).last?.times.muted == ["/usr/bin/firefox"])
        #expect(fixture.queue.unmute("git", now: fixture.now).isEmpty)
        #expect(fixture.queue.unmute(name, now: fixture.now).map(\.shownName) == ["/usr/bin/firefox"])
        #expect(fixture.queue.recent(now: fixture.now).last?.times == QuietTimes())
        #expect(fixture.ask(.release()).code != nil)
        // A quiet time that no mute began isn't ended.
        #expect(fixture.queue.unmute(other, now: fixture.now).isEmpty)
        #expect(fixture.ask(.release(.named("chrome"))).answer == .quiet)
    }

    @Test mutating func `a mute stays in the list however much has ended since`() throws {
        let code = try fixture.ask(.release(), answered: .deny, Choices(muteSeconds: 86_400))
        for _ in 0..<60 {
            let allowed = try fixture.ask(.release(.named("git")), answered: .allow)
            _ = fixture.queue.delivered(allowed, now: fixture.now)
        }
        fixture.pass(.seconds(7200))
        #expect(fixture.queue.recent(now: fixture.now).map(\.request.code) == [code])
    }

    @Test mutating func `a lock withdraws what waits for the vault, but not the request to open it`() throws {
        let release = try #require(fixture.ask(.release()).code)
        let unlock = try #require(fixture.ask(.unlock()).code)
        let vault = try #require(fixture.queue.waiting.first?.request.vaults.first)
        let actions = fixture.queue.withdraw(.vault(vault), now: fixture.now)
        #expect(fixture.queue.outcomes(of: actions) == [release: .withdrawn])
        #expect(fixture.codes == [unlock])
    }

    @Test mutating func `the quieted program can't end its own quiet`() throws {
        let code = try fixture.ask(.release(.named("evil", 100)), answered: .deny)
        let itself = Answerer.named("evil", 100)
        #expect(throws: AnswerError.notAllowed) { try fixture.answer(code, .allow, through: .bus(itself)) }
        #expect(fixture.ask(.release(.named("evil", 100))).answer == .quiet)
    }

    @Test mutating func `a program with a request waiting or just denied is involved`() throws {
        let (firefox, zsh) = (Answerer.named("firefox", 300), Answerer.named("zsh", 301))
        #expect(fixture.queue.isUninvolved(firefox, now: fixture.now))
        try fixture.ask(.associate(.named("firefox", origin: "moz-extension://x")), answered: .deny)
        #expect(!fixture.queue.isUninvolved(firefox, now: fixture.now))
        #expect(fixture.queue.isUninvolved(zsh, now: fixture.now))
        fixture.pass(.seconds(30))
        #expect(fixture.queue.isUninvolved(firefox, now: fixture.now))
    }
}
