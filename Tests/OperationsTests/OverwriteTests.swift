// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients
import KeePassHTTP
import Testing

@testable import Operations

@Suite(.timeLimit(.minutes(1))) struct OverwriteTests {
    /// Wants the Id that another key has.
    let usurper = TestClient(id: "firefox", caller: .named("chromium", 200))

    @Test func `an Id that another key holds takes a second question`() async throws {
        let scene = await Scene()
        let rung = try await scene.verified(usurper, usurper.request(.associate), .allow, .allow)
        #expect(rung.reply.id == "firefox")
        #expect(await scene.asked().map(\.kind) == [.associate, .overwrite])
        #expect(await scene.asked().last?.client == "firefox")
        #expect(await scene.asked().last?.fingerprint == usurper.key.fingerprint)
        #expect(await scene.clients.client("firefox")?.fingerprint == usurper.key.fingerprint)
        let old = try await scene.verified(scene.guest, scene.guest.request(.getAllLogins))
        #expect(old.reply.error == "Couldn't verify request")
    }

    @Test func `the key that loses it is the one that the person was shown`() async throws {
        let scene = await Scene(vault: MemoryVault(hash: nil))
        var events = scene.approvals.events().makeAsyncIterator()
        let associate = scene.ringing(usurper, try usurper.request(.associate))
        for kind in [ApprovalKind.associate, .overwrite] {
            let question = try await scene.next(&events)
            #expect(question.kind == kind)
            try await scene.allow(question)
        }
        let unlock = try await scene.next(&events)
        // Of the same program, and as old: nothing but the key tells it from the one that was shown.
        let newcomer = TestClient(id: "firefox")
        await scene.clients.welcome(newcomer)
        try await scene.allow(unlock)
        let second = try await scene.next(&events)
        #expect(second.kind == .overwrite)
        try await scene.deny(second)
        let third = try await scene.next(&events)
        #expect(third.suggestedID == "firefox-2")
        try await scene.allow(third)
        #expect(try await associate.value.reply.id == "firefox-2")
        #expect(await scene.clients.client("firefox")?.fingerprint == newcomer.key.fingerprint)
        #expect(await scene.clients.client("firefox-2")?.fingerprint == usurper.key.fingerprint)
    }

    @Test func `two that wait for one unlock with the same suggested name get one each`() async throws {
        try await Scene.onOneThread {
            let scene = await Scene(vault: MemoryVault(hash: nil))
            var events = scene.approvals.events().makeAsyncIterator()
            let guests = (1...2).map { number in
                TestClient(id: "", caller: .named("firefox", 100, origin: "moz-extension://\(number)"))
            }
            var ringing: [Task<Rung, any Error>] = []
            var unlock: PendingRequest?
            for guest in guests {
                ringing.append(scene.ringing(guest, try guest.request(.associate)))
                let question = try await scene.next(&events)
                #expect(question.kind == .associate && question.suggestedID == "firefox-2")
                try await scene.allow(question)
                if unlock == nil { unlock = try await scene.next(&events) }
            }
            await Scene.everythingElse()
            try await scene.allow(try #require(unlock))
            var ids: Set<String?> = []
            for (guest, task) in zip(guests, ringing) {
                let id = try #require(try await task.value.reply.id)
                ids.insert(id)
                #expect(await scene.clients.client(id)?.fingerprint == guest.key.fingerprint)
            }
            #expect(ids == ["firefox-2", "firefox-3"])
            #expect(await scene.asked().allSatisfy { $0.kind != .overwrite })
        }
    }

    @Test func `its denial brings the question back with a free name`() async throws {
        let scene = await Scene()
        let rung = try await scene.verified(usurper, usurper.request(.associate), .allow, .deny, .allow)
        #expect(rung.reply.id == "firefox-2")
        #expect(await scene.asked().map(\.kind) == [.associate, .overwrite, .associate])
        #expect(await scene.asked().last?.suggestedID == "firefox-2")
        #expect(await scene.clients.client("firefox")?.fingerprint == scene.guest.key.fingerprint)
    }

    @Test func `a denial of that question ends it`() async throws {
        let scene = await Scene()
        let rung = try await scene.verified(usurper, usurper.request(.associate), .allow, .deny, .deny)
        #expect(rung.reply.success == false)
        #expect(await scene.clients.ids() == ["firefox"])
    }

    @Test func `a person who names a taken Id is asked, too`() async throws {
        let scene = await Scene()
        let guest = TestClient(id: "", caller: .named("perl"))
        let rung = try await scene.verified(
            guest,
            guest.request(.associate),
            .allow(Choices(id: "firefox")),
            .deny,
            .deny
        )
        #expect(rung.reply.success == false)
        #expect(await scene.asked().map(\.kind) == [.associate, .overwrite, .associate])
    }

    @Test func `nothing that was decided for the old key outlives it`() async throws {
        let scene = await Scene()
        let key = GrantKey(
            fingerprint: scene.guest.key.fingerprint,
            program: "/usr/bin/firefox",
            origin: nil,
            vault: "Passwords",
            kind: .release,
            host: "a.example"
        )
        await scene.grants.remember(Grant(key: key, allows: true, entries: nil, scope: .always))
        _ = try await scene.verified(usurper, usurper.request(.associate), .allow, .allow)
        #expect(await scene.grants.grants.isEmpty)
    }

    @Test func `what the old key is asking for is withdrawn`() async throws {
        let scene = await Scene()
        await scene.vault.put(.at("https://a.example/", "a"))
        var events = scene.approvals.events().makeAsyncIterator()
        let waiting = scene.ringing(
            scene.guest,
            try scene.guest.request(.getLogins, ["Url": "https://a.example/"])
        )
        _ = try await scene.next(&events)
        _ = try await scene.verified(usurper, usurper.request(.associate), .allow, .allow)
        let rung = try await waiting.value
        #expect(rung.reply.success == false)
        #expect(rung.reply.entries.isEmpty)
    }

    @Test func `an attempt without an overwrite leaves the others' questions alone`() async throws {
        let scene = await Scene()
        await scene.vault.put(.at("https://a.example/", "a"))
        var events = scene.approvals.events().makeAsyncIterator()
        let waiting = scene.ringing(
            scene.guest,
            try scene.guest.request(.getLogins, ["Url": "https://a.example/"])
        )
        let question = try await scene.next(&events)
        let guest = TestClient(id: "", caller: .named("perl"))
        _ = try await scene.verified(guest, guest.request(.associate), .allow)
        try await scene.allow(question)
        #expect(try await waiting.value.titles == ["a"])
    }
}
