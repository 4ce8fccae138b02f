// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Foundation
import KDBX
import SecureMemory
import TestSupport
import Testing
import Vault

@testable import VaultStores

/// Saves of a vault whose key file has become another, or is somewhere else, by the time they are to be merged.
struct KDBXKeyFileTests {
    private static let former = Array("the key file of then".utf8)
    private static let present = Array("the key file of now".utf8)

    /// A vault with something that is kept under its former key file, and whose file has the present one.
    private func rekeyed() async throws -> KDBXFixture {
        let fixture = try KDBXFixture(keyFile: Self.former)
        try await fixture.store.unlock(for: UnlockReason())
        let before = try #require(await fixture.store.opened).snapshot.database
        _ = try await fixture.store.save(LoginDraft(password: SecretBytes(utf8: "p"), title: "ours"))
        let key = try CompositeKey(password: SecretBytes(utf8: "demopass"), keyFile: Self.present)
        try KDBXFixture.write(before, to: fixture.path, key)
        await fixture.store.fileChanged()
        #expect(await fixture.store.status().kept.count == 1)
        await fixture.store.finish()
        return fixture
    }

    private func write(_ key: [UInt8], _ name: String, _ fixture: KDBXFixture) throws -> String {
        let path = fixture.folder.path(name)
        try Data(key).write(to: URL(filePath: path))
        return path
    }

    @Test func `a save is merged by the key file of then, where the vault has another by now`() async throws {
        let fixture = try await rekeyed()
        let keyFile = try write(Self.present, "new", fixture)
        let store = fixture.restarted(keyFile: keyFile)
        try await store.unlock(for: UnlockReason())
        #expect(try await store.index().only("ours") != nil)
        #expect(await store.status().kept.isEmpty)
        await store.finish()
    }

    @Test
    func `a save whose key file has moved stays, is told of with the file, and is merged once that is back`()
        async throws
    {
        let fixture = try await rekeyed()
        let keyFile = try write(Self.present, "new", fixture)
        try FileManager.default.removeItem(atPath: fixture.folder.path("key"))
        let store = fixture.restarted(keyFile: keyFile)
        try await store.unlock(for: UnlockReason())
        let kept = await store.status().kept
        #expect(kept.count == 1)
        #expect(
            KDBXKeptFiles.keyFiles(of: fixture.path, state: fixture.state) == [fixture.folder.path("key")]
        )
        #expect(try await store.index().only("ours") == nil)
        let opened = try #require(await store.opened)
        let outcome = KDBXKeptMerge(
            for: await store.file.reader,
            of: await store.keptSaves,
            by: CancellableDerivers({ DirectDeriver() }, within: .seconds(60))
        )
        .merged(with: opened, openedBy: [SecretBytes(utf8: "demopass")])
        #expect(outcome.left == [.noKeyFile: kept])
        #expect(outcome.keyFiles == [fixture.folder.path("key")])
        await store.lock()
        _ = try write(Self.former, "key", fixture)
        try await store.unlock(for: UnlockReason())
        #expect(try await store.index().only("ours") != nil)
        await store.finish()
    }

    @Test func `a key file that changes in its place keeps what was saved, until the former is there again`()
        async throws
    {
        let fixture = try await rekeyed()
        let keyFile = try write(Self.present, "key", fixture)
        let store = fixture.restarted(keyFile: keyFile)
        try await store.unlock(for: UnlockReason())
        #expect(await store.status().kept.count == 1)
        #expect(try await store.index().only("ours") == nil)
        await store.finish()
        let moved = try write(Self.present, "moved", fixture)
        _ = try write(Self.former, "key", fixture)
        let later = fixture.restarted(keyFile: moved)
        try await later.unlock(for: UnlockReason())
        #expect(try await later.index().only("ours") != nil)
        await later.finish()
    }

    @Test func `an open vault is saved into though its key file has gone`() async throws {
        let fixture = try KDBXFixture(keyFile: Self.former)
        try await fixture.store.unlock(for: UnlockReason())
        try FileManager.default.removeItem(atPath: fixture.folder.path("key"))
        _ = try await fixture.store.save(LoginDraft(title: "ours"))
        let key = try CompositeKey(password: SecretBytes(utf8: "demopass"), keyFile: Self.former)
        #expect(try Database(reading: Array(fixture.bytes()), key: key).entries.count == 3)
        await fixture.store.lock()
        await #expect {
            try await fixture.store.unlock(for: UnlockReason())
        } throws: { error in
            "\(error)".contains("key file")
        }
    }
}
