// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Foundation
import KDBX
import SecureMemory
import TestSupport
import Testing
import Vault

@testable import VaultStores

/// Acknowledged saves that neither the file has nor anything else, for they can't even be encrypted.
struct KDBXStoreUnencryptedTests {
    private func make(_ fixture: KDBXFixture, _ isFailing: Observed<Bool>) -> KDBXStore {
        KDBXFixture.store(
            fixture.path,
            fixture.passwords,
            fixture.state,
            fixture.clock,
            retryPause: .milliseconds(1),
            makeDeriver: { FailingDeriver(isFailing) }
        )
    }

    private func save(_ title: String, _ store: KDBXStore) async throws {
        _ = try await store.save(LoginDraft(url: "https://a.example/", title: title))
    }

    @Test func `what no key can be derived for is held after a lock, and kept as soon as one can be`()
        async throws
    {
        let (fixture, isFailing) = (try KDBXFixture(), Observed(false))
        let store = make(fixture, isFailing)
        try await store.unlock(for: UnlockReason())
        let stale = try fixture.read()
        try await save("ours", store)
        try fixture.removeKept()
        isFailing.update { $0 = true }
        try KDBXFixture.write(stale, to: fixture.path)
        await store.lock()
        // No more is tried to put it back.
        await store.line.isDone()
        #expect(await store.status().unkept != nil)

        let changes = store.changes()
        isFailing.update { $0 = false }
        try await withDeadline(.seconds(60)) {
            var news = changes.makeAsyncIterator()
            while await store.status().unkept != nil { _ = await news.next() }
        }
        let path = try #require(KDBXSidecarFiles.found(of: fixture.path, state: fixture.state).first)
        let database = try Database(
            reading: Array(try Data(contentsOf: URL(filePath: path))),
            key: CompositeKey(password: SecretBytes(utf8: "demopass"))
        )
        #expect(database.entries.contains { $0.text("Title") == "ours" })
        await store.finish()
    }

    @Test func `the daemon's end tries once more`() async throws {
        let (fixture, isFailing) = (try KDBXFixture(retryPause: .seconds(3600)), Observed(true))
        let state = try await saved("ours", fixture)
        let store = make(fixture, isFailing)
        await store.keepSaved(state)
        #expect(await store.status().unkept != nil)
        isFailing.update { $0 = false }
        await store.finish()
        #expect(await store.status().unkept == nil)
        #expect(KDBXSidecarFiles.found(of: fixture.path, state: fixture.state).count == 1)
    }

    @Test func `what is held is put into the file by the next unlock`() async throws {
        let fixture = try KDBXFixture()
        let stale = try fixture.read()
        let state = try await saved("ours", fixture)
        try KDBXFixture.write(stale, to: fixture.path)
        let store = fixture.restarted()
        await store.unwrittenSaves.hold(state, for: .failed("too costly"))
        try await store.unlock(for: UnlockReason())
        await store.finish()
        #expect(try fixture.read().entries.contains { $0.text("Title") == "ours" })
        #expect(await store.status().unkept == nil)
    }

    @Test func `what is held is told until just that is kept or in the file`() async throws {
        let fixture = try KDBXFixture()
        let (first, second) = (try await saved("first", fixture), try await saved("second", fixture))
        let unwrittenSaves = KDBXUnwrittenSaves(name: "test", path: fixture.path, state: fixture.state)
        unwrittenSaves.hold(first, for: .failed("too costly"))
        unwrittenSaves.keep([0], saves: second.saved)
        #expect(unwrittenSaves.trouble?.contains("too costly") == true)
        #expect(unwrittenSaves.drop(second.saved, in: [0], [0]).count == 1)
        #expect(unwrittenSaves.look().map(\.duplicated) == ["00"])
        #expect(
            unwrittenSaves.trouble?.contains("too costly") == true && unwrittenSaves.unencrypted.count == 1
        )
        _ = unwrittenSaves.drop(first.saved, in: [0], [0])
        #expect(unwrittenSaves.trouble == nil && unwrittenSaves.unencrypted.isEmpty)
    }

    /// The state of a vault in which this was saved.
    private func saved(_ title: String, _ fixture: KDBXFixture) async throws -> KDBXReader.Opened {
        let store = fixture.restarted()
        try await store.unlock(for: UnlockReason())
        try await save(title, store)
        let state = try #require(await store.opened)
        await store.finish()
        try fixture.removeKept()
        return state
    }

    @Test func `of two states that are held, one that the other has is not held`() async throws {
        let fixture = try KDBXFixture()
        var state = try await saved("first", fixture)
        let former = state
        state.saved.add(Identifier(head: 1, tail: 1))
        let unwrittenSaves = KDBXUnwrittenSaves(name: "test", path: fixture.path, state: fixture.state)
        for held in [former, state, former] { unwrittenSaves.hold(held, for: .failed("too costly")) }
        #expect(unwrittenSaves.unencrypted.map(\.saved) == [state.saved])
    }

    @Test func `the pauses between tries grow, up to the longest`() {
        var pauses = DoublingPauses(from: .seconds(10), upTo: .seconds(60))
        #expect((1...5).map { _ in pauses.next() } == [10, 20, 40, 60, 60].map { .seconds($0) })
    }

    @Test func `what is dropped while it is being written is not written after that`() throws {
        let folder = try TemporaryFolder()
        for round in 1...10 {
            let state = folder.path("state\(round)")
            try Data().write(to: URL(filePath: state))
            let unwrittenSaves = KDBXUnwrittenSaves(
                name: "test",
                path: folder.path("vault.kdbx"),
                state: state
            )
            var all = KDBXSaves()
            for number in UInt64(1)...20 {
                let saves = KDBXSaves(entries: [Identifier(head: 1, tail: number)], marks: [number])
                unwrittenSaves.keep([0], saves: saves)
                all.add(saves)
            }
            try FileManager.default.removeItem(atPath: state)
            let saves = all
            DispatchQueue.concurrentPerform(iterations: 2) { number in
                if number == 0 { unwrittenSaves.look() } else { _ = unwrittenSaves.drop(saves, in: [0], [0]) }
            }
            #expect(unwrittenSaves.look().allSatisfy { $0.duplicated != nil })
        }
    }
}

/// Derives as any, unless no key can be derived now.
final class FailingDeriver: KeyDeriver {
    private let isFailing: Observed<Bool>

    init(_ isFailing: Observed<Bool>) { self.isFailing = isFailing }

    func derive(_ derivation: KeyDerivation, from key: SecretBytes, limits: KDBXLimits) throws(KDBXError)
        -> SecretBytes
    {
        guard !isFailing.now else { throw .tooCostly(.time) }
        return try DirectDeriver().derive(derivation, from: key, limits: limits)
    }

    func end() {}
}
