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

/// Acknowledged saves whose file comes back in a state that can't take them.
struct KDBXKeptSavesTests {
    private static func saves(_ head: UInt64, _ mark: UInt64) -> KDBXSaves {
        KDBXSaves([mark: KDBXSaves.Save(entry: Identifier(head: head, tail: mark), modified: nil)])
    }

    private static let all: Set = ["Example", "Other", "ours"]

    /// Saves "ours"; `stale` is the file as it was before.
    private func save(_ fixture: KDBXFixture) async throws -> Database {
        try await fixture.store.unlock(for: UnlockReason())
        let stale = try fixture.read()
        _ = try await fixture.store.save(
            LoginDraft(password: SecretBytes(utf8: "p"), url: "https://a.example/", title: "ours")
        )
        return stale
    }

    private func rekey(_ database: Database, _ fixture: KDBXFixture) throws {
        try KDBXFixture.write(
            database,
            to: fixture.path,
            CompositeKey(password: SecretBytes(utf8: "another"))
        )
    }

    private func titles(_ fixture: KDBXFixture, _ password: String = "demopass") throws -> Set<String> {
        Set(try fixture.read(password).entries.compactMap { $0.text("Title") })
    }

    private func isKept(_ fixture: KDBXFixture) throws -> Bool {
        #expect(try !fixture.names.contains { $0.contains("keybell-saved") })
        return !KDBXKeptFiles.found(of: fixture.path, state: fixture.state).isEmpty
    }

    @Test func `an open vault is asked for the file's other password and puts into it what was saved`()
        async throws
    {
        let fixture = try KDBXFixture()
        try rekey(try await save(fixture), fixture)
        let trouble = try await fixture.waitForTrouble(true)
        #expect(trouble?.contains("`keybell unlock test`") == true)
        fixture.passwords.next(["demopass", "another"])
        try await fixture.store.unlock(for: UnlockReason())
        let status = await fixture.store.status()
        #expect(!status.isLocked && status.trouble == nil)
        #expect(try titles(fixture, "another") == Self.all)
        // It goes on with the new key.
        _ = try await fixture.store.save(LoginDraft(url: "https://b.example/", title: "later"))
        await fixture.store.finish()
        #expect(try titles(fixture, "another") == Self.all.union(["later"]))
        #expect(try !isKept(fixture))
    }

