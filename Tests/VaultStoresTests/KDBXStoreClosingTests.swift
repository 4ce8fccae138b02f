// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Dispatch
import KDBX
import Linux
import TestSupport
import Testing
import Vault

@testable import VaultStores

/// A vault that another configuration lacks, or has otherwise.
struct KDBXStoreClosingTests {
    @Test func `a closed vault is never opened again, and whoever follows it is let go`() async throws {
        let fixture = try KDBXFixture()
        try await fixture.store.unlock(for: UnlockReason())
        let changes = fixture.store.changes()
        await fixture.store.close()
        for await _ in changes {}
        await #expect(throws: VaultError.locked) { try await fixture.store.index() }
        await #expect(throws: VaultError.leftOut("test")) {
            try await fixture.store.unlock(for: UnlockReason())
        }
        #expect(fixture.passwords.asked == [1])
    }

    @Test func `an unlock that is under way then comes to nothing`() async throws {
        let fixture = try KDBXFixture()
        let waiting = WaitingPasswords()
        let store = KDBXStore(
            name: "test",
            path: fixture.path,
            passwords: waiting,
            state: fixture.folder.path("state"),
            logger: KDBXFixture.quiet
        )
        let unlock = Task { try await store.unlock(for: UnlockReason()) }
        try await waiting.asked.wait(for: "the question") { $0 ? () : nil }
        await store.close()
        waiting.answer.update { $0 = true }
        await #expect(throws: VaultError.notUnlocked(.lockedMeanwhile)) { try await unlock.value }
        #expect(await store.status().isLocked)
    }

    @Test func `a save that was allowed is finished`() async throws {
        let (began, goOn) = (Observed(false), DispatchSemaphore(value: 0))
        let fixture = try KDBXFixture(reached: { _ throws(SystemCallError) in
            guard !began.now else { return }
            began.update { $0 = true }
            goOn.wait()
        })
        let store = fixture.store
        try await store.unlock(for: UnlockReason())
        let save = Task { try await store.save(LoginDraft(title: "x")) }
        try await began.wait(for: "the save") { $0 ? () : nil }
        // One that stands in line behind it was allowed, too.
        let next = Task { try await store.save(LoginDraft(title: "y")) }
        try await pause(.milliseconds(200))
        await store.close()
        goOn.signal()
        _ = try await save.value
        _ = try await next.value
        let titles = Set(try fixture.read().entries.map { $0.text("Title") })
        #expect(titles.isSuperset(of: ["x", "y"]))
        #expect(await store.status().isLocked)
    }

    @Test func `told how to be opened from now on, it stays open and asks there the next time`() async throws
    {
        let fixture = try KDBXFixture()
        let store = fixture.store
        try await store.unlock(for: UnlockReason())
        let others = ScriptedPasswords(["demopass"])
        await store.apply(keyFile: nil, maximumSeconds: 20, maximumMemory: 2048, passwords: others)
        #expect(await !store.status().isLocked)
        #expect(others.asked.isEmpty)
        await store.lock()
        try await store.unlock(for: UnlockReason())
        #expect(others.asked == [1] && fixture.passwords.asked == [1])
    }
}
