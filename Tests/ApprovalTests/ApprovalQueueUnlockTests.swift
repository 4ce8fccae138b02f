// SPDX-License-Identifier: Apache-2.0

import Callers
import Testing

@testable import Approval

/// An allow of an unlock opens what the person was shown, and nothing else.
@Suite struct ApprovalQueueUnlockTests {
    var fixture = QueueFixture()

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
        let code = try #require(fixture.ask(shown).code)
        let behind = fixture.ask(other)
        #expect(behind.actions.isEmpty)
        var actions = try fixture.answer(code, .allow)
        actions += fixture.queue.delivered(code, now: fixture.now)
        #expect(actions.answer(to: behind.asker) == nil)
        let next = try #require(fixture.codes.first)
        #expect(actions.contains(.added(code: next)))
        #expect(fixture.queue.waiting.first?.request == other)
        #expect(try fixture.answer(next, .allow).answer(to: behind.asker) != nil)
    }

    @Test(arguments: others)
    mutating func `an allow that isn't used up opens nothing else either`(
        shown: ApprovalRequest,
        other: ApprovalRequest
    ) throws {
        try fixture.ask(shown, answered: .allow)
        #expect(fixture.ask(other).answer == nil)
        #expect(fixture.queue.waiting.map(\.request) == [other])
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
        let code = try #require(fixture.ask(shown).code)
        let behind = fixture.ask(other)
        #expect(behind.actions.isEmpty)
        let allowed = try fixture.answer(code, .allow)
        #expect(fixture.queue.outcomes(of: allowed) == [code: .allowed])
        // The password is being typed, and nothing else is asked meanwhile.
        #expect(!allowed.contains { if case .added = $0 { true } else { false } })
        let opened = fixture.queue.opened(shown.vaults.first, now: fixture.now)
        #expect(opened.answer(to: behind.asker) != nil)
        #expect(fixture.codes.isEmpty)
        #expect(fixture.queue.delivered(code, now: fixture.now).isEmpty)
    }

    @Test(arguments: strangers)
    mutating func `who waits behind an unlock that fails, or hangs, is asked about`(
        shown: ApprovalRequest,
        other: ApprovalRequest
    ) throws {
        for hangs in [false, true] {
            fixture = QueueFixture()
            let code = try #require(fixture.ask(shown).code)
            fixture.ask(other)
            let next = try #require(fixture.codes.last)
            _ = try fixture.answer(code, .allow)
            guard hangs else {
                #expect(fixture.queue.delivered(code, now: fixture.now).contains(.added(code: next)))
                continue
            }
            #expect(fixture.queue.alarm == fixture.now + fixture.queue.limits.unlocking)
            fixture.pass(fixture.queue.limits.unlocking)
            #expect(fixture.queue.tick(now: fixture.now).contains(.added(code: next)))
            #expect(fixture.queue.alarm == fixture.now + .seconds(120))
        }
    }

    @Test(arguments: [Duration.zero, .seconds(60), .seconds(3600)])
    mutating func `nothing is asked over the window for a password, however long allows are remembered`(
        retry: Duration
    ) throws {
        fixture = QueueFixture { $0.retry = retry }
        let code = try fixture.ask(.unlock(vault: "Work"), answered: .allow)
        // Three attempts of two minutes each.
        for _ in 0..<6 {
            fixture.pass(.seconds(60))
            #expect(fixture.queue.tick(now: fixture.now).isEmpty)
        }
        // Long after its memory, for all but the last of these times.
        let behind = fixture.ask(.unlock(.named("git"), vault: "Work"))
        #expect(behind.actions.isEmpty)
        // What has been locked since is still what the window is for.
        #expect(fixture.queue.forget(.vault("Work"), now: fixture.now).isEmpty)
        #expect(fixture.queue.delivered(code, now: fixture.now).contains { $0.isAdded })
    }

    @Test mutating func `an unlock is over when all who were given it say so`() throws {
        let code = try #require(fixture.ask(.unlock(vaults: ["Home", "Work"])).code)
        fixture.ask(.unlock(.named("git"), vault: "Work"))
        _ = try fixture.answer(code, .allow)
        // Who asks again is given the same.
        #expect(fixture.ask(.unlock(vault: "Home")).answer != nil)
        fixture.ask(.unlock(.named("ssh"), vault: "Home"))
        for _ in 0..<2 { #expect(fixture.queue.delivered(code, now: fixture.now).isEmpty) }
        #expect(fixture.queue.delivered(code, now: fixture.now).contains { $0.isAdded })
    }

    @Test mutating func `an unlock that goes on is one that the program has asked for`() throws {
        fixture = QueueFixture { $0.retry = .zero }
        try fixture.ask(.unlock(vault: nil), answered: .allow)
        #expect(fixture.queue.isAsked(.unlock(vault: nil), now: fixture.now))
        #expect(!fixture.queue.isAsked(.unlock(.named("git"), vault: nil), now: fixture.now))
    }

    @Test mutating func `who joins an unlock that goes on is given its allow, and asks nothing anew`() throws
    {
        let code = try fixture.ask(.unlock(vault: nil), answered: .allow)
        // The keyring's window is open for longer than the allow is remembered.
        fixture.pass(fixture.queue.limits.retry + .seconds(1))
        let joined = fixture.queue.join(.unlock(.named("firefox", 300), vault: nil), by: 9, now: fixture.now)
        #expect(joined.answer(to: 9) == .allowed(Choices(id: "firefox").forOthers, code: code))
        #expect(fixture.codes.isEmpty)
        // Both have to be done with it before anything else is asked.
        let behind = fixture.ask(.unlock(.named("git"), vault: nil))
        #expect(behind.actions.isEmpty)
        #expect(fixture.queue.delivered(code, now: fixture.now).isEmpty)
        #expect(fixture.queue.delivered(code, now: fixture.now).contains { $0.isAdded })
    }

    @Test mutating func `who wants less than is shown goes on with it`() throws {
        let code = try #require(fixture.ask(.unlock(vaults: ["Home", "Work"])).code)
        let less = fixture.ask(.unlock(.named("git"), vault: "Work"))
        #expect(fixture.codes == [code])
        #expect(try fixture.answer(code, .allow).answer(to: less.asker) != nil)
    }

    @Test mutating func `another key of the program goes on with an allow that isn't used up`() throws {
        let code = try fixture.ask(.unlock(of: "3F:A2", vaults: ["Home", "Work"]), answered: .allow)
        let again = ApprovalRequest.unlock(of: "00:01", vault: "Work")
        #expect(fixture.ask(again).answer == .allowed(Choices(id: "firefox"), code: code))
        #expect(fixture.ask(.unlock(.named("git"), vault: "Work")).answer == nil)
        _ = fixture.queue.delivered(code, now: fixture.now)
        #expect(fixture.ask(again).answer == nil)
    }

    @Test mutating func `only what the same program has asked is joined by who asks for nothing itself`() {
        fixture.ask(.unlock(.named("git"), vault: nil))
        let shown = fixture.queue
        #expect(fixture.queue.join(.unlock(vault: nil), by: 9, now: fixture.now) == [.answer(9, .withdrawn)])
        fixture.queue = shown
        let joined = fixture.queue.join(.unlock(.named("git", 300), vault: nil), by: 9, now: fixture.now)
        #expect(joined.answer(to: 9) == nil)
        let callers = fixture.queue.waiting.first?.callers
        #expect(callers?.map(\.holders) == [[ProcessIdentity(100)], [ProcessIdentity(300)]])
    }
}
