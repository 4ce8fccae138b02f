// SPDX-License-Identifier: Apache-2.0

import Callers
import Glibc
import Linux
import Testing

@testable import Approval

@Suite struct ApprovalQueueQuietTests {
    var scene = QueueScene()

    @Test mutating func `a denied question is denied unseen for thirty seconds`() throws {
        try scene.ask(.release(), answered: .deny)
        scene.pass(.seconds(29))
        #expect(scene.ask(.release()).answer == .quiet)
        scene.pass(.seconds(1))
        #expect(scene.ask(.release()).code != nil)
    }

    @Test mutating func `another question or another program isn't quieted`() throws {
        try scene.ask(.release(), answered: .deny)
        #expect(scene.ask(.release(host: "gitlab.com")).code != nil)
        #expect(scene.ask(.release(.named("chrome"))).code != nil)
    }

    @Test mutating func `after a denied associate another key is denied unseen as well`() throws {
        try scene.ask(.associate(key: 1), answered: .deny)
        #expect(scene.ask(.associate(key: 2)).answer == .quiet)
        #expect(scene.ask(.associate(.named("chrome"), key: 2)).code != nil)
    }

    @Test mutating func `after a denied unlock every program that had joined is quiet`() throws {
        let code = try #require(scene.ask(.unlock(.named("firefox"))).code)
        scene.ask(.unlock(.named("git")))
        _ = try scene.answer(code, .deny)
        #expect(scene.ask(.unlock(.named("git"))).answer == .quiet)
        #expect(scene.ask(.unlock(.named("firefox"))).answer == .quiet)
        #expect(scene.ask(.unlock(.named("chrome"))).code != nil)
    }

    @Test mutating func `a denied overwrite goes back to associate, which is asked anew`() throws {
        let allowed = try scene.ask(.associate(key: 1), answered: .allow)
        let denied = try scene.ask(.overwrite(key: 1), answered: .deny)
        let back = try #require(scene.ask(.associate(key: 1, suggesting: "firefox-2")).code)
        #expect(Set([allowed, denied, back]).count == 3)
    }

    @Test mutating func `an overwrite that is denied unseen goes back to associate as well`() throws {
        try scene.ask(.associate(key: 1), answered: .allow)
        try scene.ask(.overwrite(key: 1), answered: .deny)
        try scene.ask(.associate(key: 1), answered: .allow, Choices(id: "firefox"))
        #expect(scene.ask(.overwrite(key: 1)).answer == .quiet)
        #expect(scene.ask(.associate(key: 1)).code != nil)
    }

    @Test mutating func `an associate that had joined a denied overwrite isn't quieted with it`() throws {
        let code = try #require(scene.ask(.overwrite(key: 1)).code)
        let joined = scene.ask(.associate(key: 1))
        #expect(try scene.answer(code, .deny).answer(to: joined.asker) == .denied(Choices()))
        #expect(scene.ask(.overwrite(key: 1)).answer == .quiet)
        #expect(scene.ask(.associate(key: 1, suggesting: "firefox-2")).code != nil)
    }

    @Test mutating func `a mute denies whatever the program asks, waiting questions too`() throws {
        let other = scene.ask(.save())
        let code = try #require(scene.ask(.release()).code)
        let actions = try scene.answer(code, .deny, Choices(muteSeconds: 600))
        #expect(actions.answer(to: other.asker) == .denied(Choices()))
        scene.pass(.seconds(599))
        #expect(scene.ask(.unlock()).answer == .quiet)
        #expect(scene.ask(.unlock(.named("chrome"))).code != nil)
        scene.pass(.seconds(1))
        #expect(scene.ask(.release()).code != nil)
    }

    @Test mutating func `a muted program may not join another's unlock`() throws {
        try scene.ask(.release(.named("git")), answered: .deny, Choices(muteSeconds: 600))
        scene.ask(.unlock(.named("firefox")))
        #expect(scene.ask(.unlock(.named("git"))).answer == .quiet)
    }

    @Test mutating func `a muted program that renames its own file stays muted`() throws {
        let running = try #require(RunningProgram(of: getpid()))
        func caller(_ path: String) -> Caller {
            let record = ProcessRecord(identity: ProcessIdentity(100), executable: path, running: running)
            return Caller(uid: 1000, holders: [record.identity], processes: [record])
        }
        let code = try scene.ask(.release(caller("/tmp/a")), answered: .deny, Choices(muteSeconds: 600))
        #expect(scene.ask(.unlock(caller("/tmp/b"))).answer == .quiet)
        #expect(scene.queue.recent(now: scene.now).first?.times.muted == ["/tmp/a"])
        #expect(scene.queue.unmute(code, now: scene.now).count == 1)
        #expect(scene.ask(.unlock(caller("/tmp/b"))).code != nil)
    }

