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
    private func scene() async -> (Scene, MemoryVault) {
        let second = MemoryVault("work")
        await second.put(.at(Self.page, "a", allow: ["a.example"]))
        await second.lock()
        let scene = await Scene(rules: { $0.bulkAccess = .never }, others: [second])
        return (scene, second)
    }

    private static func reads(_ guest: TestClient, triggerUnlock: Bool) throws -> [[UInt8]] {
        [
            try guest.request(.getLogins, ["Url": page], triggerUnlock: triggerUnlock),
            try guest.request(.getLoginsCount, ["Url": page], triggerUnlock: triggerUnlock),
            try guest.request(.getLoginsByNames, names: ["a"], triggerUnlock: triggerUnlock),
            try guest.request(.getAllLogins, triggerUnlock: triggerUnlock),
            try guest.request(.customSearch, ["SearchString": "a"], triggerUnlock: triggerUnlock),
        ]
    }

    @Test func `where nothing matches and one is locked, a read that raises no unlock is a 503`() async throws
    {
        let (scene, second) = await scene()
        for body in try Self.reads(scene.guest, triggerUnlock: false) {
            let rung = try await scene.verified(scene.guest, body)
            #expect(rung.status == 503)
            #expect(rung.reply.error == "Database locked")
        }
        #expect(await scene.asked().isEmpty)
        #expect(await second.unlocks == 0)
    }

    @Test(arguments: 0..<5)
    func `one that may raise an unlock raises it, naming the vault, and looks again`(number: Int) async throws
    {
        let (scene, second) = await scene()
        let body = try Self.reads(scene.guest, triggerUnlock: true)[number]
        let rung = try await scene.verified(scene.guest, body, .allow)
        let asked = await scene.asked()
        #expect(asked.map(\.kind) == [.unlock])
        #expect(asked.first?.vault == "work")
        #expect(await second.unlocks == 1)
        #expect(rung.status == 200)
        #expect(number == 1 ? rung.reply.count == 1 : rung.titles == ["a"])
    }

    @Test func `a denied unlock is no empty success`() async throws {
        let (scene, second) = await scene()
        let body = try scene.guest.request(.getLogins, ["Url": Self.page], triggerUnlock: true)
        #expect(try await scene.verified(scene.guest, body, .deny).status == 503)
        #expect(await second.unlocks == 0)
    }

    @Test func `a denial says nothing of what the person has opened by hand meanwhile`() async throws {
        let (scene, second) = await scene()
        await scene.vault.lock()
        var events = scene.approvals.events().makeAsyncIterator()
        let body = try scene.guest.request(.getLogins, ["Url": Self.page], triggerUnlock: true)
        let ringing = scene.ringing(scene.guest, body)
        let question = try await scene.next(&events)
        try await second.unlock(for: UnlockReason())
        try await scene.deny(question)
        #expect(try await ringing.value.titles == ["a"])
        #expect(await second.unlocks == 1)
    }

    @Test func `an allow for one vault opens no other that somebody asks for meanwhile`() async throws {
        try await Scene.onOneThread {
            let (scene, second) = await scene()
            await second.put(.at(Self.page, "b"))
            await scene.vault.lock()
            try await second.unlock(for: UnlockReason())
            var events = scene.approvals.events().makeAsyncIterator()
            // A new login is for the first vault.
            let save = scene.ringing(
                scene.guest,
                try scene.guest.request(.setLogin, ["Url": Self.page, "Login": "c"], triggerUnlock: true)
            )
            let first = try await scene.next(&events)
            #expect(first.vault == "Passwords")
            await second.lock()
            let read = scene.ringing(
                scene.guest,
                try scene.guest.request(.getLogins, ["Url": Self.page], triggerUnlock: true)
            )
            await Scene.everythingElse()
            #expect(await scene.approvals.pending().count == 1)
            try await scene.allow(first)
            let others = [try await scene.next(&events), try await scene.next(&events)]
            #expect(Set(others.map(\.kind)) == [.unlock, .save])
            #expect(await scene.vault.unlocks == 1)
            #expect(await second.unlocks == 1)
            for question in others { try await scene.deny(question) }
            _ = try await (save.value, read.value)
            #expect(await second.unlocks == 1)
        }
    }

    @Test func `where something matches the reply comes from what is open, and nothing is unlocked`()
        async throws
    {
        let (scene, second) = await scene()
        await scene.vault.put(.at(Self.page, "mine", allow: ["a.example"]))
        let body = try scene.guest.request(.getLogins, ["Url": Self.page], triggerUnlock: true)
        #expect(try await scene.verified(scene.guest, body).titles == ["mine"])
        #expect(await scene.asked().isEmpty)
        #expect(await second.unlocks == 0)
    }

    @Test func `where none is open all are named, and one that opens is enough`() async throws {
        let (scene, second) = await scene()
        await scene.vault.lock()
        await scene.vault.refuseUnlock(with: .locked)
        let body = try scene.guest.request(.getLogins, ["Url": Self.page], triggerUnlock: true)
        let rung = try await scene.verified(scene.guest, body, .allow)
        #expect(await scene.asked().first?.vault == "Passwords, work")
        #expect(rung.titles == ["a"])
        #expect(await second.unlocks == 1)
    }

    @Test func `an entry that is changed by its uuid is looked for in what is locked, too`() async throws {
        let (scene, second) = await scene()
        let id = try #require(await second.all().first?.id.hex)
        let change = try scene.guest.request(
            .setLogin,
            ["Uuid": id, "Password": "new"],
            triggerUnlock: true
        )
        let rung = try await scene.verified(scene.guest, change, .allow, .allow)
        #expect(await scene.asked().map(\.kind) == [.unlock, .save])
        #expect(rung.reply.success)
        #expect(await second.saves.count == 1)
    }

    @Test func `a search that looks at more names every vault that it may have unlocked`() async throws {
        let (scene, _) = await scene()
        var rules = ClientRules()
        rules.bulkAccess = .always
        let asking = await Scene(Policy(standard: rules), vault: scene.vault, others: [await locked()])
        let body = try asking.guest.request(
            .customSearch,
            ["SearchString": "a"],
            triggerUnlock: true,
            flags: [("SearchInPasswords", true)]
        )
        let rung = try await asking.verified(asking.guest, body, .allow, .allow)
        let asked = await asking.asked()
        #expect(asked.map(\.kind) == [.release, .unlock])
        #expect(asked.first?.vault == "Passwords, work")
        #expect(rung.titles == ["a"])
    }

    private func locked() async -> MemoryVault {
        let vault = MemoryVault("work")
        await vault.put(.at(Self.page, "a"))
        await vault.lock()
        return vault
    }
}
