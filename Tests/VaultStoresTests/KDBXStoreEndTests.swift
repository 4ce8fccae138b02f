// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Dispatch
import Foundation
import KDBX
import Linux
import SecureMemory
import Synchronization
import TestSupport
import Testing
import Vault

@testable import VaultStores

/// Acknowledged saves are in the state folder before anything that takes long, and no key is derived for that.
@Suite(.timeLimit(.minutes(2))) struct KDBXStoreEndTests {
    private let fixture: KDBXFixture
    private let holder = DeriverHolder()
    private let isFailing = Observed(false)
    private let store: KDBXStore

    init() throws {
        let fixture = try KDBXFixture()
        self.fixture = fixture
        store = KDBXFixture.store(
            fixture.path,
            fixture.passwords,
            fixture.state,
            fixture.clock,
            retryPause: .milliseconds(1),
            makeDeriver: { [holder, isFailing] in HeldDeriver(holder, isFailing) }
        )
    }

    private func save(_ title: String) async throws {
        _ = try await store.save(LoginDraft(url: "https://a.example/", title: title))
    }

    /// The titles in what is kept.
    private func kept() throws -> Set<String> {
        var titles: Set<String> = []
        for path in KDBXKeptFiles.found(of: fixture.path, state: fixture.state) {
            let bytes = Array(try Data(contentsOf: URL(filePath: path)))
            let key = try CompositeKey(password: SecretBytes(utf8: "demopass"))
            titles.formUnion(try Database(reading: bytes, key: key).entries.compactMap { $0.text("Title") })
        }
        return titles
    }

    @Test func `what only the open vault has is kept before a slow derivation, which the end's time ends`()
        async throws
    {
        try await store.unlock(for: UnlockReason())
        let stale = try fixture.read()
        try await save("ours")
        try fixture.removeKept()
        holder.isHeld.update { $0 = true }
        try KDBXFixture.write(stale, to: fixture.path)
        let changes = store.changes()
        let ending = Task { [store] in await store.finish() }
        var news = changes.makeAsyncIterator()
        while try !kept().contains("ours") { _ = await news.next() }
        try await holder.count.wait(for: "the derivation") { $0 > 0 ? () : nil }
        ending.cancel()
        await ending.value
        #expect(try kept().contains("ours"))
        holder.isHeld.update { $0 = false }
        try await store.unlock(for: UnlockReason())
        #expect(try await store.index().only("ours") != nil)
        await store.finish()
        #expect(try fixture.read().entries.contains { $0.text("Title") == "ours" })
    }

    @Test func `what is in memory alone is written while a save takes long`() async throws {
        try await store.unlock(for: UnlockReason())
        try await save("ours")
        try fixture.removeKept()
        let away = fixture.state + ".away"
        try FileManager.default.moveItem(atPath: fixture.state, toPath: away)
        try Data().write(to: URL(filePath: fixture.state))
        try Data("damaged".utf8).write(to: URL(filePath: fixture.path), options: .atomic)
        await store.fileChanged()
        #expect(await store.status().unkept != nil)
        let database = try #require(await store.opened).snapshot.database
        try KDBXFixture.write(database, to: fixture.path)
        holder.isHeld.update { $0 = true }
        let saving = Task { [store] in try await store.save(LoginDraft(title: "later")) }
        try await holder.count.wait(for: "the save") { $0 > 0 ? () : nil }
        // Another try to keep it may make the folder in between.
        repeat {
            try FileManager.default.removeItem(atPath: fixture.state)
        } while (try? FileManager.default.moveItem(atPath: away, toPath: fixture.state)) == nil
        let changes = store.changes()
        let ending = Task { [store] in await store.finish() }
        var news = changes.makeAsyncIterator()
        while try !kept().contains("ours") { _ = await news.next() }
        holder.isHeld.update { $0 = false }
        holder.release()
        _ = try await saving.value
        await ending.value
        #expect(try fixture.read().entries.contains { $0.text("Title") == "later" })
    }

    @Test func `where nothing was saved the end waits for nothing`() async throws {
        let gate = DispatchSemaphore(value: 0)
        await store.keeping.begin { gate.wait() }
        defer { gate.signal() }
        try await store.unlock(for: UnlockReason())
        try await withDeadline(.seconds(60)) { [store] in await store.finish() }
        #expect(await store.status().isLocked)
    }

    @Test func `what no key can be derived for is kept after a lock`() async throws {
        try await store.unlock(for: UnlockReason())
        let stale = try fixture.read()
        try await save("ours")
        try fixture.removeKept()
        isFailing.update { $0 = true }
        try KDBXFixture.write(stale, to: fixture.path)
        await store.lock()
        await store.saveIsSettled()
        #expect(await store.status().unkept == nil)
        #expect(try kept().contains("ours"))
        await store.finish()
    }

    @Test func `a lock takes the passwords from a merge that waits for its turn`() async throws {
        try await store.unlock(for: UnlockReason())
        try await save("ours")
        holder.isHeld.update { $0 = true }
        let saving = Task { [store] in try await store.save(LoginDraft(title: "later")) }
        try await holder.count.wait(for: "the save") { $0 > 0 ? () : nil }
        await store.lock()
        holder.isHeld.update { $0 = false }
        let unlocking = Task { [store] in try await store.unlock(for: UnlockReason()) }
        try await withDeadline(.seconds(60)) { [store] in
            while await store.mergePasswords.isEmpty { await Task.yield() }
        }
        await store.lock()
        #expect(await store.mergePasswords.isEmpty)
        _ = await unlocking.result
        holder.release()
        _ = try await saving.value
        await store.finish()
    }

    @Test func `the pauses between tries grow, up to the longest`() {
        var pauses = DoublingPauses(from: .seconds(10), upTo: .seconds(60))
        #expect((1...5).map { _ in pauses.next() } == [10, 20, 40, 60, 60].map { .seconds($0) })
    }
}

/// Derivations that are held up, and go on when they are ended or all are let go.
final class DeriverHolder: Sendable {
    let isHeld = Observed(false)
    /// How many there were so far.
    let count = Observed(0)
    private let waiting = Mutex<[DispatchSemaphore]>([])

    func hold(_ semaphore: DispatchSemaphore) {
        waiting.withLock { $0.append(semaphore) }
        count.update { $0 += 1 }
        _ = semaphore.wait(timeout: .now() + 100)
    }

    func release() {
        for semaphore in waiting.withLock({ $0 }) { semaphore.signal() }
    }
}

/// Derives as any, unless it is held up, or no key can be derived now.
final class HeldDeriver: KeyDeriver {
    private let holder: DeriverHolder
    private let isFailing: Observed<Bool>
    private let goesOn = DispatchSemaphore(value: 0)
    private let isEnded = Atomic(false)

    init(_ holder: DeriverHolder, _ isFailing: Observed<Bool> = Observed(false)) {
        (self.holder, self.isFailing) = (holder, isFailing)
    }

    func derive(_ derivation: KeyDerivation, from key: SecretBytes, limits: KDBXLimits) throws(KDBXError)
        -> SecretBytes
    {
        if holder.isHeld.now { holder.hold(goesOn) }
        guard !isEnded.load(ordering: .relaxed) else { throw .cancelled }
        guard !isFailing.now else { throw .tooCostly(.time) }
        return try DirectDeriver().derive(derivation, from: key, limits: limits)
    }

    func end() {
        isEnded.store(true, ordering: .relaxed)
        goesOn.signal()
    }
}