    @Test mutating func `a program that nobody sees joins no unlock of one that can be seen`() throws {
        let seen = try #require(scene.ask(.unlock()).code)
        scene.ask(.unlock(.nobody))
        let unseen = try #require(scene.codes.last)
        #expect(seen != unseen)
        _ = try scene.answer(seen, .allow, through: .bus(.stranger))
        _ = scene.queue.delivered(seen, now: scene.now)
        #expect(throws: AnswerError.notAllowed) {
            try scene.answer(unseen, .allow, through: .bus(.stranger))
        }
    }

    @Test mutating func `a program that nobody sees withdraws nobody's associate`() throws {
        let first = try #require(scene.ask(.associate(.nobody, key: 1)).code)
        let second = try #require(scene.ask(.associate(.nobody, key: 2)).code)
        #expect(scene.codes == [first, second])
    }

    @Test mutating func `neither expiry nor withdrawal starts a quiet time`() throws {
        scene.ask(.release(.named("firefox", 100)))
        scene.pass(.seconds(120))
        let ended = scene.queue.tick(now: scene.now)
        #expect(scene.queue.outcomes(of: ended).values.contains(.expired))
        #expect(scene.ask(.release(.named("firefox", 100))).code != nil)
        _ = scene.queue.processEnded(ProcessIdentity(100), now: scene.now)
        #expect(scene.ask(.release(.named("firefox", 101))).code != nil)
    }

    @Test mutating func `a denial by dismissal starts no quiet time`() throws {
        let asked = scene.ask(.release())
        let code = try #require(asked.code)
        let actions = try scene.answer(code, .deny, through: .dismissal)
        #expect(actions.answer(to: asked.asker) == .denied(Choices()))
        #expect(scene.ask(.release()).code != nil)
    }

    @Test mutating func `recent shows the denied request and counts what was denied unseen`() throws {
        let code = try scene.ask(.release(), answered: .deny)
        scene.ask(.release())
        scene.ask(.release())
        let recent = try #require(scene.queue.recent(now: scene.now).first)
        #expect(recent.request.code == code)
        #expect(recent.request.outcome == .denied)
        #expect(recent.request.unseen == 2)
        #expect(recent.times.quietUntil == scene.now + .seconds(30))
    }

    @Test mutating func `recent lists the newest first and forgets after an hour`() throws {
        let first = try scene.ask(.release(host: "a"), answered: .deny)
        scene.pass(.seconds(10))
        let second = try scene.ask(.release(host: "b"), answered: .allow)
        #expect(scene.queue.recent(now: scene.now).map(\.request.code) == [second, first])
        scene.pass(.seconds(3595))
        #expect(scene.queue.recent(now: scene.now).map(\.request.code) == [second])
    }

    @Test(arguments: [Choices(), Choices(muteSeconds: 600)])
    mutating func `allow of a denied code within its quiet time ends the quiet`(choices: Choices) throws {
        let code = try scene.ask(.release(), answered: .deny, choices)
        let result = try scene.queue.answer(
            code: code.lowercased(),
            .allow,
            Choices(),
            through: .bus(.stranger),
            now: scene.now
        )
        #expect(result.effect == .endedQuiet)
        #expect(result.actions.isEmpty)
        #expect(scene.ask(.release()).code != nil)
    }

    @Test mutating func `allow of a denied code after its quiet time, or deny within it, finds nothing`()
        throws
    {
        let code = try scene.ask(.release(), answered: .deny)
        #expect(throws: AnswerError.unknownRequest) { try scene.answer(code, .deny) }
        scene.pass(.seconds(30))
        #expect(throws: AnswerError.unknownRequest) { try scene.answer(code, .allow) }
    }

    @Test(arguments: ["", "2222", "/usr/bin/firefox", "firefox"])
    mutating func `a mute is ended by code or name, and its quiet time with it`(name: String) throws {
        try scene.ask(.release(), answered: .deny, Choices(muteSeconds: 600))
        let other = try scene.ask(.release(.named("chrome")), answered: .deny)
        #expect(scene.queue.recent(now: scene.now).last?.times.muted == ["/usr/bin/firefox"])
        #expect(scene.queue.unmute("git", now: scene.now).isEmpty)
        #expect(scene.queue.unmute(name, now: scene.now).map(\.shownName) == ["/usr/bin/firefox"])
        #expect(scene.queue.recent(now: scene.now).last?.times == QuietTimes())
        #expect(scene.ask(.release()).code != nil)
        // A quiet time that no mute began isn't ended.
        #expect(scene.queue.unmute(other, now: scene.now).isEmpty)
        #expect(scene.ask(.release(.named("chrome"))).answer == .quiet)
    }

    @Test mutating func `a mute stays in the list however much has ended since`() throws {
        let code = try scene.ask(.release(), answered: .deny, Choices(muteSeconds: 86_400))
        for _ in 0..<60 {
            let allowed = try scene.ask(.release(.named("git")), answered: .allow)
            _ = scene.queue.delivered(allowed, now: scene.now)
        }
        scene.pass(.seconds(7200))
        #expect(scene.queue.recent(now: scene.now).map(\.request.code) == [code])
    }

    @Test mutating func `a lock withdraws what waits for the vault, but not the request to open it`() throws {
        let release = try #require(scene.ask(.release()).code)
        let unlock = try #require(scene.ask(.unlock()).code)
        let vault = try #require(scene.queue.waiting.first?.request.vaults.first)
        let actions = scene.queue.withdraw(.vault(vault), now: scene.now)
        #expect(scene.queue.outcomes(of: actions) == [release: .withdrawn])
        #expect(scene.codes == [unlock])
    }

    @Test mutating func `the quieted program can't end its own quiet`() throws {
        let code = try scene.ask(.release(.named("evil", 100)), answered: .deny)
        let itself = Answerer.named("evil", 100)
        #expect(throws: AnswerError.notAllowed) { try scene.answer(code, .allow, through: .bus(itself)) }
        #expect(scene.ask(.release(.named("evil", 100))).answer == .quiet)
    }

    @Test mutating func `a program with a request waiting or just denied is involved`() throws {
        #expect(!scene.queue.isInvolved("/usr/bin/firefox", now: scene.now))
        try scene.ask(.associate(.named("firefox", origin: "moz-extension://x")), answered: .deny)
        #expect(scene.queue.isInvolved("/usr/bin/firefox", now: scene.now))
        #expect(!scene.queue.isInvolved("/usr/bin/zsh", now: scene.now))
        scene.pass(.seconds(30))
        #expect(!scene.queue.isInvolved("/usr/bin/firefox", now: scene.now))
    }
}
