// SPDX-License-Identifier: Apache-2.0

import Callers
import Testing

@testable import Approval

@Suite struct ApprovalQueueMemoryTests {
    var fixture = QueueFixture()

    @Test mutating func `an allow answers the same question again for a minute`() throws {
        let code = try fixture.ask(.release(), answered: .allow, Choices(scope: .always))
        fixture.pass(.seconds(59))
        let retry = fixture.ask(.release(.named("firefox", 999)))
        // The scope is for the first asker alone: what is remembered is remembered once.
        #expect(retry.answer == .allowed(Choices(id: "firefox"), code: code))
        fixture.pass(.seconds(1))
        #expect(fixture.ask(.release()).code != nil)
    }

    @Test mutating func `it ends as soon as one reply has been delivered`() throws {
        let code = try fixture.ask(.release(), answered: .allow)
        _ = fixture.queue.delivered(code, now: fixture.now)
        #expect(fixture.ask(.release()).code != nil)
    }

    @Test mutating func `it goes on after a reply that wasn't delivered`() throws {
        try fixture.ask(.release(), answered: .allow)
        #expect(fixture.ask(.release()).answer != nil)
        #expect(fixture.ask(.release()).answer != nil)
    }

    @Test mutating func `a denial isn't remembered as an allow`() throws {
        try fixture.ask(.release(), answered: .deny)
        #expect(fixture.ask(.release()).answer == .quiet)
    }

    @Test(
        arguments: [
            (Invalidation.key("3F:A2"), true), (.key("00:01"), false), (.vault("Passwords"), true),
            (.vault("Work"), false), (.entry("AA"), true), (.entry("BB"), false), (.everything, true),
        ]
    )
    mutating func `it ends when what it is about changes`(matter: Invalidation, isOver: Bool) throws {
        try fixture.ask(.release(), answered: .allow)
        _ = fixture.queue.forget(matter, now: fixture.now)
        #expect((fixture.ask(.release()).code != nil) == isOver)
    }

    @Test mutating func `an allow for a search ends with the change of any entry`() throws {
        var search = ApprovalRequest.release()
        search.entries = []
        try fixture.ask(search, answered: .allow)
        _ = fixture.queue.forget(.entry("BB"), now: fixture.now)
        #expect(fixture.ask(search).code != nil)
    }

    @Test mutating func `revoking the key that was let in ends the memory of that`() throws {
        let associate = ApprovalRequest.associate()
        try fixture.ask(associate, answered: .allow, Choices(id: "work"))
        _ = fixture.queue.forget(.key(try #require(associate.fingerprint)), now: fixture.now)
        #expect(fixture.ask(.associate()).code != nil)
    }

    @Test mutating func `what has become void is withdrawn while it waits`() {
        let asked = fixture.ask(.release())
        #expect(fixture.queue.withdraw(.key("00:01"), now: fixture.now).isEmpty)
        #expect(fixture.queue.withdraw(.key("3F:A2"), now: fixture.now).answer(to: asked.asker) == .withdrawn)
        #expect(fixture.codes.isEmpty)
    }

    @Test mutating func `what a search was for is kept as long as somebody may want to know, and no longer`()
        throws
    {
        var search = ApprovalRequest.release()
        search.search = "mail"
        try fixture.ask(search, answered: .allow)
        #expect(fixture.queue.ended.last?.request.search == "…")
        search.search = "bank"
        try fixture.ask(search, answered: .deny)
        #expect(fixture.queue.ended.last?.request.search == "bank", "the denial may be ended")
        _ = fixture.queue.forget(.key("3F:A2"), now: fixture.now)
        #expect(fixture.queue.ended.last?.request.search == "bank")
        _ = fixture.queue.forget(.everything, now: fixture.now)
        #expect(fixture.queue.ended.last?.request.search == "…")
        try fixture.ask(.save(), answered: .allow)
        #expect(fixture.queue.ended.last?.request.search == nil)
    }

    @Test(arguments: [ApprovalRequest.associate(), .overwrite()])
    mutating func `a deleted key can still be let in again`(request: ApprovalRequest) throws {
        fixture.ask(request)
        #expect(fixture.queue.withdraw(.key(try #require(request.fingerprint)), now: fixture.now).isEmpty)
        #expect(fixture.codes.count == 1)
    }

    @Test mutating func `nobody is asked to unlock a vault that is left out`() {
        let unlock = fixture.ask(.unlock(vaults: ["Passwords", "Work"]))
        let other = fixture.ask(.unlock(.named("git"), vault: "Work"))
        #expect(fixture.codes.count == 1)
        #expect(fixture.queue.withdraw(.vault("Passwords"), now: fixture.now).isEmpty)
        let actions = fixture.queue.withdraw(.leftOut("Passwords"), now: fixture.now)
        #expect(actions.answer(to: unlock.asker) == .withdrawn)
        // One that has joined it still wants its own vault.
        #expect(actions.answer(to: other.asker) == nil && fixture.codes.count == 1)
    }

    @Test mutating func `one that has joined an unlock goes alone when its key is revoked`() throws {
        let first = fixture.ask(.unlock(of: "3F:A2"))
        let joined = fixture.ask(.unlock(.named("git"), of: "00:01"))
        let actions = fixture.queue.withdraw(.key("00:01"), now: fixture.now)
        #expect(actions == [.answer(joined.asker, .withdrawn)])
        let code = try #require(first.code)
        let allowed = try fixture.answer(code, .allow)
        #expect(allowed.answer(to: first.asker) == .allowed(Choices(id: "firefox"), code: code))
        #expect(allowed.answer(to: joined.asker) == nil)
    }

    @Test
    mutating func `those who have joined the unlock of a revoked key are asked about in their own name`()
        throws
    {
        let first = fixture.ask(.unlock(of: "3F:A2"))
        let others = [
            fixture.ask(.unlock(.named("git"), of: "00:01")),
            fixture.ask(.unlock(.named("perl"), of: "00:02")),
        ]
        let actions = fixture.queue.withdraw(.key("3F:A2"), now: fixture.now)
        #expect(actions.answer(to: first.asker) == .withdrawn)
        for other in others { #expect(actions.answer(to: other.asker) == nil) }
        #expect(fixture.queue.outcomes(of: actions) == [try #require(first.code): .withdrawn])
        let code = try #require(fixture.codes.first)
        #expect(fixture.codes.count == 1 && code != first.code && actions.contains(.added(code: code)))
        #expect(fixture.queue.waiting.first?.request.caller.program.id == "/usr/bin/git")
        let allowed = try fixture.answer(code, .allow)
        for other in others {
            #expect(allowed.answer(to: other.asker) == .allowed(Choices(id: "firefox"), code: code))
        }
    }
}
