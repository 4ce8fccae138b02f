// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients
import KeePassHTTP
import SecretService
import Testing

@testable import Operations

/// While the keyring is locked no client can be recognized: a good key must not be overwritten because of that.
@Suite(.timeLimit(.minutes(1))) struct AssociateLockedTests {
    @Test func `the keyring is unlocked only after the allow`() async throws {
        let scene = await Scene()
        await scene.clients.lock()
        let guest = TestClient(id: "", caller: .named("perl"))
        let denied = try await scene.verified(guest, guest.request(.associate), .deny)
        #expect(denied.reply.success == false)
        #expect(await scene.clients.unlocks == 0)

        let other = TestClient(id: "", caller: .named("ruby"))
        let rung = try await scene.verified(other, other.request(.associate), .allow)
        #expect(rung.reply.id == "ruby")
        #expect(await scene.clients.unlocks == 1)
    }

    @Test func `a suggested Id that turns out to be taken gives way to the next free one`() async throws {
        let scene = await Scene()
        await scene.clients.lock()
        let guest = TestClient(id: "")
        let rung = try await scene.verified(guest, guest.request(.associate), .allow)
        #expect(await scene.asked().map(\.suggestedID) == ["firefox"])
        #expect(rung.reply.id == "firefox-2")
        #expect(await scene.clients.client("firefox")?.fingerprint == scene.guest.key.fingerprint)
        #expect(await scene.clients.client("firefox-2")?.fingerprint == guest.key.fingerprint)
    }

    @Test func `the Id that a person chose, or the client brings, is asked about before it is overwritten`()
        async throws
    {
        for (id, choices) in [("", Choices(id: "firefox")), ("firefox", Choices())] {
            let scene = await Scene()
            await scene.clients.lock()
            let guest = TestClient(id: id, caller: .named("chromium", 200))
            let rung = try await scene.verified(
                guest,
                guest.request(.associate),
                .allow(choices),
                .deny,
                .allow
            )
            #expect(await scene.asked().map(\.kind) == [.associate, .overwrite, .associate])
            #expect(
                await scene.asked()[1].body.hasPrefix(
                    "That name belongs to /usr/bin/firefox, since 1970-01-01"
                )
            )
            #expect(rung.reply.id == "firefox-2")
            #expect(await scene.clients.client("firefox")?.fingerprint == scene.guest.key.fingerprint)
        }
    }

    @Test func `an unlock that fails stores nothing and says why`() async throws {
        let scene = await Scene()
        await scene.clients.lock()
        await scene.clients.fail(with: .dismissed)
        let guest = TestClient(id: "", caller: .named("perl"))
        let rung = try await scene.verified(guest, guest.request(.associate), .allow)
        #expect(rung.reply.success == false)
        #expect(rung.reply.error == KeyringError.dismissed.advice)
        #expect(await scene.clients.registrations == 0)
    }

    @Test func `an associate of the program whose unlock waits joins that, and overwrites nothing`()
        async throws
    {
        try await Scene.onOneThread {
            let scene = await Scene()
            await scene.clients.lock()
            var events = scene.approvals.events().makeAsyncIterator()
            let test = scene.ringing(
                scene.guest,
                try scene.guest.request(.testAssociate, triggerUnlock: true)
            )
            let question = try await scene.next(&events)
            let newKey = TestClient(id: "")
            let associate = scene.ringing(newKey, try newKey.request(.associate))
            await Scene.everythingElse()
            try await scene.allow(question)
            #expect(try await test.value.reply.success)
            let rung = try await associate.value
            #expect(rung.reply.success == false)
            #expect(rung.reply.error?.contains("unlocked") == true)
            #expect(await scene.asked().map(\.kind) == [.unlock])
            #expect(await scene.clients.ids() == ["firefox"])
        }
    }

    @Test func `after a denied unlock it doesn't claim that the keyring is open`() async throws {
        try await Scene.onOneThread {
            let scene = await Scene()
            await scene.clients.lock()
            var events = scene.approvals.events().makeAsyncIterator()
            let test = scene.ringing(
                scene.guest,
                try scene.guest.request(.testAssociate, triggerUnlock: true)
            )
            let question = try await scene.next(&events)
            let newKey = TestClient(id: "")
            let associate = scene.ringing(newKey, try newKey.request(.associate))
            await Scene.everythingElse()
            try await scene.deny(question)
            _ = try await test.value
            let rung = try await associate.value
            #expect(rung.reply.success == false)
            #expect(rung.reply.error?.contains("unlocked") != true)
            #expect(await scene.clients.unlocks == 0)
        }
    }

    @Test func `every process of a program that waits for the keyring is held against whoever answers`()
        async throws
    {
        try await Scene.onOneThread {
            let scene = await Scene()
            await scene.clients.lock()
            var events = scene.approvals.events().makeAsyncIterator()
            let first = scene.ringing(
                scene.guest,
                try scene.guest.request(.testAssociate, triggerUnlock: true)
            )
            let question = try await scene.next(&events)
            // One sends the same, the other the associate that joins it.
            var second = scene.guest
            second.caller = .named("firefox", 200)
            let joining = scene.ringing(second, try second.request(.testAssociate, triggerUnlock: true))
            let newKey = TestClient(id: "", caller: .named("firefox", 300))
            let associate = scene.ringing(newKey, try newKey.request(.associate))
            await Scene.everythingElse()
            for pid: Int32 in [100, 200, 300] {
                let child = Answerer(
                    identity: ProcessIdentity(pid: 900, startTime: 1),
                    uid: 1000,
                    chain: Caller.named("keybell", 900).processes + Caller.named("firefox", pid).processes,
                    sandbox: nil
                )
                await #expect(throws: AnswerError.notAllowed, "\(pid)") {
                    try await scene.approvals.answer(
                        code: question.code,
                        decision: .allow,
                        through: .terminal(child)
                    )
                }
            }
            #expect(await scene.asked().map(\.kind) == [.unlock])
            try await scene.allow(question)
            #expect(try await first.value.reply.success)
            #expect(try await joining.value.reply.success)
            #expect(try await associate.value.reply.error?.contains("unlocked") == true)
        }
    }

    @Test func `no more of a program wait for the keyring than for anything else`() async throws {
        try await Scene.onOneThread {
            var limits = ApprovalLimits()
            limits.askersPerProgram = 2
            let scene = await Scene(limits: limits)
            await scene.clients.lock()
            var events = scene.approvals.events().makeAsyncIterator()
            let waiting = try (0..<2).map { _ in
                scene.ringing(scene.guest, try scene.guest.request(.testAssociate, triggerUnlock: true))
            }
            let question = try await scene.next(&events)
            await Scene.everythingElse()
            let newKey = TestClient(id: "")
            for body in [
                try scene.guest.request(.getLogins, ["Url": "https://a.example/"], triggerUnlock: true),
                try newKey.request(.associate),
            ] {
                let rung = try await scene.verified(scene.guest, body)
                #expect(rung.reply.error == Refusal.tooMany.sentence)
            }
            try await scene.deny(question)
            for one in waiting { _ = try await one.value }
        }
    }

    @Test func `another program's associate is a question of its own`() async throws {
        let scene = await Scene()
        await scene.clients.lock()
        var events = scene.approvals.events().makeAsyncIterator()
        let test = scene.ringing(scene.guest, try scene.guest.request(.testAssociate, triggerUnlock: true))
        let unlock = try await scene.next(&events)
        let other = TestClient(id: "", caller: .named("perl", 300))
        let associate = scene.ringing(other, try other.request(.associate))
        let question = try await scene.next(&events)
        #expect(question.kind == .associate)
        try await scene.deny(question)
        try await scene.deny(unlock)
        #expect(try await associate.value.reply.success == false)
        #expect(try await test.value.reply.success == false)
    }
}
