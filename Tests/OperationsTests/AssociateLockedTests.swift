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
        let fixture = await OperationsFixture()
        await fixture.clients.lock()
        let client = TestClient(id: "", caller: .named("perl"))
        let denied = try await fixture.verified(client, client.request(.associate), .deny)
        #expect(denied.reply.success == false)
        #expect(await fixture.clients.unlocks == 0)

        let other = TestClient(id: "", caller: .named("ruby"))
        let exchange = try await fixture.verified(other, other.request(.associate), .allow)
        #expect(exchange.reply.id == "ruby")
        #expect(await fixture.clients.unlocks == 1)
    }

    @Test func `a suggested Id that turns out to be taken gives way to the next free one`() async throws {
        let fixture = await OperationsFixture()
        await fixture.clients.lock()
        let client = TestClient(id: "")
        let exchange = try await fixture.verified(client, client.request(.associate), .allow)
        #expect(await fixture.asked().map(\.suggestedID) == ["firefox"])
        #expect(exchange.reply.id == "firefox-2")
        #expect(await fixture.clients.client("firefox")?.fingerprint == fixture.client.key.fingerprint)
        #expect(await fixture.clients.client("firefox-2")?.fingerprint == client.key.fingerprint)
    }

    @Test func `the Id that a person chose, or the client brings, is asked about before it is overwritten`()
        async throws
    {
        for (id, choices) in [("", Choices(id: "firefox")), ("firefox", Choices())] {
            let fixture = await OperationsFixture()
            await fixture.clients.lock()
            let client = TestClient(id: id, caller: .named("chromium", 200))
            let exchange = try await fixture.verified(
                client,
                client.request(.associate),
                .allow(choices),
                .deny,
                .allow
            )
            #expect(await fixture.asked().map(\.kind) == [.associate, .overwrite, .associate])
            #expect(
                await fixture.asked()[1].body.hasPrefix(
                    "That name belongs to /usr/bin/firefox, since 1970-01-01"
                )
            )
            #expect(exchange.reply.id == "firefox-2")
            #expect(await fixture.clients.client("firefox")?.fingerprint == fixture.client.key.fingerprint)
        }
    }

    @Test func `an unlock that fails stores nothing and says why`() async throws {
        let fixture = await OperationsFixture()
        await fixture.clients.lock()
        await fixture.clients.fail(with: .dismissed)
        let client = TestClient(id: "", caller: .named("perl"))
        let exchange = try await fixture.verified(client, client.request(.associate), .allow)
        #expect(exchange.reply.success == false)
        #expect(exchange.reply.error == KeyringError.dismissed.advice)
        #expect(await fixture.clients.registrations == 0)
        #expect(await fixture.approvals.recent().map(\.failure) == [KeyringError.dismissed.advice])
    }

    @Test(arguments: [false, true])
    func `the question says when the keyring will ask for its password`(isLocked: Bool) async throws {
        let fixture = await OperationsFixture()
        if isLocked { await fixture.clients.lock() }
        let client = TestClient(id: "", caller: .named("perl"))
        _ = try await fixture.verified(client, client.request(.associate), .allow)
        let question = try #require(await fixture.asked().first)
        #expect(question.body.contains("Your keyring will ask for its password.") == isLocked)
        #expect(await fixture.approvals.recent().map(\.failure) == [nil])
    }

    @Test func `a key that can't be stored is told to who allowed it`() async throws {
        let fixture = await OperationsFixture()
        await fixture.clients.failToStore(with: .keyring(.deadline))
        let client = TestClient(id: "", caller: .named("perl"))
        _ = try await fixture.verified(client, client.request(.associate), .allow)
        #expect(await fixture.approvals.recent().map(\.failure) == [KeyringError.deadline.advice])
    }

    @Test func `an associate of the program whose unlock waits joins that, and overwrites nothing`()
        async throws
    {
        try await OperationsFixture.onOneThread {
            let fixture = await OperationsFixture()
            await fixture.clients.lock()
            var events = fixture.approvals.events().makeAsyncIterator()
            let test = fixture.sending(
                fixture.client,
                try fixture.client.request(.testAssociate, triggerUnlock: true)
            )
            let question = try await fixture.next(&events)
            let newKey = TestClient(id: "")
            let associate = fixture.sending(newKey, try newKey.request(.associate))
            await OperationsFixture.everythingElse()
            try await fixture.allow(question)
            #expect(try await test.value.reply.success)
            let exchange = try await associate.value
            #expect(exchange.reply.success == false)
            #expect(exchange.reply.error?.contains("unlocked") == true)
            #expect(await fixture.asked().map(\.kind) == [.unlock])
            #expect(await fixture.clients.ids() == ["firefox"])
        }
    }

    @Test func `after a denied unlock it doesn't claim that the keyring is open`() async throws {
        try await OperationsFixture.onOneThread {
            let fixture = await OperationsFixture()
            await fixture.clients.lock()
            var events = fixture.approvals.events().makeAsyncIterator()
            let test = fixture.sending(
                fixture.client,
                try fixture.client.request(.testAssociate, triggerUnlock: true)
            )
            let question = try await fixture.next(&events)
            let newKey = TestClient(id: "")
            let associate = fixture.sending(newKey, try newKey.request(.associate))
            await OperationsFixture.everythingElse()
            try await fixture.deny(question)
            _ = try await test.value
            let exchange = try await associate.value
            #expect(exchange.reply.success == false)
            #expect(exchange.reply.error?.contains("unlocked") != true)
            #expect(await fixture.clients.unlocks == 0)
        }
    }

    @Test func `every process of a program that waits for the keyring is held against whoever answers`()
        async throws
    {
        try await OperationsFixture.onOneThread {
            let fixture = await OperationsFixture()
            await fixture.clients.lock()
            var events = fixture.approvals.events().makeAsyncIterator()
            let first = fixture.sending(
                fixture.client,
                try fixture.client.request(.testAssociate, triggerUnlock: true)
            )
            let question = try await fixture.next(&events)
            // One sends the same, the other the associate that joins it.
            var second = fixture.client
            second.caller = .named("firefox", 200)
            let joining = fixture.sending(second, try second.request(.testAssociate, triggerUnlock: true))
            let newKey = TestClient(id: "", caller: .named("firefox", 300))
            let associate = fixture.sending(newKey, try newKey.request(.associate))
            await OperationsFixture.everythingElse()
            for pid: Int32 in [100, 200, 300] {
                let child = Answerer(
                    identity: ProcessIdentity(pid: 900, startTime: 1),
                    uid: 1000,
                    chain: Caller.named("keybell", 900).processes + Caller.named("firefox", pid).processes,
                    sandbox: nil
                )
                await #expect(throws: AnswerError.notAllowed, "\(pid)") {
                    try await fixture.approvals.answer(
                        code: question.code,
                        decision: .allow,
                        through: .terminal(child)
                    )
                }
            }
            #expect(await fixture.asked().map(\.kind) == [.unlock])
            try await fixture.allow(question)
            #expect(try await first.value.reply.success)
            #expect(try await joining.value.reply.success)
            #expect(try await associate.value.reply.error?.contains("unlocked") == true)
        }
    }

    @Test func `no more of a program wait for the keyring than for anything else`() async throws {
        try await OperationsFixture.onOneThread {
            var limits = ApprovalLimits()
            limits.askersPerProgram = 2
            let fixture = await OperationsFixture(limits: limits)
            await fixture.clients.lock()
            var events = fixture.approvals.events().makeAsyncIterator()
            let waiting = try (0..<2).map { _ in
                fixture.sending(
                    fixture.client,
                    try fixture.client.request(.testAssociate, triggerUnlock: true)
                )
            }
            let question = try await fixture.next(&events)
            await OperationsFixture.everythingElse()
            let newKey = TestClient(id: "")
            for body in [
                try fixture.client.request(.getLogins, ["Url": "https://a.example/"], triggerUnlock: true),
                try newKey.request(.associate),
            ] {
                let exchange = try await fixture.verified(fixture.client, body)
                #expect(exchange.reply.error == Refusal.tooMany.sentence)
            }
            try await fixture.deny(question)
            for one in waiting { _ = try await one.value }
        }
    }

    @Test func `another program's associate is a question of its own`() async throws {
        let fixture = await OperationsFixture()
        await fixture.clients.lock()
        var events = fixture.approvals.events().makeAsyncIterator()
        let test = fixture.sending(
            fixture.client,
            try fixture.client.request(.testAssociate, triggerUnlock: true)
        )
        let unlock = try await fixture.next(&events)
        let other = TestClient(id: "", caller: .named("perl", 300))
        let associate = fixture.sending(other, try other.request(.associate))
        let question = try await fixture.next(&events)
        #expect(question.kind == .associate)
        try await fixture.deny(question)
        try await fixture.deny(unlock)
        #expect(try await associate.value.reply.success == false)
        #expect(try await test.value.reply.success == false)
    }
}
