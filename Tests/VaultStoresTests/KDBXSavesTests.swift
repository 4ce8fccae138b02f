// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Foundation
import KDBX
import SecureMemory
import TestSupport
import Testing
import Vault

@testable import VaultStores

/// What is remembered of the saves in an open vault.
struct KDBXSavesTests {
    @Test func `as many saves are remembered as the vault has states, and nothing is kept twice`()
        async throws
    {
        let fixture = try KDBXFixture()
        let store = fixture.store
        try await store.unlock(for: UnlockReason())
        let stale = try fixture.bytes()
        let id = try #require(try await store.index().only("Example")).id
        for number in 0...(KDBXSaves.most + 20) {
            _ = try await store.save(LoginDraft(id: id, password: SecretBytes(utf8: "p\(number)")))
            fixture.clock.update { $0 += 1 }
        }
        let saved = try #require(await store.opened).saved
        // The history has room for ten.
        #expect(saved.count <= 40)
        let names = try FileManager.default.contentsOfDirectory(atPath: fixture.state)
        #expect(names.count { $0.contains(".keybell-saved") && !$0.hasSuffix(".json") } <= 1)
        try stale.write(to: URL(filePath: fixture.path), options: .atomic)
        await store.fileChanged()
        let last = try #require(try fixture.read().entry(Identifier(id)))
        #expect(last.text("Password") == "p\(KDBXSaves.most + 20)" && last.history.count >= 10)
        await store.finish()
        let reopened = fixture.restarted()
        try await reopened.unlock(for: UnlockReason())
        #expect(await reopened.status().kept.isEmpty)
        await reopened.finish()
    }

    @Test func `many saves are as safe after an unlock as few`() async throws {
        let fixture = try KDBXFixture()
        let store = fixture.store
        try await store.unlock(for: UnlockReason())
        let stale = try fixture.bytes()
        for number in 0...KDBXSaves.most { _ = try await store.save(LoginDraft(title: "\(number)")) }
        await store.lock()
        try await store.unlock(for: UnlockReason())
        try stale.write(to: URL(filePath: fixture.path), options: .atomic)
        await store.fileChanged()
        #expect(try fixture.read().entries.count == KDBXSaves.most + 3)
        await store.lock()
        await store.saveIsSettled()
        try stale.write(to: URL(filePath: fixture.path), options: .atomic)
        try await store.unlock(for: UnlockReason())
        await store.fileTasks.isDone()
        #expect(try fixture.read().entries.count == KDBXSaves.most + 3)
        await store.finish()
    }

    @Test func `what the file has is held in memory while the state folder can't take a duplicate`() throws {
        let folder = try TemporaryFolder()
        let state = folder.path("state")
        // No folder can be made there.
        try Data().write(to: URL(filePath: state))
        let keptSaves = KDBXKeptSaves(name: "test", path: folder.path("vault.kdbx"), state: state)
        var saves = KDBXSaves()
        saves.add([Identifier(head: 1, tail: 1)]) { _ in nil }
        keptSaves.keep([1], saves: saves)
        #expect(keptSaves.trouble != nil)
        #expect(keptSaves.drop(saves, in: [2], [0xAB]).isEmpty)
        #expect(keptSaves.trouble == nil && !keptSaves.isAnyInMemory)
        #expect(keptSaves.savesOfDuplicates(of: [0xAB]) == saves)
        #expect(keptSaves.noteMissing { _ in true })
        #expect(keptSaves.trouble != nil)
        _ = keptSaves.drop(saves, in: [2], [0xAB])
        try FileManager.default.removeItem(atPath: state)
        let copy = try #require(keptSaves.look().first)
        #expect(copy.path != nil && copy.duplicated == "ab")
        #expect(try keptSaves.bytes(of: copy) == [2])
    }

    @Test func `beyond a bound the oldest are forgotten`() throws {
        var database = try KDBXFixture.database()
        let root = try #require(database.root.id)
        var saves = KDBXSaves()
        var ids: [Identifier] = []
        for number in 0..<3 {
            let time = Timestamp(unix: KDBXFixture.then + Int64(number))
            ids.append(try database.addEntry(to: root, [FieldChange("Title", "\(number)")], at: time))
            saves.add([ids[number]]) { database.entry($0)?.modified }
        }
        saves.forget(notIn: database, most: 2)
        #expect(saves.entries == [ids[1], ids[2]])
        saves.forget(notIn: try KDBXFixture.database())
        #expect(saves.isEmpty)
    }
}
