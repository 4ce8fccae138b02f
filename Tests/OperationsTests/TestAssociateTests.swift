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
        let scene = await Scene()
        if isLocked {
            await scene.clients.lock()
            await scene.vault.lock()
        }
        let rung = try await scene.verified(Array(ping.utf8))
        #expect(rung.status == 200)
        #expect(rung.body == Self.answer)
        #expect(await scene.asked().isEmpty)
    }

    @Test func `a ping that is signed with a throw-away key and has no Id is a ping`() async throws {
        let rung = try await Scene().verified(TestClient(id: "").request(.testAssociate, triggerUnlock: true))
        #expect(rung.status == 200)
        #expect(rung.body == Self.answer)
    }

    @Test func `a known client is told so in a signed reply`() async throws {
        let scene = await Scene()
        let rung = try await scene.verified(scene.guest, scene.guest.request(.testAssociate))
        #expect(rung.status == 200)
        #expect(rung.reply.success)
        #expect(rung.reply.id == "firefox")
        #expect(rung.reply.hash == MemoryVault.hash)
        for member in ["Nonce", "Verifier", "Hmac"] { #expect(rung.body.contains("\"\(member)\":\"")) }
        #expect(!rung.body.contains("\"Error\""))
    }

    @Test func `each reply has a nonce of its own`() async throws {
        let scene = await Scene()
        let body = try scene.guest.request(.testAssociate)
        let first = try await scene.verified(scene.guest, body)
        let second = try await scene.verified(scene.guest, body)
        #expect(first.body != second.body)
    }

    @Test func `an unknown client gets a 200 without a signature`() async throws {
        let scene = await Scene()
        let rung = try await scene.verified(TestClient(id: "nobody").request(.testAssociate))
        #expect(rung.status == 200)
        #expect(rung.reply.success == false)
        #expect(rung.reply.error == "Couldn't verify request")
        #expect(rung.reply.hash == MemoryVault.hash)
        #expect(rung.reply.id == nil)
        #expect(!rung.body.contains("Nonce"))
    }

    @Test func `a broken keyring is no reason for another status`() async throws {
        let scene = await Scene()
        await scene.clients.fail(with: .noProvider)
        let rung = try await scene.verified(scene.guest, scene.guest.request(.testAssociate))
        #expect(rung.status == 200)
        #expect(rung.reply.success == false)
        #expect(rung.reply.hash == MemoryVault.hash)
    }

    // MARK: While the keyring is locked

    @Test func `without TriggerUnlock a locked keyring is just told of`() async throws {
        let scene = await Scene()
        await scene.clients.lock()
        let rung = try await scene.verified(scene.guest, scene.guest.request(.testAssociate))
        #expect(rung.status == 200)
        #expect(rung.reply.error == "Database locked")
        #expect(await scene.asked().isEmpty)
        #expect(await scene.clients.unlocks == 0)
    }

    @Test func `TriggerUnlock asks, saying that the Id is only claimed, and is answered after the unlock`()
        async throws
    {
        let scene = await Scene()
        await scene.clients.lock()
        let rung = try await scene.verified(
            scene.guest,
            scene.guest.request(.testAssociate, triggerUnlock: true),
            .allow
        )
        #expect(rung.reply.success)
        let asked = try #require(await scene.asked().first)
        #expect(asked.kind == .unlock)
        #expect(asked.client == "firefox")
        #expect(asked.verified == false)
        #expect(asked.vault == "keyring")
        #expect(await scene.clients.unlocks == 1)
    }

    @Test func `on_request stands for TriggerUnlock`() async throws {
        let scene = await Scene(Policy(unlocksOnRequest: true))
        await scene.clients.lock()
        let rung = try await scene.verified(scene.guest, scene.guest.request(.testAssociate), .allow)
        #expect(rung.reply.success)
    }

    @Test func `a denied unlock unlocks nothing`() async throws {
        let scene = await Scene()
        await scene.clients.lock()
        let body = try scene.guest.request(.testAssociate, triggerUnlock: true)
        let rung = try await scene.verified(scene.guest, body, .deny)
        #expect(rung.status == 200)
        #expect(rung.reply.error == "Database locked")
        // The next one is denied unseen for a while.
        _ = try await scene.verified(scene.guest, body, .allow)
        #expect(await scene.asked().count == 1)
        #expect(await scene.clients.unlocks == 0)
    }

    @Test func `a wrong key stays wrong after the unlock`() async throws {
        let scene = await Scene()
        await scene.clients.lock()
        let stranger = TestClient(id: "firefox")
        let rung = try await scene.verified(
            stranger,
            stranger.request(.testAssociate, triggerUnlock: true),
            .allow
        )
        #expect(rung.status == 200)
        #expect(rung.reply.error == "Couldn't verify request")
    }

    @Test func `an unlock prompt that comes to nothing says what to do`() async throws {
        let scene = await Scene()
        await scene.clients.lock()
        await scene.clients.fail(with: .dismissed)
        let rung = try await scene.verified(
            scene.guest,
            scene.guest.request(.testAssociate, triggerUnlock: true),
            .allow
        )
        #expect(rung.status == 200)
        #expect(rung.reply.error == KeyringError.dismissed.advice)
    }

    @Test func `an allow is used up by a prompt that comes to nothing: the next try asks again`() async throws
    {
        let scene = await Scene()
        await scene.clients.lock()
        await scene.clients.fail(with: .dismissed)
        let body = try scene.guest.request(.testAssociate, triggerUnlock: true)
        _ = try await scene.verified(scene.guest, body, .allow)
        _ = try await scene.verified(scene.guest, body, .deny)
        #expect(await scene.asked().map(\.kind) == [.unlock, .unlock])
    }

    @Test func `nor does a vault whose password was not given ask for it again unasked`() async throws {
        let scene = await Scene()
        await scene.vault.lock()
        await scene.vault.refuseUnlock(with: .unavailable("cancelled"))
        let body = try scene.guest.request(.getAllLogins, triggerUnlock: true)
        _ = try await scene.verified(scene.guest, body, .allow)
        _ = try await scene.verified(scene.guest, body, .deny)
        #expect(await scene.asked().map(\.kind) == [.unlock, .unlock])
        #expect(await scene.vault.unlocks == 1)
    }

    @Test func `what the person's programs say of themselves is told to no client`() async throws {
        let scene = await Scene()
        await scene.vault.lock()
        await scene.vault.refuseUnlock(with: .passwordUnavailable("/home/me/bin/get failed: secret"))
        let body = try scene.guest.request(.getAllLogins, triggerUnlock: true)
        let rung = try await scene.verified(scene.guest, body, .allow)
        #expect(rung.reply.error?.contains("`keybell unlock`") == true)
        #expect(!rung.body.contains("home") && !rung.body.contains("secret"))
    }

    @Test func `it is held for a while only, and the question goes on without it`() async throws {
        var scene = await Scene()
        scene.change { $0.testAssociateHold = .zero }
        await scene.clients.lock()
        var events = scene.approvals.events().makeAsyncIterator()
        let body = try scene.guest.request(.testAssociate, triggerUnlock: true)
        let rung = try await scene.ringing(scene.guest, body).value
        #expect(rung.status == 200)
        #expect(rung.reply.error == "Database locked")
        #expect(rung.reply.hash == MemoryVault.hash)

        let question = try await scene.next(&events)
        // Whoever asks now goes on after the same question.
        let read = scene.ringing(scene.guest, try scene.guest.request(.getAllLogins, triggerUnlock: true))
        try await scene.allow(question)
        #expect(try await read.value.reply.success)
        #expect(await scene.clients.unlocks == 1)
        #expect(await scene.asked().count == 1)
    }

    @Test func `all who wait for one allow share the unlock, and a failure of it`() async throws {
        for trouble in [nil, KeyringError.dismissed] {
            let scene = await Scene()
            await scene.clients.lock()
            await scene.clients.fail(with: trouble)
            var events = scene.approvals.events().makeAsyncIterator()
            let body = try scene.guest.request(.testAssociate, triggerUnlock: true)
            let all = (0..<6).map { _ in scene.ringing(scene.guest, body) }
            let question = try await scene.next(&events)
            while await scene.approvals.queue.waiting.first?.askers.count != all.count { await Task.yield() }
            try await scene.allow(question)
            for ringing in all {
                let reply = try await ringing.value.reply
                #expect(reply.error == trouble?.advice)
            }
            #expect(await scene.clients.attempts == 1)
            #expect(await scene.asked().count == 1)
        }
    }

    @Test func `what was opened while the asker was looked up is not asked for`() async throws {
        let scene = await Scene()
        await scene.clients.lock()
        // As if another request's unlock had come in between, whose allow is used up.
        await scene.clients.whenLookedAt { [approvals = scene.approvals, clients = scene.clients] in
            await clients.open()
            await approvals.opened(nil)
        }
        let body = try scene.guest.request(.testAssociate, triggerUnlock: true)
        #expect(try await scene.verified(scene.guest, body).reply.success)
        #expect(await scene.asked().isEmpty)
        #expect(await scene.clients.attempts == 0)
    }

    @Test func `what is open is not waited for`() async throws {
        var scene = await Scene()
        scene.change { $0.testAssociateHold = .zero }
        let body = try scene.guest.request(.testAssociate, triggerUnlock: true)
        let rung = try await scene.ringing(scene.guest, body).value
        #expect(rung.reply.success && rung.reply.hash == MemoryVault.hash)
    }

    @Test func `other requests wait for the person, not for the hold`() async throws {
        var scene = await Scene()
        scene.change { $0.testAssociateHold = .zero }
        await scene.clients.lock()
        let body = try scene.guest.request(.generatePassword, triggerUnlock: true)
        #expect(try await scene.verified(scene.guest, body, .allow).reply.success)
    }

    @Test func `an asker that is cancelled leaves the unlock to the others`() async throws {
        let scene = await Scene()
        await scene.clients.lock()
        var events = scene.approvals.events().makeAsyncIterator()
        let ringing = scene.ringing(
            scene.guest,
            try scene.guest.request(.testAssociate, triggerUnlock: true)
        )
        let question = try await scene.next(&events)
        ringing.cancel()
        #expect(try await ringing.value.reply.success == false)
        let again = scene.ringing(scene.guest, try scene.guest.request(.getAllLogins, triggerUnlock: true))
        try await scene.allow(question)
        #expect(try await again.value.reply.success)
        #expect(await scene.asked().count == 1)
    }
}
