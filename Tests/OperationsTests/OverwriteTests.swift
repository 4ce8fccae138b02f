// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients
import KeePassHTTP
import Testing

@testable import Operations

@Suite(.timeLimit(.minutes(1))) struct OverwriteTests {
    /// Wants the Id that another key has.
    let usurper = Guest(id: "firefox", caller: .named("chromium", 200))

    @Test func `an Id that another key holds takes a second word`() async throws {
        let scene = await Scene()
        let rung = try await scene.ring(usurper, usurper.request(.associate), .allow, .allow)
        #expect(rung.reply.id == "firefox")
        #expect(await scene.asked().map(\.kind) == [.associate, .overwrite])
        #expect(await scene.asked().last?.client == "firefox")
        #expect(await scene.asked().last?.fingerprint == usurper.key.fingerprint)
        #expect(await scene.clients.client("firefox")?.fingerprint == usurper.key.fingerprint)
        let old = try await scene.ring(scene.guest, scene.guest.request(.getAllLogins))
        #expect(old.reply.error == "Couldn't verify request")
    }

    @Test func `its denial brings the question back with a free name`() async throws {
        let scene = await Scene()
        let rung = try await scene.ring(usurper, usurper.request(.associate), .allow, .deny, .allow)
        #expect(rung.reply.id == "firefox-2")
        #expect(await scene.asked().map(\.kind) == [.associate, .overwrite, .associate])
        #expect(await scene.asked().last?.suggestedID == "firefox-2")
        #expect(await scene.clients.client("firefox")?.fingerprint == scene.guest.key.fingerprint)
    }

    @Test func `a denial of that question ends it`() async throws {
        let scene = await Scene()
        let rung = try await scene.ring(usurper, usurper.request(.associate), .allow, .deny, .deny)
        #expect(rung.reply.success == false)
        #expect(await scene.clients.ids() == ["firefox"])
    }

    @Test func `a person who names a taken Id is asked, too`() async throws {
        let scene = await Scene()
        let guest = Guest(id: "", caller: .named("perl"))
        let rung = try await scene.ring(
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
        _ = try await scene.ring(usurper, usurper.request(.associate), .allow, .allow)
        #expect(await scene.grants.grants.isEmpty)
    }

    @Test func `what the old key is asking for is withdrawn`() async throws {
        let scene = await Scene()
        await scene.vault.put(.at("https://a.example/", "a"))
        var events = scene.desk.events().makeAsyncIterator()
        let waiting = scene.ringing(
            scene.guest,
            try scene.guest.request(.getLogins, ["Url": "https://a.example/"])
        )
        _ = try await scene.next(&events)
        _ = try await scene.ring(usurper, usurper.request(.associate), .allow, .allow)
        let rung = try await waiting.value
        #expect(rung.reply.success == false)
        #expect(rung.reply.entries.isEmpty)
    }

    @Test func `an attempt without an overwrite leaves the others' questions alone`() async throws {
        let scene = await Scene()
        await scene.vault.put(.at("https://a.example/", "a"))
        var events = scene.desk.events().makeAsyncIterator()
        let waiting = scene.ringing(
            scene.guest,
            try scene.guest.request(.getLogins, ["Url": "https://a.example/"])
        )
        let question = try await scene.next(&events)
        let guest = Guest(id: "", caller: .named("perl"))
        _ = try await scene.ring(guest, guest.request(.associate), .allow)
        try await scene.allow(question)
        #expect(try await waiting.value.titles == ["a"])
    }
}
