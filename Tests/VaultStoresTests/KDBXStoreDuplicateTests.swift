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

/// What was saved and acknowledged outlasts a program that writes an older state while nobody follows the file.
struct KDBXStoreDuplicateTests {
    private let fixture: KDBXFixture
    private var store: KDBXStore { fixture.store }

    init() throws {
        fixture = try KDBXFixture(retryPause: .milliseconds(1))
    }

    private func save(_ title: String, _ store: KDBXStore) async throws {
        _ = try await store.save(LoginDraft(url: "https://a.example/", title: title))
    }

    private func titles(_ password: String = "demopass") throws -> Set<String> {
        Set(try fixture.read(password).entries.compactMap { $0.text("Title") })
    }

    /// What is listed.
    private var kept: [String] { KDBXKeptFiles.found(of: fixture.path, state: fixture.state) }

    /// What is listed, and what isn't since the file had it.
    private var all: [String] { KDBXKeptFiles(vault: fixture.path, state: fixture.state).found() }

    @Test func `a stale write after a lock is healed by the next unlock, also where that is the second`()
        async throws
    {
        try await store.unlock(for: UnlockReason())
        let stale = try fixture.bytes()
        try await save("ours", store)
        await store.lock()
        await store.saveIsSettled()
        #expect(all.count == 1 && kept.isEmpty)
        #expect(await store.status().kept == [])
        // The file has it, and nothing is to be done.
        try await store.unlock(for: UnlockReason())
        await store.lock()
        await store.saveIsSettled()
        try stale.write(to: URL(filePath: fixture.path), options: .atomic)
        let now = Array(stale)
        #expect(
            KDBXKeptFiles.duplicate(of: fixture.path, state: fixture.state, unlike: now)?.path == all.first
                && kept.isEmpty
        )
        try await store.unlock(for: UnlockReason())
        #expect(try await store.index().only("ours") != nil)
        #expect(try titles().contains("ours"))
        #expect(all.count == 1 && kept.isEmpty)
        // And once more, of the state that it has by now.
        await store.lock()
        await store.saveIsSettled()
        try stale.write(to: URL(filePath: fixture.path), options: .atomic)
        try await store.unlock(for: UnlockReason())
        #expect(try titles().contains("ours"))
    }

    @Test func `a stale write after the daemon was killed is healed by the next one`() async throws {
        let (path, state) = (fixture.path, fixture.state)
        let stale = try fixture.bytes()
        await #expect(processExitsWith: .signal(SIGKILL)) {
            [path = path as String, state = state as String] in
            let passwords = ScriptedPasswords(["demopass"])
            let store = KDBXFixture.store(path, passwords, state, Observed(KDBXFixture.then))
            try await store.unlock(for: UnlockReason())
            _ = try await store.save(LoginDraft(title: "ours"))
            raise(SIGKILL)
        }
        #expect(try titles().contains("ours"))
        try stale.write(to: URL(filePath: fixture.path), options: .atomic)
        try await store.unlock(for: UnlockReason())
        #expect(try titles().contains("ours"))
    }

    @Test func `there is one duplicate, of all that was saved, and none is merged in vain`() async throws {
        try await store.unlock(for: UnlockReason())
        let stale = try fixture.read()
        for title in ["first", "second", "third"] {
            try await save(title, store)
            #expect(all.count == 1)
        }
        await store.finish()
        // What another program does with the file's newest state leaves nothing to be put back.
        try fixture.editOutside { database in
            let root = try #require(database.root.id)
            _ = try database.addEntry(to: root, [FieldChange("Title", "theirs")], at: Timestamp(unix: 0))
        }
        let before = try fixture.bytes()
        let next = fixture.restarted()
        try await next.unlock(for: UnlockReason())
        #expect(try fixture.bytes() == before)
        #expect(all.count == 1 && kept.isEmpty)
        await next.finish()
        try KDBXFixture.write(stale, to: fixture.path)
        let last = fixture.restarted()
        try await last.unlock(for: UnlockReason())
        #expect(try titles().isSuperset(of: ["first", "second", "third"]))
    }

    @Test func `an unlock of a file that has it derives no key but the file's`() async throws {
        // None is held up.
        let gate = DeriverGate(at: 0)
        let store = fixture.restarted(makeDeriver: { GatedDeriver(gate) })
        try await store.unlock(for: UnlockReason())
        try await save("ours", store)
        await store.lock()
        await store.savesAreDone()
        let before = gate.passed
        try await store.unlock(for: UnlockReason())
        #expect(gate.passed == before + 1)
    }

    @Test func `a duplicate that the file turns out to lack is listed, and no longer once it has it`()
        async throws
    {
        try await store.unlock(for: UnlockReason())
        try await save("ours", store)
        let whole = try fixture.bytes()
        #expect(await store.status().kept == [])
        try Data("damaged".utf8).write(to: URL(filePath: fixture.path), options: .atomic)
        await store.fileChanged()
        #expect(await store.status().kept == all)
        #expect(kept == all && all.count == 1)
        try whole.write(to: URL(filePath: fixture.path), options: .atomic)
        await store.fileChanged()
        #expect(await store.status().kept == [])
        #expect(kept.isEmpty && all.count == 1)
    }

    @Test func `under another password it is listed once an unlock can't open it`() async throws {
        try await store.unlock(for: UnlockReason())
        let stale = try fixture.read()
        try await save("ours", store)
        await store.finish()
        let other = try CompositeKey(password: SecretBytes(utf8: "another"))
        try KDBXFixture.write(stale, to: fixture.path, other)
        fixture.passwords.next(["another"])
        try await store.unlock(for: UnlockReason())
        await store.savesAreDone()
        #expect(await store.status().kept == all)
        try await save("later", store)
        #expect(all.count == 2 && kept.count == 1)
        await store.lock()
        await store.saveIsSettled()
        fixture.passwords.next(["demopass", "another"])
        try await store.unlock(for: UnlockReason())
        await store.savesAreDone()
        #expect(try titles("another").isSuperset(of: ["ours", "later"]))
        #expect(all.count == 1 && kept.isEmpty)
    }

    @Test func `another password alone makes nothing missing, and the copy goes over to it`() async throws {
        try await store.unlock(for: UnlockReason())
        try await save("first", store)
        try await save("ours", store)
        await store.finish()
        let other = try CompositeKey(password: SecretBytes(utf8: "another"))
        try KDBXFixture.write(fixture.read(), to: fixture.path, other)
        fixture.passwords.next(["another"])
        let next = fixture.restarted()
        try await next.unlock(for: UnlockReason())
        await next.savesAreDone()
        #expect(await next.status().kept == [])
        #expect(kept.isEmpty && all.count == 1)
        let path = try #require(all.first)
        let copy = Array(try Data(contentsOf: URL(filePath: path)))
        #expect(try Database(reading: copy, key: other).entries.contains { $0.text("Title") == "ours" })
        await next.finish()
    }

    @Test func `what was removed from a history on purpose stays removed`() async throws {
        try await store.unlock(for: UnlockReason())
        let stale = try fixture.read()
        let id = try #require(try await store.index().only("Example")).id
        for password in ["one", "two"] {
            fixture.clock.update { $0 += 10 }
            _ = try await store.save(LoginDraft(id: id, password: SecretBytes(utf8: password)))
        }
        await store.finish()
        #expect(try history(id) == ["secret-1", "one"])
        var purged = stale
        let entry = try #require(Identifier(id.bytes))
        try purged.change(
            entry,
            [FieldChange("Password", SecretBytes(utf8: "two"))],
            at: Timestamp(unix: fixture.clock.now)
        )
        try KDBXFixture.write(purged, to: fixture.path)
        try await store.unlock(for: UnlockReason())
        #expect(try history(id) == ["secret-1"])
        // A program that knew nothing of it is another matter.
        try KDBXFixture.write(stale, to: fixture.path)
        await store.fileChanged()
        #expect(try await store.secrets(of: id).password.exposedText() == "two")
        await store.finish()
    }

    @Test func `what another program's state was merged with comes back where that is written again`()
        async throws
    {
        try await store.unlock(for: UnlockReason())
        var theirs = try fixture.read()
        let id = try #require(try await store.index().only("Example")).id
        fixture.clock.update { $0 += 10 }
        _ = try await store.save(LoginDraft(id: id, password: SecretBytes(utf8: "one")))
        try theirs.change(
            try #require(Identifier(id.bytes)),
            [FieldChange("Password", SecretBytes(utf8: "theirs"))],
            at: Timestamp(unix: fixture.clock.now + 5)
        )
        try KDBXFixture.write(theirs, to: fixture.path)
        await store.fileChanged()
        #expect(try history(id) == ["secret-1", "one"])
        // The file has both when another program changes something else.
        try fixture.editOutside { database in
            let root = try #require(database.root.id)
            _ = try database.addEntry(
                to: root,
                [FieldChange("Title", "more")],
                at: Timestamp(unix: fixture.clock.now + 6)
            )
        }
        await store.fileChanged()
        fixture.clock.update { $0 += 10 }
        _ = try await store.save(LoginDraft(id: id, password: SecretBytes(utf8: "two")))
        try KDBXFixture.write(theirs, to: fixture.path)
        await store.fileChanged()
        #expect(try history(id) == ["secret-1", "one", "theirs"])
        #expect(try await store.secrets(of: id).password.exposedText() == "two")
        await store.finish()
    }

    /// The former passwords that are in the file.
    private func history(_ id: LoginID) throws -> [String?] {
        let name = try #require(Identifier(id.bytes))
        let entry = try #require(try fixture.read().entry(name))
        return entry.history.map { $0.text("Password") }
    }

    @Test func `a save doesn't fail since the state folder takes no duplicate, and the lock tries again`()
        async throws
    {
        try await store.unlock(for: UnlockReason())
        await store.savesAreDone()
        try FileManager.default.moveItem(atPath: fixture.state, toPath: fixture.state + ".away")
        try Data().write(to: URL(filePath: fixture.state))
        let stale = try fixture.read()
        try await save("ours", store)
        #expect(await store.status().unkept?.contains("has no copy") == true)
        try FileManager.default.removeItem(atPath: fixture.state)
        await store.lock()
        await store.saveIsSettled()
        try KDBXFixture.write(stale, to: fixture.path)
        try await store.unlock(for: UnlockReason())
        #expect(try titles().contains("ours"))
    }

    @Test func `a save that the state folder takes no copy of is told, and comes back all the same`()
        async throws
    {
        // No folder can be made there.
        try Data().write(to: URL(filePath: fixture.state))
        try await store.unlock(for: UnlockReason())
        let stale = try fixture.bytes()
        try await save("ours", store)
        #expect(await store.status().unkept?.contains("has no copy") == true)
        await store.lock()
        await store.saveIsSettled()
        #expect(await store.status().unkept?.contains("has no copy") == true)
        try stale.write(to: URL(filePath: fixture.path), options: .atomic)
        try FileManager.default.removeItem(atPath: fixture.state)
        try await store.unlock(for: UnlockReason())
        await store.fileTasks.isDone()
        #expect(try titles().contains("ours"))
        #expect(await store.status().unkept == nil)
        await store.finish()
    }

    @Test func `what is kept goes with a file that is moved, and stays where another vault has that path`()
        async throws
    {
        try await store.unlock(for: UnlockReason())
        let stale = try fixture.bytes()
        try await save("ours", store)
        await store.finish()
        let path = fixture.folder.path("moved.kdbx")
        try FileManager.default.moveItem(atPath: fixture.path, toPath: path)
        let moved = KDBXKeptFiles(vault: path, state: fixture.state)
        let digest = try #require(
            KDBXKeptFiles(vault: fixture.path, state: fixture.state).copy(all[0]).duplicated
        )
        #expect(moved.takeOver(asIn: digest, otherVaults: [fixture.path]).isEmpty)
        #expect(moved.takeOver(asIn: "00", otherVaults: []).isEmpty)
        #expect(all.count == 1 && moved.found().isEmpty)
        let store = fixture.restarted(path: path)
        try await store.unlock(for: UnlockReason())
        await store.finish()
        let names = try FileManager.default.contentsOfDirectory(atPath: fixture.state)
        #expect(KDBXKeptFiles.strays(among: names, in: fixture.state, but: [path]).isEmpty)
        try stale.write(to: URL(filePath: path), options: .atomic)
        try await store.unlock(for: UnlockReason())
        #expect(try await store.index().only("ours") != nil)
        await store.finish()
    }
}
