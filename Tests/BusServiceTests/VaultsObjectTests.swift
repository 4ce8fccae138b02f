// SPDX-License-Identifier: Apache-2.0

import Audit
import BusInterface
import DBus
import TestSupport
import Testing
import Vault

struct `Vaults on the bus` {
    let fixture: ServiceFixture

    init() async throws {
        fixture = try await ServiceFixture()
    }

    private func call(_ method: BusMethod, _ name: String) async throws(DBusError) {
        try await fixture.call(method, of: VaultsInterface.description, [.string(name)])
    }

    private func list() async throws -> [[String: Value]] {
        let answer = try await fixture.call(VaultsInterface.list, of: VaultsInterface.description)
        return try #require(answer.first?.asArray).compactMap(\.vardict)
    }

    @Test func `a vault is listed with all that is known of it`() async throws {
        let expected: [String: Value] = [
            "name": .string("passwords"), "kind": .string("kdbx"),
            "path": .string("/home/me/passwords.kdbx"), "locked": .boolean(false), "entries": .uint32(3),
            "hash": .string(""),
        ]
        #expect(try await list() == [expected])
    }

    @Test func `a vault that the configuration no longer has is listed while something is in memory alone`()
        async throws
    {
        let closed = [FakeVault("done"), FakeVault("former", unkept: "The disk is full.")]
        let fixture = try await ServiceFixture(closed: closed)
        let answer = try await fixture.call(VaultsInterface.list, of: VaultsInterface.description)
        let listed = try #require(answer.first?.asArray).compactMap(\.vardict)
        #expect(listed.map { $0["name"] } == [.string("passwords"), .string("former")])
        #expect(listed.last?["unkept"] == .string("The disk is full."))
        await #expect(throws: DBusError.self) {
            try await fixture.call(
                VaultsInterface.unlock,
                of: VaultsInterface.description,
                [.string("former")]
            )
        }
    }

    @Test(arguments: ["passwords", ""])
    func `a vault is locked and unlocked by its name or among all`(name: String) async throws {
        let changes = try await fixture.client.signals(
            sender: KeybellBus.name,
            interface: VaultsInterface.name,
            member: "Changed"
        )
        var next = changes.makeAsyncIterator()
        try await call(VaultsInterface.lock, name)
        #expect(await next.next() != nil)
        #expect(try await list().first?["locked"] == .boolean(true))
        #expect(try await list().first?["entries"] == .uint32(0))
        try await call(VaultsInterface.unlock, name)
        #expect(await next.next() != nil)
        #expect(try await list().first?["locked"] == .boolean(false))
    }

    @Test(.timeLimit(.minutes(1)))
    func `all vaults are locked, whatever the record of the first one waits for`() async throws {
        let second = FakeVault("second")
        let isHeld = Observed(true)
        let fixture = try await ServiceFixture(others: [second]) { _ in
            try? await isHeld.wait(for: "the disk") { $0 ? nil : () }
        }
        let locking = Task {
            try await fixture.call(VaultsInterface.lock, of: VaultsInterface.description, [.string("")])
        }
        for vault in [fixture.vault, second] {
            var changes = vault.changes().makeAsyncIterator()
            if await !vault.status().isLocked { await changes.next() }
            #expect(await vault.status().isLocked)
        }
        isHeld.update { $0 = false }
        _ = try await locking.value
    }

    @Test(.timeLimit(.minutes(1)))
    func `a lock waits for all vaults at once, and hands its records over together`() async throws {
        let begun = Observed(0)
        let settling: @Sendable () async -> Void = {
            begun.update { $0 += 1 }
            try? await begun.wait(for: "the other vault") { $0 == 2 ? () : nil }
        }
        let batches = Observed<[[String?]]>([])
        let fixture = try await ServiceFixture(
            others: [FakeVault("second", settling: settling), FakeVault("third", settling: settling)],
            audit: { happened in batches.update { $0.append(happened.map { $0.fields[.vault] ?? nil }) } }
        )
        try await fixture.call(VaultsInterface.lock, of: VaultsInterface.description, [.string("")])
        #expect(begun.now == 2)
        #expect(batches.now == [["passwords", "second", "third"]])
    }

    @Test(.timeLimit(.minutes(1)))
    func `a lock is answered though a vault's disk and the record's hang`() async throws {
        let isHeld = Observed(true)
        let stuck: @Sendable () async -> Void = {
            try? await isHeld.wait(for: "the disk") { $0 ? nil : () }
        }
        let fixture = try await ServiceFixture(
            others: [FakeVault("second", settling: stuck)],
            settling: .milliseconds(1),
            audit: { _ in await stuck() }
        )
        try await fixture.call(VaultsInterface.lock, of: VaultsInterface.description, [.string("")])
        isHeld.update { $0 = false }
    }

    @Test func `an unknown name is an error`() async throws {
        for method in [VaultsInterface.lock, VaultsInterface.unlock] {
            #expect(
                await fixture.errorName { () throws(DBusError) in try await call(method, "nothing") }
                    == KeybellBusError.notFound
            )
        }
    }

    @Test(arguments: [
        (VaultError.locked, KeybellBusError.locked), (.unavailable("gone"), KeybellBusError.unavailable),
        (.passwordUnavailable("gone"), KeybellBusError.unavailable),
        (.failed("broken"), DBusError.Name.failed),
    ])
    func `a failed unlock says how`(failure: VaultError, expected: String) async throws {
        fixture.vault.fail(with: failure)
        #expect(
            await fixture.errorName { () throws(DBusError) in try await call(VaultsInterface.unlock, "") }
                == expected
        )
    }

    @Test func `one that can't be opened leaves none of the others closed, and each failure is told`()
        async throws
    {
        let (second, third) = (FakeVault("second"), FakeVault("third"))
        let fixture = try await ServiceFixture(others: [second, third])
        fixture.vault.fail(with: .unavailable("gone"))
        third.fail(with: .unavailable("lost"))
        for vault in [fixture.vault, second, third] { await vault.lock() }
        let error = await #expect(throws: DBusError.self) {
            try await fixture.call(
                VaultsInterface.unlock,
                of: VaultsInterface.description,
                [.string("")]
            )
        }
        #expect(error?.message == "gone lost")
        #expect(await !second.status().isLocked)
    }
}
