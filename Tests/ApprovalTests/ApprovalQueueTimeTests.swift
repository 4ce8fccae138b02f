// SPDX-License-Identifier: Apache-2.0

import Callers
import Testing

@testable import Approval

@Suite struct ApprovalQueueTimeTests {
    var scene = QueueScene()

    @Test mutating func `a request expires at its deadline and not before`() throws {
        let asked = scene.ask(.release())
        scene.queue.notifierShowed(Set(scene.codes))
        scene.pass(.seconds(119))
        #expect(scene.queue.tick(now: scene.now).isEmpty)
        scene.pass(.seconds(1))
        let actions = scene.queue.tick(now: scene.now)
        #expect(actions.answer(to: asked.asker) == .expired)
        #expect(scene.queue.outcomes(of: actions) == [try #require(asked.code): .expired])
        #expect(scene.queue.alarm == nil)
    }

    @Test mutating func `who asked hears it when nothing could have shown the request`() throws {
        let asked = scene.ask(.release())
        scene.pass(.seconds(120))
        let actions = scene.queue.tick(now: scene.now)
        #expect(actions.answer(to: asked.asker) == .unseen)
        // The bus hears just that it expired.
        #expect(scene.queue.outcomes(of: actions) == [try #require(asked.code): .expired])
    }

    @Test mutating func `an agent might have shown the request, confirmed or not`() throws {
        let asked = scene.ask(.release())
        _ = try scene.queue.register(
            Agent(peer: ":1.5", name: "panel", isExclusive: false, answerer: .stranger),
            now: scene.now
        )
        scene.pass(.seconds(120))
        #expect(scene.queue.tick(now: scene.now).answer(to: asked.asker) == .expired)
    }

    @Test mutating func `joining doesn't put the deadline off`() {
        scene.ask(.release())
        let deadline = scene.queue.alarm
        scene.pass(.seconds(60))
        scene.ask(.release())
        #expect(scene.queue.alarm == deadline)
    }

    @Test mutating func `the configured timeout holds`() {
        scene = QueueScene { $0.timeout = .seconds(7) }
        scene.ask(.release())
        #expect(scene.queue.alarm == scene.now + .seconds(7))
    }

    @Test mutating func `a request is withdrawn when its only process has ended`() throws {
        let asked = scene.ask(.release(.named("git", 100)))
        #expect(scene.queue.watched == [ProcessIdentity(100)])
        let actions = scene.queue.processEnded(ProcessIdentity(100), now: scene.now)
        #expect(actions.answer(to: asked.asker) == .withdrawn)
        #expect(scene.queue.outcomes(of: actions) == [try #require(asked.code): .withdrawn])
        #expect(scene.queue.watched.isEmpty)
    }

    @Test mutating func `it goes on while one of several askers lives`() {
        scene.ask(.release(.named("git", 100)))
        scene.ask(.release(.named("git", 101)))
        #expect(scene.queue.processEnded(ProcessIdentity(100), now: scene.now).isEmpty)
        #expect(!scene.queue.processEnded(ProcessIdentity(101), now: scene.now).isEmpty)
    }

    @Test mutating func `a request of an unknown process is never withdrawn for its end`() throws {
        let unseen = try #require(scene.ask(.unlock(.nobody)).code)
        scene.ask(.unlock(.named("git", 100)))
        _ = scene.queue.processEnded(ProcessIdentity(100), now: scene.now)
        #expect(scene.codes == [unseen])
    }

    @Test mutating func `while the screen is locked nothing is shown and the deadline starts at its unlock`()
        throws
    {
        _ = scene.queue.screen(isLocked: true, now: scene.now)
        #expect(scene.ask(.release()).actions.isEmpty)
        scene.pass(.seconds(500))
        #expect(scene.queue.tick(now: scene.now).isEmpty)
        let actions = scene.queue.screen(isLocked: false, now: scene.now)
        let code = try #require(scene.codes.first)
        #expect(actions == [.added(code: code), .notifierShows(code: code)])
        #expect(scene.queue.alarm == scene.now + .seconds(120))
    }

    @Test mutating func `a request is held for ten minutes at most, and kept in the record`() throws {
        _ = scene.queue.screen(isLocked: true, now: scene.now)
        let asked = scene.ask(.release())
        let code = try #require(scene.codes.first)
        scene.pass(.seconds(600))
        #expect(
            scene.queue.tick(now: scene.now) == [
                .answer(asked.asker, .unseen), .ended(code: code, isHeard: false),
            ]
        )
    }

    @Test mutating func `what was shown when the screen was locked comes back with its whole time`() throws {
        let code = try #require(scene.ask(.release()).code)
        scene.pass(.seconds(100))
        #expect(scene.queue.screen(isLocked: true, now: scene.now) == [.notifierHides(code: code)])
        scene.pass(.seconds(100))
        #expect(scene.queue.screen(isLocked: false, now: scene.now) == [.notifierShows(code: code)])
        #expect(scene.queue.alarm == scene.now + .seconds(120))
    }

    @Test mutating func `a held request can be answered from elsewhere`() throws {
        _ = scene.queue.screen(isLocked: true, now: scene.now)
        let asked = scene.ask(.release())
        let code = try #require(scene.codes.first)
        let actions = try scene.answer(code, .allow, through: .terminal(.stranger))
        #expect(actions.answer(to: asked.asker) != nil)
        #expect(scene.queue.outcomes(of: actions) == [code: .allowed])
    }

    @Test mutating func `a held request that nobody answers ends unheard`() throws {
        _ = scene.queue.screen(isLocked: true, now: scene.now)
        _ = scene.ask(.release())
        let ended = scene.queue.withdraw(.everything, now: scene.now)
        #expect(scene.queue.outcomes(of: ended).isEmpty)
    }
}

