// SPDX-License-Identifier: Apache-2.0

import Callers
import Testing

@testable import Approval

/// What waits to be unlocked, and is opened by other means.
@Suite struct ApprovalQueueOpenedTests {
    @Test func `whoever waits for a vault goes on when the person has opened it by hand`() throws {
        var scene = QueueScene()
        let asked = scene.ask(.unlock(vault: "Work"))
        let joined = scene.ask(.unlock(.named("git"), vault: "Work"))
        let code = try #require(asked.code)
        #expect(scene.queue.opened("Other", now: scene.now).isEmpty)
        #expect(scene.queue.opened(nil, now: scene.now).isEmpty)
        let actions = scene.queue.opened("Work", now: scene.now)
        #expect(actions.answer(to: asked.asker) == .allowed(Choices(), code: code))
        #expect(actions.answer(to: joined.asker) == .allowed(Choices(), code: code))
        #expect(scene.queue.outcomes(of: actions) == [code: .withdrawn])
    }

    @Test func `a question about several vaults ends when all of them are open, in whatever order`() throws {
        var scene = QueueScene()
        let both = scene.ask(.unlock(vaults: ["Home", "Work"]))
        let work = scene.ask(.unlock(.named("git"), vault: "Work"))
        let code = try #require(both.code)
        // Who wants no more than this goes on at once.
        #expect(
            scene.queue.opened("Work", now: scene.now)
                == [.answer(work.asker, .allowed(Choices(), code: code))]
        )
        #expect(scene.codes == [code])
        let actions = scene.queue.opened("Home", now: scene.now)
        #expect(actions.answer(to: both.asker) == .allowed(Choices(), code: code))
        #expect(scene.queue.outcomes(of: actions) == [code: .withdrawn])
    }

    @Test func `what has been locked again is wanted again`() throws {
        var scene = QueueScene()
        let code = try #require(scene.ask(.unlock(vaults: ["Home", "Work"])).code)
        _ = scene.queue.opened("Work", now: scene.now)
        _ = scene.ask(.unlock(.named("git"), vault: "Work"))
        #expect(scene.queue.opened("Home", now: scene.now).isEmpty)
        #expect(scene.codes == [code])
    }

    @Test func `the keyring's own unlock lets those go on who wait for the keyring`() throws {
        var scene = QueueScene()
        let asked = scene.ask(.unlock(vault: nil))
        #expect(scene.queue.opened(nil, now: scene.now).answer(to: asked.asker) != nil)
        #expect(scene.codes.isEmpty)
    }

    @Test func `an asker that has left before it was found out is not asked about`() {
        var scene = QueueScene()
        let gone = Caller(uid: 1000, holders: [], processes: [], hasLeft: true)
        #expect(scene.ask(.release(gone)).answer == .withdrawn)
        #expect(scene.codes.isEmpty)
        #expect(scene.ask(.release(.nobody)).code != nil)
    }

    @Test func `a release from the vault is no unlock`() throws {
        var scene = QueueScene()
        let code = try #require(scene.ask(.release()).code)
        #expect(scene.queue.opened("Passwords", now: scene.now).isEmpty)
        #expect(scene.codes == [code])
    }
}
