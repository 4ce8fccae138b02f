// SPDX-License-Identifier: Apache-2.0

import Callers
import Testing

@testable import Approval

/// An allow of an unlock opens what the person was shown, and nothing else.
@Suite struct ApprovalQueueUnlockTests {
    var scene = QueueScene()

    /// What is shown, and what comes meanwhile and wants more or something else.
    static let others: [(ApprovalRequest, ApprovalRequest)] = [
        (.unlock(vault: "Home"), .unlock(vault: "Work")),
        (.unlock(vault: "Home"), .unlock(.named("git"), vaults: ["Home", "Work"])),
        (.unlock(vault: nil), .unlock(vault: "Home")),
        (.unlock(vault: "Home"), .unlock(.named("git"), vault: nil)),
    ]

    @Test(arguments: others)
    mutating func `who wants what isn't shown isn't answered by it, and is asked about behind it`(
        shown: ApprovalRequest,
        other: ApprovalRequest
    ) throws {
        let code = try #require(scene.ask(shown).code)
        let behind = scene.ask(other)
        #expect(behind.actions.isEmpty)
        var actions = try scene.answer(code, .allow)
        actions += scene.queue.delivered(code, now: scene.now)
        #expect(actions.answer(to: behind.asker) == nil)
        let next = try #require(scene.codes.first)
        #expect(actions.contains(.added(code: next)))
        #expect(scene.queue.waiting.first?.request == other)
        #expect(try scene.answer(next, .allow).answer(to: behind.asker) != nil)
    }

    @Test(arguments: others)
    mutating func `an allow that isn't used up opens nothing else either`(
        shown: ApprovalRequest,
        other: ApprovalRequest
    ) throws {
        try scene.ask(shown, answered: .allow)
        #expect(scene.ask(other).answer == nil)
        #expect(scene.queue.waiting.map(\.request) == [other])
    }

    /// Two who can't wait with one another, since the one can be seen and the other can't.
    static let strangers: [(ApprovalRequest, ApprovalRequest)] = [nil, "Work"].flatMap { vault in
        let seen = ApprovalRequest.unlock(vault: vault)
        let unseen = ApprovalRequest.unlock(.nobody, vault: vault)
        return [(seen, unseen), (unseen, seen)]
    }

    @Test(arguments: strangers)
    mutating func `one unlock is asked about at a time, and who waits for the same goes on after it`(
        shown: ApprovalRequest,
        other: ApprovalRequest
    ) throws {
        let code = try #require(scene.ask(shown).code)
        let behind = scene.ask(other)
        #expect(behind.actions.isEmpty)
        let allowed = try scene.answer(code, .allow)
        #expect(scene.queue.outcomes(of: allowed) == [code: .allowed])
        // The password is being typed, and nothing else is asked meanwhile.
        #expect(!allowed.contains { if case .added = $0 { true } else { false } })
        let opened = scene.queue.opened(shown.vaults.first, now: scene.now)
        #expect(opened.answer(to: behind.asker) != nil)
        #expect(scene.codes.isEmpty)
        #expect(scene.queue.delivered(code, now: scene.now).isEmpty)
    }

    @Test(arguments: strangers)
    mutating func `who waits behind an unlock that fails, or hangs, is asked about`(
        shown: ApprovalRequest,
        other: ApprovalRequest
    ) throws {
        for hangs in [false, true] {
            scene = QueueScene()
            let code = try #require(scene.ask(shown).code)
            scene.ask(other)
            let next = try #require(scene.codes.last)
            _ = try scene.answer(code, .allow)
            guard hangs else {
                #expect(scene.queue.delivered(code, now: scene.now).contains(.added(code: next)))
                continue
            }
            #expect(scene.queue.alarm == scene.now + .seconds(60))
            scene.pass(.seconds(60))
            #expect(scene.queue.tick(now: scene.now).contains(.added(code: next)))
            #expect(scene.queue.alarm == scene.now + .seconds(120))
        }
    }

    @Test mutating func `who wants less than is shown goes on with it`() throws {
        let code = try #require(scene.ask(.unlock(vaults: ["Home", "Work"])).code)
        let less = scene.ask(.unlock(.named("git"), vault: "Work"))
        #expect(scene.codes == [code])
        #expect(try scene.answer(code, .allow).answer(to: less.asker) != nil)
    }

    @Test mutating func `another key of the program goes on with an allow that isn't used up`() throws {
        let code = try scene.ask(.unlock(of: "3F:A2", vaults: ["Home", "Work"]), answered: .allow)
        let again = ApprovalRequest.unlock(of: "00:01", vault: "Work")
        #expect(scene.ask(again).answer == .allowed(Choices(id: "firefox"), code: code))
        #expect(scene.ask(.unlock(.named("git"), vault: "Work")).answer == nil)
        _ = scene.queue.delivered(code, now: scene.now)
        #expect(scene.ask(again).answer == nil)
    }

    @Test mutating func `only what the same program has asked is joined by who asks for nothing itself`() {
        scene.ask(.unlock(.named("git"), vault: nil))
        let shown = scene.queue
        #expect(scene.queue.join(.unlock(vault: nil), by: 9, now: scene.now) == [.answer(9, .withdrawn)])
        scene.queue = shown
        let joined = scene.queue.join(.unlock(.named("git", 300), vault: nil), by: 9, now: scene.now)
        #expect(joined.answer(to: 9) == nil)
        let callers = scene.queue.waiting.first?.callers
        #expect(callers?.map(\.holders) == [[ProcessIdentity(100)], [ProcessIdentity(300)]])
    }
}
