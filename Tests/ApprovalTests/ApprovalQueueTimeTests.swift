// SPDX-License-Identifier: Apache-2.0

import Callers
import Linux
import Testing

@testable import Approval

@Suite struct ApprovalQueueTimeTests {
    var fixture = QueueFixture()

    @Test mutating func `a request expires at its deadline and not before`() throws {
        let asked = fixture.ask(.release())
        fixture.queue.notifierShowed(Set(fixture.codes))
        fixture.pass(.seconds(119))
        #expect(fixture.queue.tick(now: fixture.now).isEmpty)
        fixture.pass(.seconds(1))
        let actions = fixture.queue.tick(now: fixture.now)
        #expect(actions.answer(to: asked.asker) == .expired)
        #expect(fixture.queue.outcomes(of: actions) == [try #require(asked.code): .expired])
        #expect(fixture.queue.alarm == nil)
    }

    @Test mutating func `who asked hears it when nothing could have shown the request`() throws {
        let asked = fixture.ask(.release())
        fixture.pass(.seconds(120))
        let actions = fixture.queue.tick(now: fixture.now)
        #expect(actions.answer(to: asked.asker) == .unseen)
        // The bus hears just that it expired.
        #expect(fixture.queue.outcomes(of: actions) == [try #require(asked.code): .expired])
    }

    @Test mutating func `an agent that has confirmed others might have shown the request, too`() throws {
        let asked = fixture.ask(.release())
        _ = try fixture.queue.register(
            Agent(peer: ":1.5", name: "panel", isExclusive: false, answerer: .stranger),
            now: fixture.now
        )
        let other = try #require(fixture.ask(.release(host: "other.example")).code)
        _ = try fixture.queue.shown(other, by: ":1.5", now: fixture.now)
        fixture.pass(.seconds(120))
        #expect(fixture.queue.tick(now: fixture.now).answer(to: asked.asker) == .expired)
    }

    @Test mutating func `joining doesn't put the deadline off`() {
        fixture.ask(.release())
        let deadline = fixture.queue.alarm
        fixture.pass(.seconds(60))
        fixture.ask(.release())
        #expect(fixture.queue.alarm == deadline)
    }

    @Test mutating func `the configured timeout holds`() {
        fixture = QueueFixture { $0.timeout = .seconds(7) }
        fixture.ask(.release())
        #expect(fixture.queue.alarm == fixture.now + .seconds(7))
    }

    @Test mutating func `a request is withdrawn when its only process has ended`() throws {
        let asked = fixture.ask(.release(.named("git", 100)))
        #expect(fixture.queue.watched == [ProcessIdentity(100)])
        let actions = fixture.queue.processEnded(ProcessIdentity(100), now: fixture.now)
        #expect(actions.answer(to: asked.asker) == .withdrawn)
        #expect(fixture.queue.outcomes(of: actions) == [try #require(asked.code): .withdrawn])
        #expect(fixture.queue.watched.isEmpty)
    }

    @Test mutating func `it goes on while one of several askers lives`() {
        fixture.ask(.release(.named("git", 100)))
        fixture.ask(.release(.named("git", 101)))
        #expect(fixture.queue.processEnded(ProcessIdentity(100), now: fixture.now).isEmpty)
        #expect(!fixture.queue.processEnded(ProcessIdentity(101), now: fixture.now).isEmpty)
    }

    @Test
    mutating func `however many share a connection, one at a time is watched, and the last one's end counts`()
        throws
    {
        let holders = (1...200).compactMap { Holder(processes: [.named("git", $0)]) }
        let caller = Caller(socket: SocketOwner(uid: 1000, inode: 7), present: holders)
        let code = try #require(fixture.ask(.release(caller)).code)
        #expect(fixture.queue.watched.count == 1)
        // One that isn't watched may be known to have ended, too.
        for pid in Int32(1)...100 {
            #expect(fixture.queue.processEnded(ProcessIdentity(pid), now: fixture.now).isEmpty)
            #expect(fixture.queue.watched.count == 1)
        }
        for _ in 101..<200 {
            let next = try #require(fixture.queue.watched.first)
            #expect(next.pid > 100)
            #expect(fixture.queue.processEnded(next, now: fixture.now).isEmpty)
        }
        let last = try #require(fixture.queue.watched.first)
        let actions = fixture.queue.processEnded(last, now: fixture.now)
        #expect(fixture.queue.outcomes(of: actions) == [code: .withdrawn])
    }

    @Test mutating func `a request of an unknown process is never withdrawn for its end`() throws {
        let unseen = try #require(fixture.ask(.unlock(.nobody)).code)
        fixture.ask(.unlock(.named("git", 100)))
        _ = fixture.queue.processEnded(ProcessIdentity(100), now: fixture.now)
        #expect(fixture.codes == [unseen])
    }

    @Test mutating func `while the screen is locked nothing is shown and the deadline starts at its unlock`()
        throws
    {
        _ = fixture.queue.screen(isLocked: true, now: fixture.now)
        #expect(fixture.ask(.release()).actions.isEmpty)
        fixture.pass(.seconds(500))
        #expect(fixture.queue.tick(now: fixture.now).isEmpty)
        let actions = fixture.queue.screen(isLocked: false, now: fixture.now)
        let code = try #require(fixture.codes.first)
        #expect(actions == [.added(code: code), .notifierShows(code: code)])
        #expect(fixture.queue.alarm == fixture.now + .seconds(120))
    }

