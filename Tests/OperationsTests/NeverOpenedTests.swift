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

    private func scene() async -> Scene {
        let vault = MemoryVault("main", hash: nil)
        await vault.lock()
        return await Scene(vault: vault)
    }

    @Test func `a ping is a 503 that says what to do, and asks the person once`() async throws {
        let scene = await scene()
        var events = scene.approvals.events().makeAsyncIterator()
        let requester = KnownRequester(known: .named("firefox"))
        for _ in 0..<2 {
            let answer = await scene.handler.answer(Self.ping, from: requester)
            #expect(answer.status == 503)
            let reply = try IncomingReply(parsing: answer.body, key: nil)
            #expect(!reply.success && reply.hash == nil)
            #expect(reply.error == Refusal.neverOpened("main").sentence)
        }
        let question = try await scene.next(&events)
        #expect(question.kind == .unlock)
        #expect(question.vault == "main")
        #expect(question.body.contains("It has never been opened here."))
        #expect(!question.verified && question.client == nil)
        try await scene.allow(question)
        while await scene.vault.hash() == nil { await Task.yield() }
        // What is open is offered to no other program, whenever it has asked.
        let other = KnownRequester(known: .named("chromium", 200))
        #expect(await scene.handler.answer(Self.ping, from: other).status == 200)
        #expect(await scene.asked().count == 1)
    }

    @Test func `what is opened while it is being offered is not asked for`() async throws {
        let scene = await scene()
        let newcomer = TestClient(id: "")
        await scene.vault.whenLookedAt { [vault = scene.vault, approvals = scene.approvals] in
            await vault.open()
            await approvals.opened("main")
        }
        let rung = try await scene.verified(newcomer, newcomer.request(.associate), .allow)
        #expect(await !scene.asked().map(\.kind).contains(.unlock))
        #expect(rung.reply.success && rung.reply.hash == MemoryVault.hash)
    }

    @Test func `after the person's word the Hash is known`() async throws {
        let scene = await scene()
        let body = try scene.guest.request(.testAssociate, triggerUnlock: true)
        let rung = try await scene.verified(scene.guest, body, .allow)
        #expect(rung.reply.success && rung.reply.hash == MemoryVault.hash)
        let ping = try await scene.verified(Self.ping)
        #expect(ping.status == 200 && ping.reply.hash == MemoryVault.hash)
    }

    @Test func `a program gets it again after ten minutes, and every program of its own`() async {
        let clock = Mutex(ContinuousClock.now)
        let offers = UnlockOffers(now: { clock.withLock { $0 } })
        let (one, other) = (ProgramSet(of: .named("a")), ProgramSet(of: .named("b")))
        #expect(await offers.begin(one))
        #expect(await !offers.begin(one))
        #expect(await offers.begin(other))
        // Who has another's process hold its connection, too, takes none of that one's.
        #expect(await offers.begin(ProgramSet(of: .sharedBy("c", "d"))))
        #expect(await offers.begin(ProgramSet(of: .named("d"))))
        #expect(await !offers.begin(ProgramSet(of: .sharedBy("c", "e"))))
        clock.withLock { $0 += .seconds(599) }
        #expect(await !offers.begin(one))
        clock.withLock { $0 += .seconds(1) }
        #expect(await offers.begin(one))
    }

    @Test func `another Origin is no other program`() async throws {
        let scene = await scene()
        for number in 0..<300 {
            let caller = Caller.named("firefox", origin: "moz-extension://\(number)")
            #expect(await scene.handler.answer(Self.ping, from: KnownRequester(known: caller)).status == 503)
        }
        let offers = scene.handler.parts.unlockOffers
        #expect(await !offers.begin(ProgramSet(of: .named("firefox"))))
        #expect(await offers.begin(ProgramSet(of: .named("chromium"))))
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
            var scene = await Scene(Policy(unlocksOnRequest: isStanding), vault: vault)
            scene.change { $0.testAssociateHold = hold }
            let guest = id == "firefox" ? scene.guest : TestClient(id: id)
            let body = try guest.request(.testAssociate, triggerUnlock: !isStanding)
            let rung = try await scene.verified(guest, body, .deny)
            #expect(rung.status == 503, "\(id): \(rung.body)")
            #expect(rung.reply.hash == nil && !rung.reply.success)
            #expect(rung.reply.error == Refusal.neverOpened("main").sentence)
        }
    }

    @Test func `a read of a program that is muted is no 200, either`() async throws {
        let scene = await scene()
        let associate = try TestClient(id: "", caller: scene.guest.caller).request(.associate)
        _ = try await scene.verified(scene.guest, associate, .deny(Choices(muteSeconds: 60)))
        for type in [RequestType.getLogins, .getAllLogins, .testAssociate] {
            let body = try scene.guest.request(type, ["Url": "https://a.example/"], triggerUnlock: true)
            let rung = try await scene.verified(scene.guest, body, .allow)
            #expect(rung.status == 503 && rung.reply.hash == nil, "\(rung.body)")
        }
        #expect(await scene.asked().count == 1)
    }

    @Test func `nobody is asked for a program that can't be found out, or is muted`() async throws {
        let scene = await scene()
        #expect(await scene.handler.answer(Self.ping, from: KnownRequester(known: .nobody)).status == 503)
        await Scene.everythingElse()
        #expect(await scene.asked().isEmpty)
    }

    @Test(arguments: RequestType.allCases)
    func `no request gets a 200`(type: RequestType) async throws {
        let scene = await scene()
        let fields: KeyValuePairs = ["Url": "https://a.example/", "SearchString": "x", "Uuid": "00"]
        let body = try scene.guest.request(type, fields, names: ["x"])
        let rung = try await scene.verified(scene.guest, body, .deny, .deny)
        #expect(rung.status == 503)
        #expect(rung.reply.error?.isEmpty == false)
        let strange = TestClient(id: "firefox", caller: .named("perl", 300))
        let unverified = try await scene.verified(
            strange,
            strange.request(type, fields, names: ["x"]),
            .deny,
            .deny
        )
        #expect(unverified.status == 503)
    }

    @Test func `a key that is kept already is welcomed with the real Hash`() async throws {
        let scene = await scene()
        let rung = try await scene.verified(scene.guest, scene.guest.request(.associate), .allow)
        #expect(await scene.asked().map(\.kind) == [.unlock])
        #expect(rung.reply.success && rung.reply.hash == MemoryVault.hash)
        #expect(rung.reply.id == scene.guest.id)
    }

    @Test func `the Hash of the second vault doesn't stand in for the first's`() async throws {
        let second = MemoryVault("work")
        await second.put(.at("https://a.example/", "a", allow: ["a.example"]))
        let first = MemoryVault("main", hash: nil)
        await first.lock()
        let scene = await Scene(vault: first, others: [second])
        let body = try scene.guest.request(.getLogins, ["Url": "https://a.example/"])
        #expect(try await scene.verified(scene.guest, body).status == 503)
        let unlocking = try scene.guest.request(
            .getLogins,
            ["Url": "https://a.example/"],
            triggerUnlock: true
        )
        let rung = try await scene.verified(scene.guest, unlocking, .allow)
        #expect(await scene.asked().first?.vault == "main")
        #expect(await scene.asked().map(\.kind) == [.unlock])
        #expect(rung.status == 200 && rung.reply.hash == MemoryVault.hash)
        #expect(rung.titles == ["a"], "\(rung.reply.error ?? "")")
    }
}
