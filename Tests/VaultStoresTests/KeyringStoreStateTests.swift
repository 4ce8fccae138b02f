// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Foundation
import SecretService
import SecureMemory
import TestSupport
import Testing
import Vault

@testable import VaultStores

@Suite struct KeyringStoreStateTests {
    @Test func `a locked collection locks the vault, whose Hash is known all the same`() async throws {
        let fixture = try await StoreFixture()
        let id = try await fixture.saveOne()
        let hash = try #require(await fixture.store.status().hash)
        #expect(hash.count == 40)
        try await fixture.session.gnome.lock()
        let store = fixture.store
        try await fixture.settle("the lock") { await store.status().isLocked }
        #expect(await store.status().hash == hash)
        await #expect(throws: VaultError.locked) { try await store.index() }
        await #expect(throws: VaultError.locked) { try await store.secrets(of: id) }
        await #expect(throws: VaultError.locked) { try await store.save(LoginDraft(id: id, username: "x")) }
        let restarted = try await fixture.restarted()
        #expect(await restarted.status().hash == hash)
        #expect(await restarted.status().isLocked)
    }

    @Test func `locking the vault leaves the collection open, and unlocking it asks nobody`() async throws {
        let fixture = try await StoreFixture()
        _ = try await fixture.saveOne()
        await fixture.store.lock()
        #expect(await fixture.store.status().isLocked)
        await #expect(throws: VaultError.locked) { try await fixture.store.index() }
        #expect(await fixture.keyring.state() == .unlocked)
        try await fixture.store.unlock(for: UnlockReason())
        #expect(try await fixture.store.index().count == 1)
        await fixture.store.lock()
        await fixture.store.resume()
        #expect(try await fixture.store.index().count == 1)
        #expect(await !fixture.store.status().isLocked)
    }

    @Test func `what is suspended is open when that is over, unless the person has locked it, too`()
        async throws
    {
        let fixture = try await StoreFixture()
        _ = try await fixture.saveOne()
        await fixture.store.suspend()
        await #expect(throws: VaultError.locked) { try await fixture.store.index() }
        await fixture.store.endSuspension()
        #expect(try await fixture.store.index().count == 1)
        await fixture.store.lock()
        await fixture.store.suspend()
        await fixture.store.endSuspension()
        await #expect(throws: VaultError.locked) { try await fixture.store.index() }
        await fixture.store.resume()
        #expect(try await fixture.store.index().count == 1)
    }

    @Test func `a state that can't be read is neither taken for a lost one nor written over`() async throws {
        let fixture = try await StoreFixture()
        let hash = try #require(await fixture.store.hash())
        await BlockingWork.state {}
        let (files, path) = (FileManager.default, fixture.state + "/keyring-vault.json")
        try files.moveItem(atPath: path, toPath: path + ".away")
        try files.createDirectory(atPath: path, withIntermediateDirectories: false)
        let restarted = try await fixture.restarted()
        #expect(await restarted.hash() == nil)
        await #expect(throws: VaultError.self) { try await restarted.index() }
        try files.removeItem(atPath: path)
        try files.moveItem(atPath: path + ".away", toPath: path)
        #expect(await restarted.hash() == hash)
        #expect(try await restarted.index().count == 0)
    }

    @Test func `what could not be written down is written when the daemon ends at the latest`() async throws {
        let fixture = try await StoreFixture()
        let folder = fixture.state.split(separator: "/").dropLast().reduce("") { $0 + "/" + $1 }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        // A file where the folder is to be stands for a disk that takes nothing.
        try Data().write(to: URL(filePath: fixture.state))
        _ = await fixture.store.status()
        let hash = try #require(await fixture.store.hash())
        await BlockingWork.state {}
        try FileManager.default.removeItem(atPath: fixture.state)
        await fixture.store.finish()
        #expect(FileManager.default.fileExists(atPath: fixture.state + "/keyring-vault.json"))
        #expect(try await fixture.restarted().hash() == hash)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a disk that hangs holds up nobody`() async throws {
        let fixture = try await StoreFixture()
        try FileManager.default.createDirectory(atPath: fixture.state, withIntermediateDirectories: true)
        // Who opens a pipe for writing waits for its reader: a write that never ends, until the test lets it.
        let path = fixture.state + "/keyring-vault.json.new-\(getpid())"
        try #require(unsafe mkfifo(path, 0o600) == 0)
        defer { close(unsafe open(path, O_RDONLY | O_NONBLOCK)) }
        _ = await fixture.store.status()
        _ = try await fixture.saveOne()
        #expect(try await fixture.store.index().count == 1)
        #expect(await fixture.store.status().hash?.count == 40)
    }

