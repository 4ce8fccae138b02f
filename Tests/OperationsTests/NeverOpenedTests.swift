// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import KeePassHTTP
import Synchronization
import Testing
import Vault

@testable import Operations

/// A vault whose Hash nobody knows, for it was never opened here: no answer is a 200 without one.
@Suite(.timeLimit(.minutes(1))) struct NeverOpenedTests {
    private static let ping = Array(#"{"RequestType":"test-associate","TriggerUnlock":false}"#.utf8)

    private func fixture() async -> OperationsFixture {
        let vault = MemoryVault("main", hash: nil)
        await vault.lock()
        return await OperationsFixture(vault: vault)
    }

    @Test func `a ping is a 503 that says what to do, and asks the person once`() async throws {
        let fixture = await fixture()
        var events = fixture.approvals.events().makeAsyncIterator()
        let requester = KnownRequester(known: .named("firefox"))
        for _ in 0..<2 {
            let answer = await fixture.handler.answer(Self.ping, from: requester)
            #expect(answer.status == 503)
            let reply = try IncomingReply(parsing: answer.body, key: nil)
            #expect(!reply.success && reply.hash == nil)
            #expect(reply.error == Refusal.neverOpened.sentence)
        }
        let question = try await fixture.next(&events)
        #expect(question.kind == .unlock)
        #expect(question.vault == "main")
        #expect(question.body.contains("The vault has never been opened on this computer."))
        #expect(!question.verified && question.client == nil)
        try await fixture.allow(question)
        while await fixture.vault.hash() == nil { await Task.yield() }
        // What is open is offered to no other program, whenever it has asked.
        let other = KnownRequester(known: .named("chromium", 200))
        #expect(await fixture.handler.answer(Self.ping, from: other).status == 200)
        #expect(await fixture.asked().count == 1)
    }

    @Test func `what is opened while it is being offered is not asked for`() async throws {
        let fixture = await fixture()
        let newcomer = TestClient(id: "")
        await fixture.vault.whenLookedAt { [vault = fixture.vault, approvals = fixture.approvals] in
            await vault.open()
            await approvals.opened("main")
        }
        let exchange = try await fixture.verified(newcomer, newcomer.request(.associate), .allow)
        #expect(await !fixture.asked().map(\.kind).contains(.unlock))
        #expect(exchange.reply.success && exchange.reply.hash == MemoryVault.hash)
    }

    @Test func `after the person's word the Hash is known`() async throws {
        let fixture = await fixture()
        let body = try fixture.client.request(.testAssociate, triggerUnlock: true)
        let exchange = try await fixture.verified(fixture.client, body, .allow)
        #expect(exchange.reply.success && exchange.reply.hash == MemoryVault.hash)
        let ping = try await fixture.verified(Self.ping)
        #expect(ping.status == 200 && ping.reply.hash == MemoryVault.hash)
    }

    @Test func `a program gets it again after ten minutes, and every program of its own`() async {
        let clock = Mutex(ContinuousClock.now)
        let offers = UnlockOffers(now: { clock.withLock { $0 } })
        let (one, other) = (ChargedPrograms(of: .named("a")), ChargedPrograms(of: .named("b")))
        #expect(await offers.begin(one))
        #expect(await !offers.begin(one))
        #expect(await offers.begin(other))
        // Who has another's process hold its connection, too, takes none of that one's.
        #expect(await offers.begin(ChargedPrograms(of: .sharedBy("c", "d"))))
        #expect(await offers.begin(ChargedPrograms(of: .named("d"))))
        #expect(await !offers.begin(ChargedPrograms(of: .sharedBy("c", "e"))))
        clock.withLock { $0 += .seconds(599) }
        #expect(await !offers.begin(one))
        clock.withLock { $0 += .seconds(1) }
        #expect(await offers.begin(one))
    }

    @Test func `another Origin is no other program`() async throws {
        let fixture = await fixture()
        for number in 0..<300 {
            let caller = Caller.named("firefox", origin: "moz-extension://\(number)")
            #expect(
                await fixture.handler.answer(Self.ping, from: KnownRequester(known: caller)).status == 503
            )
        }
        let offers = fixture.handler.parts.unlockOffers
        #expect(await !offers.begin(ChargedPrograms(of: .named("firefox"))))
        #expect(await offers.begin(ChargedPrograms(of: .named("chromium"))))
    }

    /// Where the person is to be asked because of it, and nobody knows the Hash.
    @Test(arguments: [false, true])
    func `nor does a signed ping with TriggerUnlock get a 200`(isStanding: Bool) async throws {
        for (id, hold) in [
            ("", Duration.seconds(15)), ("nobody", .seconds(15)), ("firefox", .seconds(15)),
            ("firefox", .zero),
        ] {
            let vault = MemoryVault("main", hash: nil)
            await vault.lock()
            var fixture = await OperationsFixture(Policy(unlocksOnRequest: isStanding), vault: vault)
            fixture.change { $0.testAssociateHold = hold }
            let client = id == "firefox" ? fixture.client : TestClient(id: id)
            let body = try client.request(.testAssociate, triggerUnlock: !isStanding)
            let exchange = try await fixture.verified(client, body, .deny)
            #expect(exchange.status == 503, "\(id): \(exchange.body)")
            #expect(exchange.reply.hash == nil && !exchange.reply.success)
            #expect(exchange.reply.error == Refusal.neverOpened.sentence)
        }
    }

    @Test func `a read of a program that is muted is no 200, either`() async throws {
        let fixture = await fixture()
        let associate = try TestClient(id: "", caller: fixture.client.caller).request(.associate)
        _ = try await fixture.verified(fixture.client, associate, .deny(Choices(muteSeconds: 60)))
        for type in [RequestType.getLogins, .getAllLogins, .testAssociate] {
            let body = try fixture.client.request(type, ["Url": "https://a.example/"], triggerUnlock: true)
            let exchange = try await fixture.verified(fixture.client, body, .allow)
            #expect(exchange.status == 503 && exchange.reply.hash == nil, "\(exchange.body)")
        }
        #expect(await fixture.asked().count == 1)
    }

    @Test func `nobody is asked for a program that can't be found out, or is muted`() async throws {
        let fixture = await fixture()
        #expect(await fixture.handler.answer(Self.ping, from: KnownRequester(known: .nobody)).status == 503)
        await OperationsFixture.everythingElse()
        #expect(await fixture.asked().isEmpty)
    }

    @Test(arguments: RequestType.allCases)
    func `no request gets a 200`(type: RequestType) async throws {
        let fixture = await fixture()
        let fields: KeyValuePairs = ["Url": "https://a.example/", "SearchString": "x", "Uuid": "00"]
        let body = try fixture.client.request(type, fields, names: ["x"])
        let exchange = try await fixture.verified(fixture.client, body, .deny, .deny)
        #expect(exchange.status == 503)
        #expect(exchange.reply.error?.isEmpty == false)
        let strange = TestClient(id: "firefox", caller: .named("perl", 300))
        let unverified = try await fixture.verified(
            strange,
            strange.request(type, fields, names: ["x"]),
            .deny,
            .deny
        )
        #expect(unverified.status == 503)
    }

    @Test func `a key that is kept already is welcomed with the real Hash`() async throws {
        let fixture = await fixture()
        let exchange = try await fixture.verified(fixture.client, fixture.client.request(.associate), .allow)
        #expect(await fixture.asked().map(\.kind) == [.unlock])
        #expect(exchange.reply.success && exchange.reply.hash == MemoryVault.hash)
        #expect(exchange.reply.id == fixture.client.id)
    }

    @Test func `the Hash of the second vault doesn't stand in for the first's`() async throws {
        let second = MemoryVault("work")
        await second.put(.at("https://a.example/", "a", allow: ["a.example"]))
        let first = MemoryVault("main", hash: nil)
        await first.lock()
        let fixture = await OperationsFixture(vault: first, others: [second])
        let body = try fixture.client.request(.getLogins, ["Url": "https://a.example/"])
        #expect(try await fixture.verified(fixture.client, body).status == 503)
        let unlocking = try fixture.client.request(
            .getLogins,
            ["Url": "https://a.example/"],
            triggerUnlock: true
        )
        let exchange = try await fixture.verified(fixture.client, unlocking, .allow)
        #expect(await fixture.asked().first?.vault == "main")
        #expect(await fixture.asked().map(\.kind) == [.unlock])
        #expect(exchange.status == 200 && exchange.reply.hash == MemoryVault.hash)
        #expect(exchange.titles == ["a"], "\(exchange.reply.error ?? "")")
    }
}
