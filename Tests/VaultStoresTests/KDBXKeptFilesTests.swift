// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Dispatch
import Foundation
import Glibc
import KDBX
import Linux
import SecureMemory
import Synchronization
import TestSupport
import Testing
import Vault

@testable import VaultStores

/// What is kept of acknowledged saves goes only where it is elsewhere, and grows no more than what was saved.
struct KDBXKeptFilesTests {
    private func save(_ title: String, _ store: KDBXStore) async throws {
        _ = try await store.save(LoginDraft(url: "https://a.example/", title: title))
    }

    private func rekey(_ database: Database, _ fixture: KDBXFixture) throws {
        try KDBXFixture.write(
            database,
            to: fixture.path,
            CompositeKey(password: SecretBytes(utf8: "another"))
        )
    }

    private func damage(_ fixture: KDBXFixture) throws {
        try Data("damaged".utf8).write(to: URL(filePath: fixture.path), options: .atomic)
    }

    private func titles(_ fixture: KDBXFixture, _ password: String = "demopass") throws -> Set<String> {
        Set(try fixture.read(password).entries.compactMap { $0.text("Title") })
    }

    private func kept(_ fixture: KDBXFixture) -> [String] {
        KDBXKeptFiles.found(of: fixture.path, state: fixture.state)
    }

    /// The titles in all that is kept.
    private func keptTitles(_ fixture: KDBXFixture) throws -> Set<String> {
        var titles: Set<String> = []
        for path in kept(fixture) {
            let bytes = Array(try Data(contentsOf: URL(filePath: path)))
            for password in ["demopass", "another"] {
                let key = try CompositeKey(password: SecretBytes(utf8: password))
                // The other password is the one.
                guard let database = try? Database(reading: bytes, key: key) else { continue }
                titles.formUnion(database.entries.compactMap { $0.text("Title") })
            }
        }
        return titles
    }

    @Test func `what was saved before a lock stays kept when more is kept after the next unlock`()
        async throws
    {
        let fixture = try KDBXFixture(retryPause: .milliseconds(1))
        let store = fixture.store
        try await store.unlock(for: UnlockReason())
        let stale = try fixture.read()
        try await save("first", store)
        try rekey(stale, fixture)
        fixture.passwords.next(["another"])
        await store.lock()
        try await store.unlock(for: UnlockReason())
        try await save("second", store)
        try damage(fixture)
        _ = try await fixture.waitForTrouble(true)
        await store.finish()
        #expect(try keptTitles(fixture).isSuperset(of: ["first", "second"]))
    }

    @Test func `what was kept and the file had, until a stale state came while it was merged, is put back`()
        async throws
    {
        let fixture = try KDBXFixture(retryPause: .milliseconds(1))
        try await fixture.store.unlock(for: UnlockReason())
        let stale = try fixture.read()
        try await save("first", fixture.store)
        let whole = try fixture.bytes()
        try damage(fixture)
        _ = try await fixture.waitForTrouble(true)
        await fixture.store.finish()
        #expect(kept(fixture).count == 1)
        try whole.write(to: URL(filePath: fixture.path), options: .atomic)
        // The file, then what is kept.
        let gate = DeriverGate(at: 2)
        let store = fixture.restarted(makeDeriver: { GatedDeriver(gate) })
        let unlocking = Task { try await store.unlock(for: UnlockReason()) }
        try await gate.isReached.wait(for: "what is kept to be opened") { $0 ? () : nil }
        try KDBXFixture.write(stale, to: fixture.path)
        gate.isOpen.signal()
        try await unlocking.value
        await store.finish()
        #expect(try titles(fixture).contains("first"))
        #expect(kept(fixture).isEmpty)
    }

    @Test func `a file that can't be written is no reason to keep the same again at each lock`() async throws
    {
        let isReadOnly = Observed(false)
        let fixture = try KDBXFixture(
            retryPause: .milliseconds(1),
            reached: { (_) throws(SystemCallError) in
                if isReadOnly.now { throw SystemCallError(call: "write", code: ENOSPC) }
            }
        )
        let store = fixture.store
        try await store.unlock(for: UnlockReason())
        let stale = try fixture.read()
        try await save("first", store)
        isReadOnly.update { $0 = true }
        try KDBXFixture.write(stale, to: fixture.path)
        await store.fileChanged()
        for _ in 1...3 {
            #expect(kept(fixture).count == 1)
            await store.finish()
            try await store.unlock(for: UnlockReason())
            #expect(try await store.index().only("first") != nil)
        }
        isReadOnly.update { $0 = false }
        try await save("second", store)
        await store.finish()
        #expect(kept(fixture).isEmpty)
        #expect(try titles(fixture).isSuperset(of: ["first", "second"]))
    }

    @Test func `a later copy takes the place of the earlier one of the same saves`() async throws {
        let fixture = try KDBXFixture(retryPause: .milliseconds(1))
        let store = fixture.store
        try await store.unlock(for: UnlockReason())
        for title in ["first", "second", "third"] {
            let whole = try fixture.bytes()
            try damage(fixture)
            _ = try await fixture.waitForTrouble(true)
            await store.fileChanged()
            try whole.write(to: URL(filePath: fixture.path), options: .atomic)
            await store.fileChanged()
            try await save(title, store)
        }
        try damage(fixture)
        _ = try await fixture.waitForTrouble(true)
        await store.finish()
        #expect(kept(fixture).count == 1)
        #expect(try keptTitles(fixture).isSuperset(of: ["first", "second", "third"]))
    }

