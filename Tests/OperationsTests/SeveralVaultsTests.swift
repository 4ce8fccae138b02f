// SPDX-License-Identifier: Apache-2.0

import Approval
import KeePassHTTP
import Testing
import Vault

@testable import Operations

/// Several vaults of which one is locked: "nothing" is only ever said of all of them.
@Suite(.timeLimit(.minutes(1))) struct SeveralVaultsTests {
    private static let page = "https://a.example/"

    /// A first vault that is open and empty, and a second one that is locked and has a login.
    private func fixture() async -> (OperationsFixture, MemoryVault) {
        let second = MemoryVault("work")
        await second.put(.at(Self.page, "a", allow: ["a.example"]))
        await second.lock()
        let fixture = await OperationsFixture(rules: { $0.bulkAccess = .never }, others: [second])
        return (fixture, second)
    }

    private static func reads(_ client: TestClient, triggerUnlock: Bool) throws -> [[UInt8]] {
        [
            try client.request(.getLogins, ["Url": page], triggerUnlock: triggerUnlock),
            try client.request(.getLoginsCount, ["Url": page], triggerUnlock: triggerUnlock),
            try client.request(.getLoginsByNames, names: ["a"], triggerUnlock: triggerUnlock),
            try client.request(.getAllLogins, triggerUnlock: triggerUnlock),
            try client.request(.customSearch, ["SearchString": "a"], triggerUnlock: triggerUnlock),
        ]
    }

    @Test func `no request asks for more of a vault's status than whether it is locked`() async throws {
        let (fixture, second) = await fixture()
        for body in try Self.reads(fixture.client, triggerUnlock: false) {
            _ = try await fixture.verified(fixture.client, body)
        }
        let login = try fixture.client.request(.setLogin, ["Url": Self.page, "Login": "a", "Password": "b"])
        _ = try await fixture.verified(fixture.client, login, .allow)
        #expect(await fixture.vault.statuses == 0)
        #expect(await second.statuses == 0)
    }

    @Test func `where nothing matches and one is locked, a read that raises no unlock is a 503`() async throws
    {
        let (fixture, second) = await fixture()
        for body in try Self.reads(fixture.client, triggerUnlock: false) {
            let exchange = try await fixture.verified(fixture.client, body)
            #expect(exchange.status == 503)
            #expect(exchange.reply.error == "Database locked")
        }
        #expect(await fixture.asked().isEmpty)
        #expect(await second.unlocks == 0)
    }

    @Test(arguments: 0..<5)
    func `one that may raise an unlock raises it, naming the vault, and looks again`(number: Int) async throws
    {
        let (fixture, second) = await fixture()
        let body = try Self.reads(fixture.client, triggerUnlock: true)[number]
        let exchange = try await fixture.verified(fixture.client, body, .allow)
        let asked = await fixture.asked()
        #expect(asked.map(\.kind) == [.unlock])
        #expect(asked.first?.vault == "work")
        #expect(await second.unlocks == 1)
        #expect(exchange.status == 200)
        #expect(number == 1 ? exchange.reply.count == 1 : exchange.titles == ["a"])
    }

    @Test(arguments: 0..<5)
    func `an unlock that would come to nothing isn't offered, and its client is told why`(number: Int)
        async throws
    {
        let (fixture, second) = await fixture()
        await second.keepClosed(because: "run `keybell unlock`")
        let body = try Self.reads(fixture.client, triggerUnlock: true)[number]
        let exchange = try await fixture.verified(fixture.client, body, .allow)
        #expect(exchange.reply.error == "run `keybell unlock`")
        #expect(await fixture.asked().isEmpty)
        // What can be opened is asked about without the other.
        await fixture.vault.lock()
        _ = try await fixture.verified(fixture.client, body, .allow)
        #expect(await fixture.asked().map(\.vault) == [fixture.vault.name])
        #expect(await second.unlocks == 0)
    }

    @Test func `a denied unlock is no empty success`() async throws {
        let (fixture, second) = await fixture()
        let body = try fixture.client.request(.getLogins, ["Url": Self.page], triggerUnlock: true)
        #expect(try await fixture.verified(fixture.client, body, .deny).status == 503)
        #expect(await second.unlocks == 0)
    }

    @Test func `a denial says nothing of what the person has opened by hand meanwhile`() async throws {
        let (fixture, second) = await fixture()
        await fixture.vault.lock()
        var events = fixture.approvals.events().makeAsyncIterator()
        let body = try fixture.client.request(.getLogins, ["Url": Self.page], triggerUnlock: true)
        let pending = fixture.sending(fixture.client, body)
        let question = try await fixture.next(&events)
        try await second.unlock(for: UnlockReason())
        try await fixture.deny(question)
        #expect(try await pending.value.titles == ["a"])
        #expect(await second.unlocks == 1)
    }

    @Test func `what was opened by hand and locked again is opened for nobody who has waited for it`()
        async throws
    {
        let fixture = await OperationsFixture()
        await fixture.vault.lock()
        var events = fixture.approvals.events().makeAsyncIterator()
        let body = try fixture.client.request(.getLogins, ["Url": Self.page], triggerUnlock: true)
        let sending = fixture.sending(fixture.client, body)
        _ = try await fixture.next(&events)
        // Told late: it is locked by now.
        await fixture.approvals.opened(fixture.vault.name)
        let exchange = try await sending.value
        #expect(exchange.status == 503)
        #expect(await fixture.vault.unlocks == 0)
    }

    @Test func `an allow for one vault opens no other that somebody asks for meanwhile`() async throws {
        try await OperationsFixture.onOneThread {
            let (fixture, second) = await fixture()
            await second.put(.at(Self.page, "b"))
            await fixture.vault.lock()
            try await second.unlock(for: UnlockReason())
            var events = fixture.approvals.events().makeAsyncIterator()
            // A new login is for the first vault.
            let save = fixture.sending(
                fixture.client,
                try fixture.client.request(.setLogin, ["Url": Self.page, "Login": "c"], triggerUnlock: true)
            )
            let first = try await fixture.next(&events)
            #expect(first.vault == "Passwords")
            await second.lock()
            let read = fixture.sending(
                fixture.client,
                try fixture.client.request(.getLogins, ["Url": Self.page], triggerUnlock: true)
            )
            await OperationsFixture.everythingElse()
            #expect(await fixture.approvals.pending().count == 1)
            try await fixture.allow(first)
            let others = [try await fixture.next(&events), try await fixture.next(&events)]
            #expect(Set(others.map(\.kind)) == [.unlock, .save])
            #expect(await fixture.vault.unlocks == 1)
            #expect(await second.unlocks == 1)
            for question in others { try await fixture.deny(question) }
            _ = try await (save.value, read.value)
            #expect(await second.unlocks == 1)
        }
    }

    @Test func `where something matches the reply comes from what is open, and nothing is unlocked`()
        async throws
    {
        let (fixture, second) = await fixture()
        await fixture.vault.put(.at(Self.page, "mine", allow: ["a.example"]))
        let body = try fixture.client.request(.getLogins, ["Url": Self.page], triggerUnlock: true)
        #expect(try await fixture.verified(fixture.client, body).titles == ["mine"])
        #expect(await fixture.asked().isEmpty)
        #expect(await second.unlocks == 0)
    }

    @Test func `where none is open all are named, and one that opens is enough`() async throws {
        let (fixture, second) = await fixture()
        await fixture.vault.lock()
        await fixture.vault.refuseUnlock(with: .locked)
        let body = try fixture.client.request(.getLogins, ["Url": Self.page], triggerUnlock: true)
        let exchange = try await fixture.verified(fixture.client, body, .allow)
        #expect(await fixture.asked().first?.vault == "Passwords, work")
        #expect(exchange.titles == ["a"])
        #expect(await second.unlocks == 1)
    }

    @Test func `an entry that is changed by its uuid is looked for in what is locked, too`() async throws {
        let (fixture, second) = await fixture()
        let id = try #require(await second.all().first?.id.hex)
        let change = try fixture.client.request(
            .setLogin,
            ["Uuid": id, "Password": "new"],
            triggerUnlock: true
        )
        let exchange = try await fixture.verified(fixture.client, change, .allow, .allow)
        #expect(await fixture.asked().map(\.kind) == [.unlock, .save])
        #expect(exchange.reply.success)
        #expect(await second.saves.count == 1)
    }

    @Test func `a search that looks at more names every vault that it may have unlocked`() async throws {
        let (fixture, _) = await fixture()
        var rules = ClientRules()
        rules.bulkAccess = .always
        let asking = await OperationsFixture(
            Policy(standard: rules),
            vault: fixture.vault,
            others: [await locked()]
        )
        let body = try asking.client.request(
            .customSearch,
            ["SearchString": "a"],
            triggerUnlock: true,
            flags: [("SearchInPasswords", true)]
        )
        let exchange = try await asking.verified(asking.client, body, .allow, .allow)
        let asked = await asking.asked()
        #expect(asked.map(\.kind) == [.release, .unlock])
        #expect(asked.first?.vault == "Passwords, work")
        #expect(exchange.titles == ["a"])
    }

    private func locked() async -> MemoryVault {
        let vault = MemoryVault("work")
        await vault.put(.at(Self.page, "a"))
        await vault.lock()
        return vault
    }
}
