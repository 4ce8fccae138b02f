// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Dispatch
import Foundation
import KDBX
import SecureMemory
import TestSupport
import Testing
import Vault

@testable import VaultStores

/// A state folder whose disk gives no answer.
struct KDBXStateFolderTests {
    private static func draft(_ title: String) -> LoginDraft {
        LoginDraft(password: SecretBytes(utf8: "p"), url: "https://a.example/", title: title)
    }

    private func titles(_ fixture: KDBXFixture) throws -> Set<String> {
        Set(try fixture.read().entries.compactMap { $0.text("Title") })
    }

    /// Holds up the state folder of a vault; whoever has waited for it in vain says so.
    private func hang(_ store: KDBXStore) async -> DispatchSemaphore {
        let isOpen = DispatchSemaphore(value: 0)
        let folder = await store.keptSaves.folder
        await BlockingWork(label: "test")({ _ = folder.result { isOpen.wait(timeout: .now() + 60) } })
        return isOpen
    }

    @Test func `a vault opens, and what waits in the folder comes once that answers`() async throws {
        let fixture = try KDBXFixture()
        try await fixture.store.unlock(for: UnlockReason())
        let stale = try fixture.bytes()
        _ = try await fixture.store.save(Self.draft("ours"))
        await fixture.store.finish()
        try stale.write(to: URL(filePath: fixture.path), options: .atomic)
        let store = fixture.restarted(timeout: .seconds(1))
        let isOpen = await hang(store)
        try await store.unlock(for: UnlockReason())
        #expect(try await store.index().only("ours") == nil)
        #expect(await store.status().unkept?.contains(fixture.state) == true)
        isOpen.signal()
        _ = try await fixture.waitForChange(store, "the save") { $0.only("ours") }
        await store.fileTasks.isDone()
        #expect(try titles(fixture) == ["Example", "Other", "ours"])
        #expect(await store.status().unkept == nil)
        await store.finish()
    }

    @Test func `a lock takes the passwords that wait for the folder`() async throws {
        let fixture = try KDBXFixture()
        let store = fixture.restarted(timeout: .seconds(1))
        let isOpen = await hang(store)
        try await store.unlock(for: UnlockReason())
        #expect(await store.mergePasswords.delayed != nil)
        await store.lock()
        #expect(await store.mergePasswords.delayed == nil)
        #expect(await store.status().unkept == nil)
        isOpen.signal()
        await store.finish()
    }

    @Test
    func `a save is acknowledged, and what the file can't take is held in memory until the folder answers`()
        async throws
    {
        let fixture = try KDBXFixture()
        let store = fixture.restarted(timeout: .seconds(1))
        try await store.unlock(for: UnlockReason())
        let stale = try fixture.read()
        let isOpen = await hang(store)
        _ = try await store.save(Self.draft("ours"))
        #expect(try titles(fixture).contains("ours"))
        let another = try CompositeKey(password: SecretBytes(utf8: "another"))
        try KDBXFixture.write(stale, to: fixture.path, another)
        await store.fileChanged()
        #expect(await store.status().unkept?.contains("in memory alone") == true)
        isOpen.signal()
        await store.lock()
        await store.finish()
        #expect(!KDBXKeptFiles.found(of: fixture.path, state: fixture.state).isEmpty)
    }

    @Test func `access begins nothing while the folder hangs, and drops what nobody waits for any more`()
        async
    {
        let access = FolderAccess(label: "test", timeout: .milliseconds(50))
        let (isBegun, isOpen) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        let done = Observed<[Int]>([])
        let work = BlockingWork(label: "one")
        let first = Task {
            await work {
                access.result {
                    isBegun.signal()
                    isOpen.wait()
                    done.update { $0.append(1) }
                }
            }
        }
        await BlockingWork(label: "two")({ isBegun.wait() })
        await BlockingWork(label: "three")({
            #expect(access.result { done.update { $0.append(2) } } == nil)
        })
        #expect(await first.value == nil)
        #expect(access.isHanging)
        await work { #expect(access.result { done.update { $0.append(3) } } == nil) }
        isOpen.signal()
        await access.answers()
        #expect(!access.isHanging && done.now == [1])
        await work { #expect(access.result { 4 } == 4) }
    }
}
