// SPDX-License-Identifier: Apache-2.0

import Callers
import Testing

@testable import Approval

@Suite struct ApprovalQueueMemoryTests {
    var scene = QueueScene()

    @Test mutating func `an allow answers the same question again for a minute`() throws {
        let code = try scene.ask(.release(), answered: .allow, Choices(scope: .always))
        scene.pass(.seconds(59))
        let retry = scene.ask(.release(.named("firefox", 999)))
        // The scope is for the first asker alone: what is remembered is remembered once.
        #expect(retry.answer == .allowed(Choices(id: "firefox"), code: code))
        scene.pass(.seconds(1))
        #expect(scene.ask(.release()).code != nil)
    }

    @Test mutating func `it ends as soon as one reply has been delivered`() throws {
        let code = try scene.ask(.release(), answered: .allow)
        _ = scene.queue.delivered(code, now: scene.now)
        #expect(scene.ask(.release()).code != nil)
    }

    @Test mutating func `it goes on after a reply that wasn't delivered`() throws {
        try scene.ask(.release(), answered: .allow)
        #expect(scene.ask(.release()).answer != nil)
        #expect(scene.ask(.release()).answer != nil)
    }

    @Test mutating func `a denial isn't remembered as an allow`() throws {
        try scene.ask(.release(), answered: .deny)
        #expect(scene.ask(.release()).answer == .quiet)
    }

    @Test(
        arguments: [
            (Invalidation.key("3F:A2"), true), (.key("00:01"), false), (.vault("Passwords"), true),
            (.vault("Work"), false), (.entry("AA"), true), (.entry("BB"), false), (.everything, true),
        ]
    )
    mutating func `it ends when what it is about changes`(matter: Invalidation, isOver: Bool) throws {
        try scene.ask(.release(), answered: .allow)
        _ = scene.queue.forget(matter, now: scene.now)
        #expect((scene.ask(.release()).code != nil) == isOver)
    }

    @Test mutating func `an allow for a search ends with the change of any entry`() throws {
        var search = ApprovalRequest.release()
        search.entries = []
        try scene.ask(search, answered: .allow)
        _ = scene.queue.forget(.entry("BB"), now: scene.now)
        #expect(scene.ask(search).code != nil)
    }

    @Test mutating func `revoking the key that was let in ends the memory of that`() throws {
        let associate = ApprovalRequest.associate()
        try scene.ask(associate, answered: .allow, Choices(id: "work"))
        _ = scene.queue.forget(.key(try #require(associate.fingerprint)), now: scene.now)
        #expect(scene.ask(.associate()).code != nil)
    }

    @Test mutating func `what has become void is withdrawn while it waits`() {
        let asked = scene.ask(.release())
        #expect(scene.queue.withdraw(.key("00:01"), now: scene.now).isEmpty)
        #expect(scene.queue.withdraw(.key("3F:A2"), now: scene.now).answer(to: asked.asker) == .withdrawn)
        #expect(scene.codes.isEmpty)
    }

    @Test mutating func `what a search was for is kept as long as somebody may want to know, and no longer`()
        throws
    {
        var search = ApprovalRequest.release()
        search.search = "mail"
        try scene.ask(search, answered: .allow)
        #expect(scene.queue.ended.last?.request.search == "…")
        search.search = "bank"
        try scene.ask(search, answered: .deny)
        #expect(scene.queue.ended.last?.request.search == "bank", "the denial may be ended")
        _ = scene.queue.forget(.key("3F:A2"), now: scene.now)
        #expect(scene.queue.ended.last?.request.search == "bank")
        _ = scene.queue.forget(.everything, now: scene.now)
        #expect(scene.queue.ended.last?.request.search == "…")
        try scene.ask(.save(), answered: .allow)
        #expect(scene.queue.ended.last?.request.search == nil)
    }

    @Test(arguments: [ApprovalRequest.associate(), .overwrite()])
    mutating func `a deleted key can still be let in again`(request: ApprovalRequest) throws {
        scene.ask(request)
        #expect(scene.queue.withdraw(.key(try #require(request.fingerprint)), now: scene.now).isEmpty)
        #expect(scene.codes.count == 1)
    }

    @Test mutating func `nobody is asked to unlock a vault that is left out`() {
        let unlock = scene.ask(.unlock(vaults: ["Passwords", "Work"]))
        let other = scene.ask(.unlock(.named("git"), vault: "Work"))
        #expect(scene.codes.count == 1)
        #expect(scene.queue.withdraw(.vault("Passwords"), now: scene.now).isEmpty)
        let actions = scene.queue.withdraw(.leftOut("Passwords"), now: scene.now)
        #expect(actions.answer(to: unlock.asker) == .withdrawn)
        // One that has joined it still wants its own vault.
        #expect(actions.answer(to: other.asker) == nil && scene.codes.count == 1)
    }

    @Test mutating func `one that has joined an unlock goes alone when its key is revoked`() throws {
        let first = scene.ask(.unlock(of: "3F:A2"))
        let joined = scene.ask(.unlock(.named("git"), of: "00:01"))
        let actions = scene.queue.withdraw(.key("00:01"), now: scene.now)
        #expect(actions == [.answer(joined.asker, .withdrawn)])
        let code = try #require(first.code)
        let allowed = try scene.answer(code, .allow)
        #expect(allowed.answer(to: first.asker) == .allowed(Choices(id: "firefox"), code: code))
        #expect(allowed.answer(to: joined.asker) == nil)
    }

    @Test
    mutating func `those who have joined the unlock of a revoked key are asked about in their own name`()
        throws
    {
        let first = scene.ask(.unlock(of: "3F:A2"))
        let others = [
            scene.ask(.unlock(.named("git"), of: "00:01")), scene.ask(.unlock(.named("perl"), of: "00:02")),
        ]
        let actions = scene.queue.withdraw(.key("3F:A2"), now: scene.now)
        #expect(actions.answer(to: first.asker) == .withdrawn)
        for other in others { #expect(actions.answer(to: other.asker) == nil) }
        #expect(scene.queue.outcomes(of: actions) == [try #require(first.code): .withdrawn])
        let code = try #require(scene.codes.first)
        #expect(scene.codes.count == 1 && code != first.code && actions.contains(.added(code: code)))
        #expect(scene.queue.waiting.first?.request.caller.program.id == "/usr/bin/git")
        let allowed = try scene.answer(code, .allow)
        for other in others {
            #expect(allowed.answer(to: other.asker) == .allowed(Choices(id: "firefox"), code: code))
        }
    }
}