    @Test(.timeLimit(.minutes(1)))
    func `whoever gives the other password while the file hangs is told that, and of no saving`() async throws
    {
        let (isHeld, gate) = (Observed(false), DispatchSemaphore(value: 0))
        let fixture = try KDBXFixture(
            timeout: .seconds(2),
            reached: { step in
                guard step == .made, isHeld.now else { return }
                gate.wait()
                gate.signal()
            }
        )
        try rekey(try await save(fixture), fixture)
        _ = try await fixture.waitForTrouble(true)
        isHeld.update { $0 = true }
        fixture.passwords.next(["another"])
        await #expect {
            try await fixture.store.unlock(for: UnlockReason())
        } throws: { error in
            guard case VaultError.unavailable(let text) = error else { return false }
            return text.contains("new password") && !text.contains("saved")
        }
        gate.signal()
        _ = try await fixture.waitForTrouble(false)
        await fixture.store.finish()
        #expect(try titles(fixture, "another") == Self.all)
    }

    @Test func `a vault that nobody gives the other password stays open as it was`() async throws {
        let fixture = try KDBXFixture()
        try rekey(try await save(fixture), fixture)
        _ = try await fixture.waitForTrouble(true)
        await #expect(throws: VaultError.locked) { try await fixture.store.unlock(for: UnlockReason()) }
        #expect(try await fixture.store.index().only("ours") != nil)
        await fixture.store.finish()
        #expect(try isKept(fixture))
    }

    @Test(arguments: [false, true])
    func `a lock keeps it in the state folder, and the next unlock merges it by the former password`(
        isSeen: Bool
    ) async throws {
        let fixture = try KDBXFixture()
        try rekey(try await save(fixture), fixture)
        if isSeen { _ = try await fixture.waitForTrouble(true) }
        await fixture.store.lock()
        await fixture.store.saveIsSettled()
        #expect(
            await fixture.store.status().kept
                == KDBXKeptFiles.found(of: fixture.path, state: fixture.state)
        )
        #expect(try isKept(fixture))
        await fixture.store.finish()
        #expect(try titles(fixture, "another") == ["Example", "Other"])

        // Without the former password it is told of, and stays.
        let stranger = fixture.restarted(passwords: ScriptedPasswords(["another"]))
        try await stranger.unlock(for: UnlockReason())
        #expect(await stranger.status().kept.count == 1)
        await stranger.finish()

        let store = fixture.restarted(passwords: ScriptedPasswords(["demopass", "another"]))
        try await store.unlock(for: UnlockReason())
        await store.finish()
        #expect(await store.status().kept.isEmpty)
        #expect(try titles(fixture, "another") == Self.all)
        #expect(try !isKept(fixture))
    }

    @Test func `what a damaged file can't take is in the one that replaces it`() async throws {
        let fixture = try KDBXFixture()
        let stale = try await save(fixture)
        try Data("damaged".utf8).write(to: URL(filePath: fixture.path))
        _ = try await fixture.waitForTrouble(true)
        // Its trouble is told, and it stays open.
        await #expect(throws: VaultError.self) { try await fixture.store.unlock(for: UnlockReason()) }
        #expect(await !fixture.store.status().isLocked)
        await fixture.store.finish()
        #expect(try isKept(fixture))
        try KDBXFixture.write(stale, to: fixture.path)
        let store = fixture.restarted()
        try await store.unlock(for: UnlockReason())
        await store.finish()
        #expect(try titles(fixture) == Self.all)
        #expect(try !isKept(fixture))
    }

    @Test func `what is served, for it couldn't be written, is not lost by a lock`() async throws {
        let isFull = Observed(false)
        let fixture = try KDBXFixture(reached: { (_) throws(SystemCallError) in
            if isFull.now { throw SystemCallError(call: "write", code: ENOSPC) }
        })
        let stale = try await save(fixture)
        isFull.update { $0 = true }
        try KDBXFixture.write(stale, to: fixture.path)
        await fixture.store.fileChanged()
        #expect(try await fixture.store.index().only("ours") != nil)
        await fixture.store.finish()
        #expect(try titles(fixture) == ["Example", "Other"])
        #expect(try isKept(fixture))
        isFull.update { $0 = false }
        try await fixture.store.unlock(for: UnlockReason())
        await fixture.store.finish()
        #expect(try titles(fixture) == Self.all)
    }

    @Test func `nothing beside the vault's file is taken for what Keybell had saved`() async throws {
        let fixture = try KDBXFixture()
        let planted = try fixture.read()
        let path = fixture.path + ".keybell-saved"
        try KDBXFixture.write(planted, to: path)
        try await fixture.store.unlock(for: UnlockReason())
        #expect(await fixture.store.status().kept.isEmpty)
        await fixture.store.finish()
        #expect(FileManager.default.fileExists(atPath: path))
    }

    @Test(arguments: [false, true])
    func `what was saved is kept where the file is another database, whatever its password`(
        hasOtherKey: Bool
    ) async throws {
        let fixture = try KDBXFixture()
        _ = try await save(fixture)
        let other = try KDBXFixture.database()
        if hasOtherKey {
            try rekey(other, fixture)
            _ = try await fixture.waitForTrouble(true)
            fixture.passwords.next(["another"])
            try await fixture.store.unlock(for: UnlockReason())
        } else {
            try KDBXFixture.write(other, to: fixture.path)
            await fixture.store.fileChanged()
        }
        #expect(try isKept(fixture))
        await fixture.store.finish()
        #expect(try isKept(fixture))
        let kept = try #require(KDBXKeptFiles.found(of: fixture.path, state: fixture.state).first)
        let database = try Database(
            reading: Array(try Data(contentsOf: URL(filePath: kept))),
            key: CompositeKey(password: SecretBytes(utf8: "demopass"))
        )
        #expect(database.entries.contains { $0.text("Title") == "ours" })
    }

    @Test func `a save into another database that stands in the file's place leaves the former saves kept`()
        async throws
    {
        let fixture = try KDBXFixture()
        _ = try await save(fixture)
        // The save finds it, or the watch does before.
        try KDBXFixture.write(try KDBXFixture.database(), to: fixture.path)
        _ = try await fixture.store.save(LoginDraft(url: "https://b.example/", title: "later"))
        await fixture.store.finish()
        #expect(try titles(fixture) == ["Example", "Other", "later"])
        #expect(try isKept(fixture))
    }

    @Test func `what comes back is what Keybell had saved, and no more of that state`() async throws {
        let fixture = try KDBXFixture()
        let stale = try await save(fixture)
        // Another program's entry is in the state that is kept, too.
        try fixture.editOutside { database in
            _ = try database.addEntry(
                to: #require(database.root.id),
                [FieldChange("Title", "theirs")],
                at: Timestamp(unix: KDBXFixture.then)
            )
        }
        await fixture.store.fileChanged()
        try Data("damaged".utf8).write(to: URL(filePath: fixture.path))
        _ = try await fixture.waitForTrouble(true)
        await fixture.store.finish()
        #expect(try isKept(fixture))
        try KDBXFixture.write(stale, to: fixture.path)
        let store = fixture.restarted()
        try await store.unlock(for: UnlockReason())
        await store.finish()
        #expect(try titles(fixture) == Self.all)
    }

    @Test func `a file that can be read again after a save leaves nothing kept`() async throws {
        let fixture = try KDBXFixture()
        _ = try await save(fixture)
        let whole = try fixture.bytes()
        try Data("damaged".utf8).write(to: URL(filePath: fixture.path))
        _ = try await fixture.waitForTrouble(true)
        await fixture.store.fileChanged()
        #expect(try isKept(fixture))
        try whole.write(to: URL(filePath: fixture.path), options: .atomic)
        _ = try await fixture.store.save(LoginDraft(url: "https://b.example/", title: "later"))
        await fixture.store.fileChanged()
        #expect(try !isKept(fixture))
        #expect(await fixture.store.status().trouble == nil)
        await fixture.store.finish()
    }

    @Test func `a lock while what was kept is opened leaves the vault locked`() async throws {
        let fixture = try KDBXFixture()
        try rekey(try await save(fixture), fixture)
        _ = try await fixture.waitForTrouble(true)
        await fixture.store.finish()
        #expect(try isKept(fixture))
        // The file twice, and what is kept twice, each with both passwords.
        let gate = DeriverGate(at: 4)
        let store = fixture.restarted(
            passwords: ScriptedPasswords(["demopass", "another"]),
            makeDeriver: { GatedDeriver(gate) }
        )
        let unlocking = Task { try? await store.unlock(for: UnlockReason()) }
        try await gate.isReached.wait(for: "what is kept to be opened") { $0 ? () : nil }
        await store.lock()
        gate.isOpen.signal()
        _ = await unlocking.value
        await store.fileTasks.isDone()
        #expect(await store.status().isLocked)
        await store.finish()
        #expect(try isKept(fixture))
    }

    @Test func `what is dropped while it is being written is not written after that`() throws {
        let folder = try TemporaryFolder()
        for round in 1...10 {
            let state = folder.path("state\(round)")
            try Data().write(to: URL(filePath: state))
            let keptSaves = KDBXKeptSaves(
                name: "test",
                path: folder.path("vault.kdbx"),
                state: state
            )
            var all = KDBXSaves()
            for number in UInt64(1)...20 {
                let saves = Self.saves(1, number)
                keptSaves.keep([0], saves: saves)
                all.add(saves)
            }
            try FileManager.default.removeItem(atPath: state)
            let saves = all
            DispatchQueue.concurrentPerform(iterations: 2) { number in
                if number == 0 { keptSaves.look() } else { _ = keptSaves.drop(saves, in: [0], [0]) }
            }
            #expect(keptSaves.look().allSatisfy { $0.duplicated != nil })
        }
    }

    @Test func `what is kept stays as the file's duplicate where there is no room for another`() throws {
        let folder = try TemporaryFolder()
        let (vault, state) = (folder.path("vault.kdbx"), folder.path("state"))
        let keptSaves = KDBXKeptSaves(name: "test", path: vault, state: state)
        let place = KDBXKeptFiles(vault: vault, state: state)
        let saves = Self.saves(1, 1)
        for number in UInt64(1)...98 {
            try place.write(
                [1],
                saves: Self.saves(2, number + 1)
            )
        }
        try place.write([2], saves: saves)
        #expect(keptSaves.drop(saves, in: [3], [0xAB]).isEmpty)
        #expect(place.found().count == 99)
        let copy = try #require(keptSaves.look().first { $0.saves == saves })
        #expect(copy.duplicated == "ab")
        #expect(try keptSaves.bytes(of: copy) == [2])
    }

    @Test func `where the disk may lose names, few of what a later one has stay`() throws {
        let folder = try TemporaryFolder()
        let place = KDBXKeptFiles(
            vault: folder.path("vault.kdbx"),
            state: folder.path("state"),
            writeFile: { (bytes, path) throws(SystemCallError) in
                try SafeFile.write(bytes, to: path)
                return false
            }
        )
        var saves = KDBXSaves()
        for number in 1...120 {
            saves.add([Identifier(head: 1, tail: UInt64(number))]) { _ in nil }
            try place.write([UInt8(number)], saves: saves, duplicated: "00")
        }
        #expect(place.found().count == 3)
        #expect(place.found().contains { place.copy($0).saves == saves })
    }

    @Test func `what is kept of a vault that is elsewhere now is found with its former path`() throws {
        let folder = try TemporaryFolder()
        let (former, state) = (folder.path("former.kdbx"), folder.path("state"))
        let place = KDBXKeptFiles(vault: former, state: state)
        let paths = [
            try place.write([1], saves: Self.saves(1, 1)),
            try place.write([2], saves: Self.saves(1, 2), duplicated: "ab"),
        ]
        try KDBXKeptFiles(vault: folder.path("vault.kdbx"), state: state).write(
            [3],
            saves: Self.saves(1, 3)
        )
        let names = try FileManager.default.contentsOfDirectory(atPath: state)
        #expect(
            KDBXKeptFiles.strays(among: names, in: state, but: [folder.path("vault.kdbx")]) == [
                KDBXStrayFile(path: paths[0], vault: former, duplicated: nil),
                KDBXStrayFile(path: paths[1], vault: former, duplicated: "ab"),
            ]
        )
        #expect(
            KDBXKeptFiles.strays(among: names, in: state, but: [folder.path("vault.kdbx"), former]).isEmpty
        )
    }

    @Test func `each state is kept under a name of its own`() throws {
        let folder = try TemporaryFolder()
        let place = KDBXKeptFiles(vault: folder.path("gone/vault.kdbx"), state: folder.path("state"))
        let paths = try (1...2).map { try place.write([$0], saves: KDBXSaves()) }
        #expect(paths.allSatisfy { $0.hasPrefix(folder.path("state/")) })
        #expect(Set(paths).count == 2 && place.found() == paths)
    }
}

/// Where a key derivation stands until the test lets it go on.
final class DeriverGate: Sendable {
    let isReached = Observed(false)
    let isOpen = DispatchSemaphore(value: 0)
    private let number: Int
    private let count = Mutex(0)

    /// Holds up the derivation of this number.
    init(at number: Int) {
        self.number = number
    }

    /// How many there were.
    var passed: Int { count.withLock { $0 } }

    func pass() {
        let isHeld = count.withLock { count in
            count += 1
            return count == number
        }
        guard isHeld else { return }
        isReached.update { $0 = true }
        _ = isOpen.wait(timeout: .now() + 60)
    }
}

/// Derives as any, but for the gate; it can't be ended.
final class GatedDeriver: KeyDeriver {
    private let gate: DeriverGate

    init(_ gate: DeriverGate) {
        self.gate = gate
    }

    func derive(_ derivation: KeyDerivation, from key: SecretBytes, limits: KDBXLimits) throws(KDBXError)
        -> SecretBytes
    {
        gate.pass()
        return try DirectDeriver().derive(derivation, from: key, limits: limits)
    }

    func end() {}
}