    @Test mutating func `a request is held for ten minutes at most, and kept in the record`() throws {
        _ = fixture.queue.screen(isLocked: true, now: fixture.now)
        let asked = fixture.ask(.release())
        let code = try #require(fixture.codes.first)
        fixture.pass(.seconds(600))
        #expect(
            fixture.queue.tick(now: fixture.now) == [
                .answer(asked.asker, .unseen), .ended(code: code, isHeard: false),
            ]
        )
    }

    @Test mutating func `what was shown when the screen was locked comes back with its whole time`() throws {
        let code = try #require(fixture.ask(.release()).code)
        fixture.pass(.seconds(100))
        #expect(fixture.queue.screen(isLocked: true, now: fixture.now) == [.notifierHides(code: code)])
        fixture.pass(.seconds(100))
        #expect(fixture.queue.screen(isLocked: false, now: fixture.now) == [.notifierShows(code: code)])
        #expect(fixture.queue.alarm == fixture.now + .seconds(120))
    }

    @Test mutating func `a held request can be answered from elsewhere`() throws {
        _ = fixture.queue.screen(isLocked: true, now: fixture.now)
        let asked = fixture.ask(.release())
        let code = try #require(fixture.codes.first)
        let actions = try fixture.answer(code, .allow, through: .terminal(.stranger))
        #expect(actions.answer(to: asked.asker) != nil)
        #expect(fixture.queue.outcomes(of: actions) == [code: .allowed])
    }

    @Test mutating func `a held request that nobody answers ends unheard`() throws {
        _ = fixture.queue.screen(isLocked: true, now: fixture.now)
        _ = fixture.ask(.release())
        let ended = fixture.queue.withdraw(.everything, now: fixture.now)
        #expect(fixture.queue.outcomes(of: ended).isEmpty)
    }
}

@Suite struct DeskAgentTests {
    var fixture = QueueFixture()

    private mutating func register(
        _ peer: String = ":1.9",
        exclusive: Bool = true,
        as answerer: Answerer = .stranger
    ) throws -> [ApprovalAction] {
        let agent = Agent(peer: peer, name: "panel", isExclusive: exclusive, answerer: answerer)
        return try fixture.queue.register(agent, now: fixture.now)
    }

    @Test mutating func `an agent that isn't exclusive changes nothing for the notifier`() throws {
        #expect(try register(exclusive: false) == [.agentsChanged])
        let asked = fixture.ask(.release())
        #expect(asked.actions.contains(.notifierShows(code: try #require(asked.code))))
    }

    @Test mutating func `for an exclusive agent that confirms in time the notifier keeps still`() throws {
        let info = AgentInfo(peer: ":1.9", name: "panel", executable: "/usr/bin/panel", isExclusive: true)
        #expect(try register() == [.agentsChanged, .agentTookOver(info)])
        let code = try #require(fixture.ask(.release()).code)
        #expect(fixture.queue.alarm == fixture.now + .seconds(3))
        fixture.pass(.seconds(2))
        #expect(try fixture.queue.shown(code.lowercased(), by: ":1.9", now: fixture.now).isEmpty)
        fixture.pass(.seconds(1))
        #expect(fixture.queue.tick(now: fixture.now).isEmpty)
        #expect(fixture.queue.alarm == fixture.now + .seconds(117))
    }

    @Test mutating func `a request that it hasn't confirmed within three seconds is shown by the notifier`()
        throws
    {
        _ = try register()
        let code = try #require(fixture.ask(.release()).code)
        fixture.pass(.seconds(3))
        #expect(fixture.queue.tick(now: fixture.now) == [.notifierShows(code: code)])
    }

    @Test mutating func `a request that the agent may not answer is shown by the notifier at once`() throws {
        _ = try register(as: .named("evil", 100))
        let asked = fixture.ask(.release(.named("evil", 100)))
        #expect(asked.actions.contains(.notifierShows(code: try #require(asked.code))))
        let unknown = fixture.ask(.release(.nobody))
        #expect(unknown.actions.contains(.notifierShows(code: try #require(unknown.code))))
    }

    @Test mutating func `when the agent leaves the notifier shows what it showed`() throws {
        _ = try register()
        let code = try #require(fixture.ask(.release()).code)
        _ = try fixture.queue.shown(code, by: ":1.9", now: fixture.now)
        let actions = fixture.queue.unregister(peer: ":1.9", now: fixture.now)
        #expect(actions == [.agentsChanged, .notifierShows(code: code)])
        #expect(fixture.queue.unregister(peer: ":1.9", now: fixture.now).isEmpty)
    }

    @Test mutating func `an agent that comes later takes over what it confirms`() throws {
        let code = try #require(fixture.ask(.release()).code)
        #expect(try !register().contains(.notifierHides(code: code)))
        let actions = try fixture.queue.shown(code, by: ":1.9", now: fixture.now)
        #expect(actions == [.notifierHides(code: code)])
    }

    @Test mutating func `a request whose new asker the agent belongs to comes back to the notifier`() throws {
        _ = try register(as: .named("evil", 101))
        let code = try #require(fixture.ask(.release(.named("evil", 100))).code)
        _ = try fixture.queue.shown(code, by: ":1.9", now: fixture.now)
        #expect(fixture.ask(.release(.named("evil", 101))).actions == [.notifierShows(code: code)])
    }

    @Test mutating func `Shown from no agent, or of an unknown code, is an error`() throws {
        _ = try register()
        let code = try #require(fixture.ask(.release()).code)
        #expect(throws: AnswerError.notAllowed) {
            try fixture.queue.shown(code, by: ":1.8", now: fixture.now)
        }
        #expect(throws: AnswerError.unknownRequest) {
            try fixture.queue.shown("ZZZZ", by: ":1.9", now: fixture.now)
        }
    }

    @Test mutating func `a second registration of the same name replaces the first`() throws {
        _ = try register(exclusive: true)
        _ = try register(exclusive: false)
        #expect(fixture.queue.agents.map(\.isExclusive) == [false])
    }
}