@Suite struct DeskAgentTests {
    var scene = QueueScene()

    private mutating func register(
        _ peer: String = ":1.9",
        exclusive: Bool = true,
        as answerer: Answerer = .stranger
    ) throws -> [ApprovalAction] {
        let agent = Agent(peer: peer, name: "panel", isExclusive: exclusive, answerer: answerer)
        return try scene.queue.register(agent, now: scene.now)
    }

    @Test mutating func `an agent that isn't exclusive changes nothing for the notifier`() throws {
        #expect(try register(exclusive: false) == [.agentsChanged])
        let asked = scene.ask(.release())
        #expect(asked.actions.contains(.notifierShows(code: try #require(asked.code))))
    }

    @Test mutating func `for an exclusive agent that confirms in time the notifier keeps still`() throws {
        let info = AgentInfo(peer: ":1.9", name: "panel", executable: "/usr/bin/panel", isExclusive: true)
        #expect(try register() == [.agentsChanged, .agentTookOver(info)])
        let code = try #require(scene.ask(.release()).code)
        #expect(scene.queue.alarm == scene.now + .seconds(3))
        scene.pass(.seconds(2))
        #expect(try scene.queue.shown(code.lowercased(), by: ":1.9", now: scene.now).isEmpty)
        scene.pass(.seconds(1))
        #expect(scene.queue.tick(now: scene.now).isEmpty)
        #expect(scene.queue.alarm == scene.now + .seconds(117))
    }

    @Test mutating func `a request that it hasn't confirmed within three seconds is shown by the notifier`()
        throws
    {
        _ = try register()
        let code = try #require(scene.ask(.release()).code)
        scene.pass(.seconds(3))
        #expect(scene.queue.tick(now: scene.now) == [.notifierShows(code: code)])
    }

    @Test mutating func `a request that the agent may not answer is shown by the notifier at once`() throws {
        _ = try register(as: .named("evil", 100))
        let asked = scene.ask(.release(.named("evil", 100)))
        #expect(asked.actions.contains(.notifierShows(code: try #require(asked.code))))
        let unknown = scene.ask(.release(.nobody))
        #expect(unknown.actions.contains(.notifierShows(code: try #require(unknown.code))))
    }

    @Test mutating func `when the agent leaves the notifier shows what it showed`() throws {
        _ = try register()
        let code = try #require(scene.ask(.release()).code)
        _ = try scene.queue.shown(code, by: ":1.9", now: scene.now)
        let actions = scene.queue.unregister(peer: ":1.9", now: scene.now)
        #expect(actions == [.agentsChanged, .notifierShows(code: code)])
        #expect(scene.queue.unregister(peer: ":1.9", now: scene.now).isEmpty)
    }

    @Test mutating func `an agent that comes later takes over what it confirms`() throws {
        let code = try #require(scene.ask(.release()).code)
        #expect(try !register().contains(.notifierHides(code: code)))
        let actions = try scene.queue.shown(code, by: ":1.9", now: scene.now)
        #expect(actions == [.notifierHides(code: code)])
    }

    @Test mutating func `a request whose new asker the agent belongs to comes back to the notifier`() throws {
        _ = try register(as: .named("evil", 101))
        let code = try #require(scene.ask(.release(.named("evil", 100))).code)
        _ = try scene.queue.shown(code, by: ":1.9", now: scene.now)
        #expect(scene.ask(.release(.named("evil", 101))).actions == [.notifierShows(code: code)])
    }

    @Test mutating func `Shown from no agent, or of an unknown code, is an error`() throws {
        _ = try register()
        let code = try #require(scene.ask(.release()).code)
        #expect(throws: AnswerError.notAllowed) { try scene.queue.shown(code, by: ":1.8", now: scene.now) }
        #expect(throws: AnswerError.unknownRequest) {
            try scene.queue.shown("ZZZZ", by: ":1.9", now: scene.now)
        }
    }

    @Test mutating func `a second registration of the same name replaces the first`() throws {
        _ = try register(exclusive: true)
        _ = try register(exclusive: false)
        #expect(scene.queue.agents.map(\.isExclusive) == [false])
    }
}
