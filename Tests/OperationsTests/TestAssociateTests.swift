// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import SecretService
import Testing
import Vault

@testable import Approval
@testable import Operations

@Suite(.timeLimit(.minutes(1))) struct TestAssociateTests {
    static let pings = [
        "{\"RequestType\":\"test-associate\"}",
        "{\"RequestType\":\"test-associate\",\"TriggerUnlock\":false}",
        "{\"TriggerUnlock\":\"false\",\"Other\":[1,{}],\"RequestType\":\"test-associate\"}",
        "{\"RequestType\":\"test-associate\",\"TriggerUnlock\":true}",
        "{\"RequestType\":\"test-associate\",\"Id\":null,\"TriggerUnlock\":\"true\"}",
        "{\"RequestType\":\"test-associate\",\"Id\":\"\",\"Nonce\":\"\",\"Verifier\":null}",
        "{\"RequestType\":\"test-associate\",\"Id\":\"firefox\"}",
    ]

    static let answer =
        "{\"RequestType\":\"test-associate\",\"Success\":false,\"Version\":\"2.3.1.0\",\"Hash\":\"\(MemoryVault.hash)\"}"

    @Test(arguments: pings, [false, true])
    func `a ping gets version and hash, also while everything is locked`(
        _ ping: String,
        _ isLocked: Bool
    ) async throws {
        let fixture = await OperationsFixture()
        if isLocked {
            await fixture.clients.lock()
            await fixture.vault.lock()
        }
        let exchange = try await fixture.verified(Array(ping.utf8))
        #expect(exchange.status == 200)
        #expect(exchange.body == Self.answer)
        #expect(await fixture.asked().isEmpty)
    }

    @Test func `a ping that is signed with a throw-away key and has no Id is a ping`() async throws {
        let exchange = try await OperationsFixture().verified(
            TestClient(id: "").request(.testAssociate, triggerUnlock: true)
        )
        #expect(exchange.status == 200)
        #expect(exchange.body == Self.answer)
    }

    @Test func `a known client is told so in a signed reply`() async throws {
        let fixture = await OperationsFixture()
        let exchange = try await fixture.verified(fixture.client, fixture.client.request(.testAssociate))
        #expect(exchange.status == 200)
        #expect(exchange.reply.success)
        #expect(exchange.reply.id == "firefox")
        #expect(exchange.reply.hash == MemoryVault.hash)
        for member in ["Nonce", "Verifier", "Hmac"] { #expect(exchange.body.contains("\"\(member)\":\"")) }
        #expect(!exchange.body.contains("\"Error\""))
    }

    @Test func `each reply has a nonce of its own`() async throws {
        let fixture = await OperationsFixture()
        let body = try fixture.client.request(.testAssociate)
        let first = try await fixture.verified(fixture.client, body)
        let second = try await fixture.verified(fixture.client, body)
        #expect(first.body != second.body)
    }

    @Test func `an unknown client gets a 200 without a signature`() async throws {
        let fixture = await OperationsFixture()
        let exchange = try await fixture.verified(TestClient(id: "nobody").request(.testAssociate))
        #expect(exchange.status == 200)
        #expect(exchange.reply.success == false)
        #expect(exchange.reply.error == "Couldn't verify request")
        #expect(exchange.reply.hash == MemoryVault.hash)
        #expect(exchange.reply.id == nil)
        #expect(!exchange.body.contains("Nonce"))
    }

    @Test func `a broken keyring is no reason for another status`() async throws {
        let fixture = await OperationsFixture()
        await fixture.clients.fail(with: .noProvider)
        let exchange = try await fixture.verified(fixture.client, fixture.client.request(.testAssociate))
        #expect(exchange.status == 200)
        #expect(exchange.reply.success == false)
        #expect(exchange.reply.hash == MemoryVault.hash)
    }

    // MARK: While the keyring is locked

    @Test func `without TriggerUnlock a locked keyring is just told of`() async throws {
        let fixture = await OperationsFixture()
        await fixture.clients.lock()
        let exchange = try await fixture.verified(fixture.client, fixture.client.request(.testAssociate))
        #expect(exchange.status == 200)
        #expect(exchange.reply.error == "Database locked")
        #expect(await fixture.asked().isEmpty)
        #expect(await fixture.clients.unlocks == 0)
    }

    @Test func `TriggerUnlock asks, saying that the Id is only claimed, and is answered after the unlock`()
        async throws
    {
        let fixture = await OperationsFixture()
        await fixture.clients.lock()
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.testAssociate, triggerUnlock: true),
            .allow
        )
        #expect(exchange.reply.success)
        let asked = try #require(await fixture.asked().first)
        #expect(asked.kind == .unlock)
        #expect(asked.client == "firefox")
        #expect(asked.verified == false)
        #expect(asked.vault == "keyring")
        #expect(await fixture.clients.unlocks == 1)
    }

    @Test func `a stop while the keyring is asked about is told as that, not as a lock`() async throws {
        let fixture = await OperationsFixture()
        await fixture.clients.lock()
        let events = fixture.approvals.events()
        let pending = fixture.sending(
            fixture.client,
            try fixture.client.request(.testAssociate, triggerUnlock: true)
        )
        for await case .added in events { break }
        pending.cancel()
        #expect(try await pending.value.reply.error == Refusal.withdrawn.sentence)
    }

    @Test func `on_request stands for TriggerUnlock`() async throws {
        let fixture = await OperationsFixture(Policy(unlocksOnRequest: true))
        await fixture.clients.lock()
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.testAssociate),
            .allow
        )
        #expect(exchange.reply.success)
    }

    @Test func `a denied unlock unlocks nothing`() async throws {
        let fixture = await OperationsFixture()
        await fixture.clients.lock()
        let body = try fixture.client.request(.testAssociate, triggerUnlock: true)
        let exchange = try await fixture.verified(fixture.client, body, .deny)
        #expect(exchange.status == 200)
        #expect(exchange.reply.error == "Database locked")
        // The next one is denied unseen for a while.
        _ = try await fixture.verified(fixture.client, body, .allow)
        #expect(await fixture.asked().count == 1)
        #expect(await fixture.clients.unlocks == 0)
    }

    @Test func `a muted request is counted once, also where the keyring was opened meanwhile`() async throws {
        let fixture = await OperationsFixture()
        await fixture.clients.lock()
        let body = try fixture.client.request(.testAssociate, triggerUnlock: true)
        _ = try await fixture.verified(fixture.client, body, .deny(Choices(muteSeconds: 60)))
        await fixture.clients.whenLookedAt { [clients = fixture.clients] in await clients.open() }
        _ = try await fixture.verified(fixture.client, body)
        #expect(await fixture.approvals.recent().map(\.unseen) == [1])
    }

    @Test func `a wrong key stays wrong after the unlock`() async throws {
        let fixture = await OperationsFixture()
        await fixture.clients.lock()
        let stranger = TestClient(id: "firefox")
        let exchange = try await fixture.verified(
            stranger,
            stranger.request(.testAssociate, triggerUnlock: true),
            .allow
        )
        #expect(exchange.status == 200)
        #expect(exchange.reply.error == "Couldn't verify request")
    }

    @Test func `an unlock prompt that comes to nothing says what to do`() async throws {
        let fixture = await OperationsFixture()
        await fixture.clients.lock()
        await fixture.clients.fail(with: .dismissed)
        let exchange = try await fixture.verified(
            fixture.client,
            fixture.client.request(.testAssociate, triggerUnlock: true),
            .allow
        )
        #expect(exchange.status == 200)
        #expect(exchange.reply.error == KeyringError.dismissed.advice)
        #expect(await fixture.approvals.recent().map(\.failure) == [KeyringError.dismissed.advice])
    }

    @Test func `an allow is used up by a prompt that comes to nothing: the next try asks again`() async throws
    {
        let fixture = await OperationsFixture()
        await fixture.clients.lock()
        await fixture.clients.fail(with: .dismissed)
        let body = try fixture.client.request(.testAssociate, triggerUnlock: true)
        _ = try await fixture.verified(fixture.client, body, .allow)
        _ = try await fixture.verified(fixture.client, body, .deny)
        #expect(await fixture.asked().map(\.kind) == [.unlock, .unlock])
    }

    @Test func `nor does a vault whose password was not given ask for it again unasked`() async throws {
        let fixture = await OperationsFixture()
        await fixture.vault.lock()
        await fixture.vault.refuseUnlock(with: .unavailable("cancelled"))
        let body = try fixture.client.request(.getAllLogins, triggerUnlock: true)
        _ = try await fixture.verified(fixture.client, body, .allow)
        _ = try await fixture.verified(fixture.client, body, .deny)
        #expect(await fixture.asked().map(\.kind) == [.unlock, .unlock])
        #expect(await fixture.vault.unlocks == 1)
    }

    @Test func `what the person's programs say of themselves is told to no client`() async throws {
        let fixture = await OperationsFixture()
        await fixture.vault.lock()
        await fixture.vault.refuseUnlock(with: .passwordUnavailable("/home/me/bin/get failed: secret"))
        let body = try fixture.client.request(.getAllLogins, triggerUnlock: true)
        let exchange = try await fixture.verified(fixture.client, body, .allow)
        #expect(exchange.reply.error?.contains("`keybell unlock`") == true)
        #expect(!exchange.body.contains("home") && !exchange.body.contains("secret"))
    }

    @Test func `it is held for a while only, and the question goes on without it`() async throws {
        try await OperationsFixture.onOneThread {
            var fixture = await OperationsFixture()
            fixture.change { $0.testAssociateHold = .zero }
            await fixture.clients.lock()
            var events = fixture.approvals.events().makeAsyncIterator()
            let body = try fixture.client.request(.testAssociate, triggerUnlock: true)
            let exchange = try await fixture.sending(fixture.client, body).value
            #expect(exchange.status == 200)
            #expect(exchange.reply.error == "Database locked")
            #expect(exchange.reply.hash == MemoryVault.hash)

            let question = try await fixture.next(&events)
            // Whoever asks now goes on after the same question.
            let read = fixture.sending(
                fixture.client,
                try fixture.client.request(.getAllLogins, triggerUnlock: true)
            )
            await OperationsFixture.everythingElse()
            try await fixture.allow(question)
            #expect(try await read.value.reply.success)
            #expect(await fixture.clients.unlocks == 1)
            #expect(await fixture.asked().count == 1)
        }
    }

    @Test func `all who wait for one allow share the unlock, and a failure of it`() async throws {
        for trouble in [nil, KeyringError.dismissed] {
            let fixture = await OperationsFixture()
            await fixture.clients.lock()
            await fixture.clients.fail(with: trouble)
            var events = fixture.approvals.events().makeAsyncIterator()
            let body = try fixture.client.request(.testAssociate, triggerUnlock: true)
            let all = (0..<6).map { _ in fixture.sending(fixture.client, body) }
            let question = try await fixture.next(&events)
            while await fixture.approvals.queue.waiting.first?.askers.count != all.count {
                await Task.yield()
            }
            try await fixture.allow(question)
            for pending in all {
                let reply = try await pending.value.reply
                #expect(reply.error == trouble?.advice)
            }
            #expect(await fixture.clients.attempts == 1)
            #expect(await fixture.asked().count == 1)
        }
    }

    @Test func `a keyring that was opened by hand and locked again is opened for nobody`()
        async throws
    {
        let fixture = await OperationsFixture()
        await fixture.clients.lock()
        var events = fixture.approvals.events().makeAsyncIterator()
        let body = try fixture.client.request(.testAssociate, triggerUnlock: true)
        let sending = fixture.sending(fixture.client, body)
        _ = try await fixture.next(&events)
        // Told late: it is locked by now.
        await fixture.approvals.opened(nil)
        #expect(try await !sending.value.reply.success)
        #expect(await fixture.clients.attempts == 0)
    }

    @Test func `what was opened while the asker was looked up is not asked for`() async throws {
        let fixture = await OperationsFixture()
        await fixture.clients.lock()
        // As if another request's unlock had come in between, whose allow is used up.
        await fixture.clients.whenLookedAt { [approvals = fixture.approvals, clients = fixture.clients] in
            await clients.open()
            await approvals.opened(nil)
        }
        let body = try fixture.client.request(.testAssociate, triggerUnlock: true)
        #expect(try await fixture.verified(fixture.client, body).reply.success)
        #expect(await fixture.asked().isEmpty)
        #expect(await fixture.clients.attempts == 0)
    }

    @Test func `what is open is not waited for`() async throws {
        var fixture = await OperationsFixture()
        fixture.change { $0.testAssociateHold = .zero }
        let body = try fixture.client.request(.testAssociate, triggerUnlock: true)
        let exchange = try await fixture.sending(fixture.client, body).value
        #expect(exchange.reply.success && exchange.reply.hash == MemoryVault.hash)
    }

    @Test func `other requests wait for the person, not for the hold`() async throws {
        var fixture = await OperationsFixture()
        fixture.change { $0.testAssociateHold = .zero }
        await fixture.clients.lock()
        let body = try fixture.client.request(.generatePassword, triggerUnlock: true)
        #expect(try await fixture.verified(fixture.client, body, .allow).reply.success)
    }

    @Test func `an asker that is cancelled leaves the unlock to the others`() async throws {
        try await OperationsFixture.onOneThread {
            let fixture = await OperationsFixture()
            await fixture.clients.lock()
            var events = fixture.approvals.events().makeAsyncIterator()
            let pending = fixture.sending(
                fixture.client,
                try fixture.client.request(.testAssociate, triggerUnlock: true)
            )
            let question = try await fixture.next(&events)
            pending.cancel()
            #expect(try await pending.value.reply.success == false)
            let again = fixture.sending(
                fixture.client,
                try fixture.client.request(.getAllLogins, triggerUnlock: true)
            )
            await OperationsFixture.everythingElse()
            try await fixture.allow(question)
            #expect(try await again.value.reply.success)
            #expect(await fixture.asked().count == 1)
        }
    }
}