    @Test(.timeLimit(.minutes(1)))
    func `a keyring that never rests holds up nobody`() async throws {
        let fixture = try await StoreFixture()
        let store = fixture.store
        _ = try await fixture.saveOne()
        let path = try #require(try await fixture.items(StoreFixture.schema).first?.path)
        let changing = Task {
            while !Task.isCancelled { await store.takeIn(.itemsChanged(path: path)) }
        }
        defer { changing.cancel() }
        for _ in 1...5 { #expect(try await store.index().count == 1) }
    }

    @Test func `since when something is left may be any number in the file`() {
        var state = KeyringVaultState(.random(), isProvisional: false)
        let id = LoginID.random()
        #expect(state.orphaned(id, now: 1000) == 1000)
        for (since, now) in [(Int64.min, Int64(0)), (.max, 1000), (500, 500)] {
            state.orphans = [id.hex: since]
            #expect(state.orphaned(id, now: 1000) == now)
        }
    }

    @Test func `the state is this user's alone`() async throws {
        let fixture = try await StoreFixture()
        _ = await fixture.store.status()
        await BlockingWork.state {}
        let files = FileManager.default
        let folder = try files.attributesOfItem(atPath: fixture.state)[.posixPermissions] as? Int
        #expect(folder == 0o700)
        let names = try files.contentsOfDirectory(atPath: fixture.state)
        #expect(names == ["keyring-vault.json"])
        let path = fixture.state + "/keyring-vault.json"
        #expect(try files.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
    }

    @Test func `a lost state comes back from the keyring`() async throws {
        let fixture = try await StoreFixture()
        _ = try await fixture.saveOne()
        let hash = await fixture.store.status().hash
        let restarted = try await fixture.restarted(state: fixture.state + "-lost")
        _ = try await restarted.index()
        #expect(await restarted.status().hash == hash)
        #expect(try await fixture.keyring.items(schema: StoreFixture.extraSchema).count == 1)
    }

    /// Whoever is told a Hash keeps it for good.
    @Test func `while it is locked nobody is told a Hash that the keyring may then take back`() async throws {
        let fixture = try await StoreFixture()
        _ = try await fixture.saveOne()
        let hash = try #require(await fixture.store.hash())
        try await fixture.session.gnome.lock()
        let restarted = try await fixture.restarted(state: fixture.state + "-lost")
        #expect(await restarted.hash() == nil)
        #expect(await restarted.status().hash == nil)
        let changes = restarted.changes()
        try await fixture.session.gnome.stop()
        let again = try await GnomeKeyring(on: fixture.session.bus)
        // As soon as it is open, though nothing is read.
        let told = Observed(String?.none)
        let asking = Task {
            for await _ in changes {
                let hash = await restarted.hash()
                told.update { $0 = hash }
            }
        }
        defer { asking.cancel() }
        #expect(try await told.wait(for: "the Hash") { $0 } == hash)
        try await again.stop()
    }

    @Test func `a new vault in an open keyring has a Hash at once, and keeps it`() async throws {
        let fixture = try await StoreFixture()
        let hash = try #require(await fixture.store.hash())
        #expect(await fixture.store.status().hash == hash)
        #expect(try await fixture.restarted().hash() == hash)
        _ = try await fixture.saveOne()
        #expect(await fixture.store.hash() == hash)
    }

    @Test func `a new vault in a keyring that was never set up has the Hash that it keeps`() async throws {
        let bus = try await PrivateBus()
        let gnome = try await GnomeKeyring(on: bus, password: nil)
        let store = StoreFixture.store(
            try await StoreFixture.keyring(on: bus),
            bus.folder.path("state"),
            Observed(0)
        )
        let hash = try #require(await store.hash())
        #expect(hash.count == 40)
        try await gnome.stop()
    }

    @Test func `the state wins over another identity in the keyring`() async throws {
        let fixture = try await StoreFixture()
        _ = try await fixture.store.index()
        let hash = try #require(await fixture.store.status().hash)
        let other = LoginID.random().hex
        try await fixture.session.storeOutside(
            "Keybell vault",
            ["xdg:schema": StoreFixture.extraSchema, "uuid": "vault", "root": other, "recycle-bin": other],
            secret: "{}"
        )
        let restarted = try await fixture.restarted()
        _ = try await restarted.index()
        #expect(await restarted.status().hash == hash)
    }

    @Test func `a broken state file is as good as none`() async throws {
        let fixture = try await StoreFixture()
        _ = try await fixture.saveOne()
        let hash = await fixture.store.status().hash
        await BlockingWork.state {}
        try Data("{".utf8).write(to: URL(fileURLWithPath: fixture.state + "/keyring-vault.json"))
        let restarted = try await fixture.restarted()
        _ = try await restarted.index()
        #expect(await restarted.status().hash == hash)
    }

    @Test func `without a provider the vault says what to do`() async throws {
        let fixture = try await StoreFixture()
        _ = try await fixture.store.index()
        try await fixture.session.gnome.stop()
        let store = fixture.store
        try await fixture.settle("its leaving") { await store.status().isLocked }
        await #expect(throws: VaultError.unavailable(KeyringError.noProvider.advice)) {
            try await store.index()
        }
        let second = try await GnomeKeyring(on: fixture.session.bus)
        try await fixture.settle("its return") {
            do throws(VaultError) { return try await store.index().count == 0 } catch { return false }
        }
        try await second.stop()
    }
}
