// SPDX-License-Identifier: Apache-2.0

import Approval
import Callers
import Clients
import KeePassHTTP
import Testing
import Vault

@testable import Operations

@Suite(.timeLimit(.minutes(1))) struct OverwriteTests {
    /// Wants the Id that another key has.
    let usurper = TestClient(id: "firefox", caller: .named("chromium", 200))

    @Test func `an Id that another key holds takes a second question`() async throws {
        let fixture = await OperationsFixture()
        let exchange = try await fixture.verified(usurper, usurper.request(.associate), .allow, .allow)
        #expect(exchange.reply.id == "firefox")
        #expect(await fixture.asked().map(\.kind) == [.associate, .overwrite])
        #expect(await fixture.asked().first?.body.contains("Another client has the name “firefox”") == true)
        #expect(await fixture.asked().last?.client == "firefox")
        #expect(await fixture.asked().last?.fingerprint == usurper.key.fingerprint)
        #expect(await fixture.clients.client("firefox")?.fingerprint == usurper.key.fingerprint)
        let old = try await fixture.verified(fixture.client, fixture.client.request(.getAllLogins))
        #expect(old.reply.error == "Couldn't verify request")
    }

    @Test func `it is restricted as the one that it replaces, unless the person says otherwise`() async throws
    {
        let (former, other) = (
            try ClientRestriction(vaults: ["a"]), try ClientRestriction(hosts: ["b.example"])
        )
        let answers:
            [(associate: ClientRestriction?, overwrite: ClientRestriction?, result: ClientRestriction)] = [
                (nil, nil, former), (other, nil, other), (nil, other, other),
                (other, .everything, .everything),
            ]
        for answer in answers {
            let fixture = await OperationsFixture()
            await fixture.clients.restrict(fixture.client, to: former)
            let exchange = try await fixture.verified(
                usurper,
                usurper.request(.associate),
                .allow(Choices(restriction: answer.associate)),
                .allow(Choices(restriction: answer.overwrite))
            )
            #expect(exchange.reply.id == "firefox")
            #expect(await fixture.clients.client("firefox")?.restriction == answer.result)
        }
    }

    @Test func `the key that loses it is the one that the person was shown`() async throws {
        let fixture = await OperationsFixture(vault: MemoryVault(hash: nil))
        var events = fixture.approvals.events().makeAsyncIterator()
        let associate = fixture.sending(usurper, try usurper.request(.associate))
        for kind in [ApprovalKind.associate, .overwrite] {
            let question = try await fixture.next(&events)
            #expect(question.kind == kind)
            try await fixture.allow(question)
        }
        let unlock = try await fixture.next(&events)
        // Of the same program, and as old: nothing but the key tells it from the one that was shown.
        let newcomer = TestClient(id: "firefox")
        await fixture.clients.welcome(newcomer)
        try await fixture.allow(unlock)
        let second = try await fixture.next(&events)
        #expect(second.kind == .overwrite)
        try await fixture.deny(second)
        let third = try await fixture.next(&events)
        #expect(third.suggestedID == "firefox-2")
        #expect(third.body.contains("“firefox” stays with the client that has it"))
        try await fixture.allow(third)
        #expect(try await associate.value.reply.id == "firefox-2")
        #expect(await fixture.clients.client("firefox")?.fingerprint == newcomer.key.fingerprint)
        #expect(await fixture.clients.client("firefox-2")?.fingerprint == usurper.key.fingerprint)
    }

    @Test func `it goes once nobody has the name any more, and the name is the new key's`() async throws {
        let fixture = await OperationsFixture()
        var events = fixture.approvals.events().makeAsyncIterator()
        let pending = fixture.sending(usurper, try usurper.request(.associate))
        try await fixture.allow(try await fixture.next(&events))
        #expect(try await fixture.next(&events).kind == .overwrite)
        await fixture.clients.revoke(fixture.client)
        await fixture.approvals.end(.holder(fixture.client.key.fingerprint))
        #expect(await fixture.approvals.pending().isEmpty)
        #expect(try await pending.value.reply.id == "firefox")
        #expect(await fixture.clients.client("firefox")?.fingerprint == usurper.key.fingerprint)
        #expect(await fixture.asked().map(\.kind) == [.associate, .overwrite])
    }

    @Test func `two that wait for one unlock with the same suggested name get one each`() async throws {
        try await OperationsFixture.onOneThread {
            let fixture = await OperationsFixture(vault: MemoryVault(hash: nil))
            var events = fixture.approvals.events().makeAsyncIterator()
            let clients = (1...2).map { number in
                TestClient(id: "", caller: .named("firefox", 100, origin: "moz-extension://\(number)"))
            }
            var pending: [Task<Exchange, any Error>] = []
            var unlock: PendingRequest?
            for client in clients {
                pending.append(fixture.sending(client, try client.request(.associate)))
                let question = try await fixture.next(&events)
                #expect(question.kind == .associate && question.suggestedID == "firefox-2")
                try await fixture.allow(question)
                if unlock == nil { unlock = try await fixture.next(&events) }
            }
            await OperationsFixture.everythingElse()
            try await fixture.allow(try #require(unlock))
            var ids: Set<String?> = []
            for (client, task) in zip(clients, pending) {
                let id = try #require(try await task.value.reply.id)
                ids.insert(id)
                #expect(await fixture.clients.client(id)?.fingerprint == client.key.fingerprint)
            }
            #expect(ids == ["firefox-2", "firefox-3"])
            #expect(await fixture.asked().allSatisfy { $0.kind != .overwrite })
        }
    }

    @Test func `its denial brings the question back with a free name`() async throws {
        let fixture = await OperationsFixture()
        let exchange = try await fixture.verified(usurper, usurper.request(.associate), .allow, .deny, .allow)
        #expect(exchange.reply.id == "firefox-2")
        #expect(await fixture.asked().map(\.kind) == [.associate, .overwrite, .associate])
        #expect(await fixture.asked().last?.suggestedID == "firefox-2")
        #expect(await fixture.clients.client("firefox")?.fingerprint == fixture.client.key.fingerprint)
    }

    @Test func `a denial of that question ends it`() async throws {
        let fixture = await OperationsFixture()
        let exchange = try await fixture.verified(usurper, usurper.request(.associate), .allow, .deny, .deny)
        #expect(exchange.reply.success == false)
        #expect(await fixture.clients.ids() == ["firefox"])
    }

    @Test func `a person who names a taken Id is asked, too`() async throws {
        let fixture = await OperationsFixture()
        let client = TestClient(id: "", caller: .named("perl"))
        let exchange = try await fixture.verified(
            client,
            client.request(.associate),
            .allow(Choices(id: "firefox")),
            .deny,
            .deny
        )
        #expect(exchange.reply.success == false)
        #expect(await fixture.asked().map(\.kind) == [.associate, .overwrite, .associate])
    }

    @Test func `nothing that was decided for the old key outlives it`() async throws {
        let fixture = await OperationsFixture()
        let key = GrantKey(
            fingerprint: fixture.client.key.fingerprint,
            program: "/usr/bin/firefox",
            origin: nil,
            vault: "Passwords",
            kind: .release,
            host: "a.example"
        )
        await fixture.grants.remember(Grant(key: key, allows: true, entries: nil, scope: .always))
        _ = try await fixture.verified(usurper, usurper.request(.associate), .allow, .allow)
        #expect(await fixture.grants.grants.isEmpty)
    }

    @Test func `what the old key is asking for is withdrawn`() async throws {
        let fixture = await OperationsFixture()
        await fixture.vault.put(.at("https://a.example/", "a"))
        var events = fixture.approvals.events().makeAsyncIterator()
        let waiting = fixture.sending(
            fixture.client,
            try fixture.client.request(.getLogins, ["Url": "https://a.example/"])
        )
        _ = try await fixture.next(&events)
        _ = try await fixture.verified(usurper, usurper.request(.associate), .allow, .allow)
        let exchange = try await waiting.value
        #expect(exchange.reply.success == false)
        #expect(exchange.reply.entries.isEmpty)
    }

    @Test func `an attempt without an overwrite leaves the others' questions alone`() async throws {
        let fixture = await OperationsFixture()
        await fixture.vault.put(.at("https://a.example/", "a"))
        var events = fixture.approvals.events().makeAsyncIterator()
        let waiting = fixture.sending(
            fixture.client,
            try fixture.client.request(.getLogins, ["Url": "https://a.example/"])
        )
        let question = try await fixture.next(&events)
        let client = TestClient(id: "", caller: .named("perl"))
        _ = try await fixture.verified(client, client.request(.associate), .allow)
        try await fixture.allow(question)
        #expect(try await waiting.value.titles == ["a"])
    }
}