    @Test func `the daemon's end doesn't wait for a file that can't take what is kept`() async throws {
        let fixture = try KDBXFixture(retryPause: .seconds(3600))
        try await fixture.store.unlock(for: UnlockReason())
        try await save("first", fixture.store)
        try damage(fixture)
        try await withDeadline(.seconds(60)) { await fixture.store.finish() }
        #expect(try keptTitles(fixture).contains("first"))
    }

    @Test func `the daemon's end ends the derivation of a merge, for that is kept`() async throws {
        let fixture = try KDBXFixture(retryPause: .milliseconds(1))
        try await fixture.store.unlock(for: UnlockReason())
        let stale = try fixture.read()
        try await save("first", fixture.store)
        try damage(fixture)
        _ = try await fixture.waitForTrouble(true)
        await fixture.store.finish()
        try KDBXFixture.write(stale, to: fixture.path)
        // The file, what is kept, and the file again.
        let endless = StuckDeriver.Number(3)
        let store = fixture.restarted(makeDeriver: { StuckDeriver(endless) })
        let unlocking = Task { try await store.unlock(for: UnlockReason()) }
        try await endless.isReached.wait(for: "the merge") { $0 ? () : nil }
        try await withDeadline(.seconds(60)) { await store.finish() }
        _ = await unlocking.result
        #expect(try keptTitles(fixture).contains("first"))
    }

    @Test func `putting something back derives a key once to read the file and once to write it`()
        async throws
    {
        let fixture = try KDBXFixture(retryPause: .milliseconds(1))
        // None is held up.
        let gate = DeriverGate(at: 0)
        let store = fixture.restarted(makeDeriver: { GatedDeriver(gate) })
        try await store.unlock(for: UnlockReason())
        let stale = try fixture.bytes()
        try await save("first", store)
        let before = gate.passed
        try stale.write(to: URL(filePath: fixture.path), options: .atomic)
        await store.fileChanged()
        #expect(gate.passed == before + 2)
        await store.finish()
        #expect(try titles(fixture).contains("first"))
    }

    // MARK: - Where the state folder takes nothing

    /// Puts a file in the state folder's place.
    private func blockState(_ fixture: KDBXFixture) throws {
        try? FileManager.default.moveItem(atPath: fixture.state, toPath: fixture.state + ".away")
        try Data().write(to: URL(filePath: fixture.state))
    }

    private func unblockState(_ fixture: KDBXFixture) throws {
        // Another try to keep something may make the folder in between.
        repeat {
            try FileManager.default.removeItem(atPath: fixture.state)
        } while (try? FileManager.default.moveItem(atPath: fixture.state + ".away", toPath: fixture.state))
            == nil
    }

    @Test func `what can be kept nowhere is told, survives a lock, and is kept once there is room`()
        async throws
    {
        let fixture = try KDBXFixture(retryPause: .milliseconds(1))
        let store = fixture.store
        try await store.unlock(for: UnlockReason())
        try await save("first", store)
        try blockState(fixture)
        try damage(fixture)
        _ = try await fixture.waitForTrouble(true)
        await store.fileChanged()
        #expect(await store.status().unkept?.contains(fixture.state) == true)
        await store.lock()
        await store.saveIsSettled()
        let status = await store.status()
        #expect(status.isLocked && status.unkept != nil && status.kept.isEmpty)
        try unblockState(fixture)
        await store.finish()
        #expect(await store.status().unkept == nil)
        #expect(try keptTitles(fixture).contains("first"))
    }

    @Test func `what is in memory alone is merged by the next unlock`() async throws {
        let fixture = try KDBXFixture(retryPause: .milliseconds(1))
        let store = fixture.store
        try await store.unlock(for: UnlockReason())
        let stale = try fixture.read()
        try await save("first", store)
        try blockState(fixture)
        try damage(fixture)
        await store.lock()
        await store.saveIsSettled()
        try KDBXFixture.write(stale, to: fixture.path)
        try await store.unlock(for: UnlockReason())
        await store.finish()
        #expect(try titles(fixture).contains("first"))
        // In the file, for the folder is still blocked.
        #expect(await store.status().unkept?.contains("has no copy") == true)
    }
}

/// Derives as any, but for one derivation, which goes on until it is ended.
final class StuckDeriver: KeyDeriver {
    /// Which one that is.
    final class Number: Sendable {
        let isReached = Observed(false)
        private let left: Mutex<Int>

        init(_ number: Int) { left = Mutex(number) }

        func pass() -> Bool {
            let isIt = left.withLock { left in
                left -= 1
                return left == 0
            }
            if isIt { isReached.update { $0 = true } }
            return isIt
        }
    }

    private let number: Number
    private let ended = DispatchSemaphore(value: 0)

    init(_ number: Number) { self.number = number }

    func derive(_ derivation: KeyDerivation, from key: SecretBytes, limits: KDBXLimits) throws(KDBXError)
        -> SecretBytes
    {
        guard number.pass() else {
            return try DirectDeriver().derive(derivation, from: key, limits: limits)
        }
        _ = ended.wait(timeout: .now() + 120)
        throw .cancelled
    }

    func end() { ended.signal() }
}
