// SPDX-License-Identifier: Apache-2.0

import Callers
import Testing

@testable import Approval

/// What waits to be unlocked, and is opened by other means.
@Suite struct ApprovalQueueOpenedTests {
    @Test func `whoever waits for a vault goes on when the person has opened it by hand`() throws {
        var fixture = QueueFixture()
        let asked = fixture.ask(.unlock(vault: "Work"))
        let joined = fixture.ask(.unlock(.named("git"), vault: "Work"))
        let code = try #require(asked.code)
        #expect(fixture.queue.opened("Other", now: fixture.now).isEmpty)
        #expect(fixture.queue.opened(nil, now: fixture.now).isEmpty)
        let actions = fixture.queue.opened("Work", now: fixture.now)
        #expect(actions.answer(to: asked.asker) == .opened)
        #expect(actions.answer(to: joined.asker) == .opened)
        #expect(fixture.queue.outcomes(of: actions) == [code: .withdrawn])
    }

    @Test func `a question about several vaults ends when all of them are open, in whatever order`() throws {
        var fixture = QueueFixture()
        let both = fixture.ask(.unlock(vaults: ["Home", "Work"]))
        let work = fixture.ask(.unlock(.named("git"), vault: "Work"))
        let code = try #require(both.code)
        // Who wants no more than this goes on at once.
        #expect(
            fixture.queue.opened("Work", now: fixture.now)
                == [.answer(work.asker, .opened)]
        )
        #expect(fixture.codes == [code])
        let actions = fixture.queue.opened("Home", now: fixture.now)
        #expect(actions.answer(to: both.asker) == .opened)
        #expect(fixture.queue.outcomes(of: actions) == [code: .withdrawn])
    }

    @Test func `what has been locked again is wanted again`() throws {
        var fixture = QueueFixture()
        let code = try #require(fixture.ask(.unlock(vaults: ["Home", "Work"])).code)
        _ = fixture.queue.opened("Work", now: fixture.now)
        _ = fixture.ask(.unlock(.named("git"), vault: "Work"))
        #expect(fixture.queue.opened("Home", now: fixture.now).isEmpty)
        #expect(fixture.codes == [code])
    }

    @Test(arguments: [Invalidation.vault("Work"), .leftOut("Work"), .everything])
    func `what has been locked again is open for nobody who has waited since before that`(
        lock: Invalidation
    ) throws {
        var fixture = QueueFixture()
        let asked = fixture.ask(.unlock(vaults: ["Home", "Work"]))
        let code = try #require(asked.code)
        _ = fixture.queue.opened("Work", now: fixture.now)
        #expect(fixture.queue.forget(lock, now: fixture.now).isEmpty)
        #expect(fixture.queue.opened("Home", now: fixture.now).isEmpty)
        #expect(fixture.codes == [code])
    }

    @Test func `the keyring's own unlock lets those go on who wait for the keyring`() throws {
        var fixture = QueueFixture()
        let asked = fixture.ask(.unlock(vault: nil))
        #expect(fixture.queue.opened(nil, now: fixture.now).answer(to: asked.asker) != nil)
        #expect(fixture.codes.isEmpty)
    }

    @Test func `an asker that has left before it was found out is not asked about`() {
        var fixture = QueueFixture()
        let gone = Caller(uid: 1000, holders: [], processes: [], hasLeft: true)
        #expect(fixture.ask(.release(gone)).answer == .withdrawn)
        #expect(fixture.codes.isEmpty)
        #expect(fixture.ask(.release(.nobody)).code != nil)
    }

    @Test func `a release from the vault is no unlock`() throws {
        var fixture = QueueFixture()
        let code = try #require(fixture.ask(.release()).code)
        #expect(fixture.queue.opened("Passwords", now: fixture.now).isEmpty)
        #expect(fixture.codes == [code])
    }
}
