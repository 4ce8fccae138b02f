// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Foundation
import Glibc
import KDBX
import Linux
import SecureMemory
import TestSupport
import Testing
import Vault

@testable import VaultStores

/// Acknowledged saves that an editor with an older state overwrites right before a lock or the daemon's end.
struct KDBXStorePuttingBackTests {
    private func saveAndOverwrite(_ fixture: KDBXFixture, edited: Bool = false) async throws {
        try await fixture.store.unlock(for: UnlockReason())
        var stale = try fixture.read()
        if edited {
            let root = try #require(stale.root.id)
            let later = Timestamp(unix: KDBXFixture.then + 500)
            _ = try stale.addEntry(to: root, [FieldChange("Title", "theirs")], at: later)
        }
        let draft = LoginDraft(password: SecretBytes(utf8: "p"), url: "https://a.example/", title: "ours")
        _ = try await fixture.store.save(draft)
        try KDBXFixture.write(stale, to: fixture.path)
    }

    private func titles(_ fixture: KDBXFixture) throws -> Set<String> {
        Set(try fixture.read().entries.compactMap { $0.text("Title") })
    }

    @Test(arguments: [false, true])
    func `what a lock would have left overwritten is put back`(edited: Bool) async throws {
        let fixture = try KDBXFixture()
        try await saveAndOverwrite(fixture, edited: edited)
        await fixture.store.finish()
        #expect(await fixture.store.status().isLocked)
        let theirs: Set<String> = edited ? ["theirs"] : []
        #expect(try titles(fixture) == theirs.union(["Example", "Other", "ours"]))
    }

    @Test func `it is put back also where its reading was ended by the lock, and the vault opens with it`()
        async throws
    {
        let fixture = try KDBXFixture(Layout(keyDerivation: .aes(rounds: 3_000_000)))
        try await saveAndOverwrite(fixture)
        // The word of the change comes, and its reading derives the key by now.
        try await pause(.milliseconds(150))
        await fixture.store.lock()
        try await fixture.store.unlock(for: UnlockReason())
        await fixture.store.finish()
        #expect(try titles(fixture) == ["Example", "Other", "ours"])
    }

    @Test func `a file that is just being written is waited for`() async throws {
        let fixture = try KDBXFixture()
        try await saveAndOverwrite(fixture)
        let stale = try fixture.bytes()
        try Data(stale.prefix(100)).write(to: URL(filePath: fixture.path))
        await fixture.store.lock()
        try await pause(.milliseconds(100))
        try stale.write(to: URL(filePath: fixture.path))
        await fixture.store.fileTasks.isDone()
        #expect(try titles(fixture) == ["Example", "Other", "ours"])
    }

    @Test func `a lock writes nothing where all is well`() async throws {
        let fixture = try KDBXFixture()
        try await fixture.store.unlock(for: UnlockReason())
        _ = try await fixture.store.save(LoginDraft(url: "https://a.example/", title: "ours"))
        let before = try fixture.bytes()
        await fixture.store.finish()
        #expect(try fixture.bytes() == before)
    }
}

/// Files that are written where the folder's inotify tells of nothing.
struct KDBXStoreUnwatchedTests {
    private func add(_ title: String, to path: String) throws {
        let key = try CompositeKey(password: SecretBytes(utf8: "demopass"))
        var database = try Database(reading: Array(Data(contentsOf: URL(filePath: path))), key: key)
        let root = try #require(database.root.id)
        let later = Timestamp(unix: KDBXFixture.then + 500)
        _ = try database.addEntry(to: root, [FieldChange("Title", title)], at: later)
        // In place: its inode stays.
        let file = try FileHandle(forWritingTo: URL(filePath: path))
        try file.truncate(atOffset: 0)
        try file.write(contentsOf: Data(database.written(key: key).file))
        try file.close()
    }

    @Test(.enabled(if: getuid() == 0, "needs root: mounts a file"))
    func `a file that is a mount point is followed`() async throws {
        let fixture = try KDBXFixture(place: "one.kdbx")
        let point = fixture.folder.path("point/vault.kdbx")
        try fixture.folder.makeFolder("point")
        try fixture.folder.write("point/vault.kdbx", "")
        try #require(unsafe mount(fixture.path, point, nil, UInt(MS_BIND), nil) == 0)
        defer { _ = unsafe umount2(point, Int32(MNT_DETACH)) }
        let store = fixture.restarted(path: point)
        try await store.unlock(for: UnlockReason())
        for round in 1...2 {
            try add("round \(round)", to: fixture.path)
            _ = try await fixture.waitForChange(store, "the new login") { $0.only("round \(round)") }
        }
        await store.close()
    }

    @Test func `where inotify tells nothing, a look-up sees what is there`() async throws {
        let fixture = try KDBXFixture(place: "one.kdbx", isWatched: false)
        try await fixture.store.unlock(for: UnlockReason())
        #expect(try await fixture.store.index().count == 2)
        // Nothing is told of it, as of what another machine does.
        try FileManager.default.moveItem(atPath: fixture.path, toPath: fixture.folder.path("two.kdbx"))
        try FileManager.default.createSymbolicLink(
            atPath: fixture.path,
            withDestinationPath: "two.kdbx"
        )
        try add("x", to: fixture.folder.path("two.kdbx"))
        #expect(try await fixture.store.index().only("x") != nil)
    }
}
