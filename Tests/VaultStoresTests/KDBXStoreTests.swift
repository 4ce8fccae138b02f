// SPDX-License-Identifier: Apache-2.0

import Ciphers
import ConcurrencyTools
import Dispatch
import Foundation
import KDBX
import SecureMemory
import TestSupport
import Testing
import Vault
import VaultTestSupport

@testable import VaultStores

/// Opening, locking, and what is served.
struct KDBXStoreTests {
    @Test func `a vault is locked until its password has been given`() async throws {
        let fixture = try KDBXFixture()
        await #expect(throws: VaultError.locked) { try await fixture.store.index() }
        await #expect(throws: VaultError.locked) { try await fixture.store.save(LoginDraft(title: "x")) }
        #expect(await fixture.store.status().isLocked)
        #expect(await fixture.store.status().hash == nil)
        try await fixture.store.unlock(for: UnlockReason())
        let status = await fixture.store.status()
        #expect(!status.isLocked && status.count == 2 && status.path == fixture.path)
        #expect(fixture.passwords.asked == [1])
        #expect(fixture.passwords.opened == 1)
    }

    @Test func `a wrong password is followed by the next attempt, until none is left`() async throws {
        let fixture = try KDBXFixture()
        let passwords = ScriptedPasswords(["wrong", "", "demopass"])
        try await fixture.restarted(passwords: passwords).unlock(for: UnlockReason())
        #expect(passwords.asked == [1, 2, 3])
        let others = ScriptedPasswords(["wrong"])
        let store = fixture.restarted(passwords: others)
        await #expect(throws: VaultError.locked) { try await store.unlock(for: UnlockReason()) }
        #expect(others.opened == 0)
        #expect(await store.status().isLocked)
    }

    @Test func `who unlocks at the same time waits for the same password`() async throws {
        let fixture = try KDBXFixture()
        let store = fixture.store
        try await withThrowingTaskGroup { group in
            for _ in 1...8 { group.addTask { try await store.unlock(for: UnlockReason()) } }
            try await group.waitForAll()
        }
        #expect(fixture.passwords.asked == [1])
    }

    @Test(.timeLimit(.minutes(1)))
    func `who unlocks at the same time waits only as long as it wants to`() async throws {
        let fixture = try KDBXFixture()
        let waiting = WaitingPasswords()
        let store = Self.store(fixture, waiting)
        let unlock = Task { try await store.unlock(for: UnlockReason()) }
        try await waiting.asked.wait(for: "the question") { $0 ? () : nil }
        let cancellation = Cancellation()
        let other = Task { try await store.unlock(for: UnlockReason(cancellation: cancellation)) }
        cancellation.cancel()
        await #expect(throws: VaultError.notUnlocked(.cancelled)) { try await other.value }
        waiting.answer.update { $0 = true }
        try await unlock.value
        #expect(await !store.status().isLocked)
    }

    @Test(.timeLimit(.minutes(1)))
    func `where the one that was asked for gives it up, the person is asked for the next`() async throws {
        let fixture = try KDBXFixture()
        let passwords = CancellablePasswords()
        let store = Self.store(fixture, passwords)
        let cancellation = Cancellation()
        let unlock = Task { try await store.unlock(for: UnlockReason(cancellation: cancellation)) }
        try await passwords.asked.wait(for: "the question") { $0 > 0 ? () : nil }
        let other = Task { try await store.unlock(for: UnlockReason(program: "other")) }
        // So that the other has come to where it waits.
        for _ in 0..<100 { _ = await store.status() }
        cancellation.cancel()
        await #expect(throws: VaultError.notUnlocked(.cancelled)) { try await unlock.value }
        try await other.value
        #expect(passwords.asked.now == 2)
    }

    @Test(.timeLimit(.minutes(1)))
    func `whoever gives it up ends the derivation, and the vault stays locked`() async throws {
        let fixture = try KDBXFixture()
        let deriver = EndlessDeriver()
        let store = Self.store(fixture, fixture.passwords, deriver)
        let cancellation = Cancellation()
        let unlock = Task { try await store.unlock(for: UnlockReason(cancellation: cancellation)) }
        try await deriver.began.wait(for: "the derivation") { $0 ? () : nil }
        cancellation.cancel()
        await #expect(throws: VaultError.notUnlocked(.cancelled)) { try await unlock.value }
        #expect(await store.status().isLocked)
    }

    private static func store(
        _ fixture: KDBXFixture,
        _ passwords: any VaultPasswords,
        _ deriver: any KeyDeriver = DirectDeriver()
    ) -> KDBXStore {
        KDBXStore(
            name: "test",
            path: fixture.path,
            passwords: passwords,
            makeDeriver: { deriver },
            state: fixture.folder.path("state"),
            logger: KDBXFixture.quiet
        )
    }

    @Test(arguments: [nil, "", "demopass"] as [String?])
    func `a key file opens it, with a password, an empty one and none`(password: String?) async throws {
        let fixture = try KDBXFixture(password: password, keyFile: Array("any file at all".utf8))
        try await fixture.store.unlock(for: UnlockReason())
        #expect(try await fixture.store.index().count == 2)
        try FileManager.default.removeItem(atPath: fixture.folder.path("key"))
        await fixture.store.lock()
        await #expect { try await fixture.store.unlock(for: UnlockReason()) } throws: { error in
            if case VaultError.unavailable = error { true } else { false }
        }
    }

    @Test func `nobody is asked for the password where the key file is of no use`() async throws {
        let fixture = try KDBXFixture(keyFile: Array("any file at all".utf8))
        try fixture.folder.write("key", "")
        let waiting = WaitingPasswords()
        let store = KDBXStore(
            name: "test",
            path: fixture.path,
            keyFile: fixture.folder.path("key"),
            passwords: waiting,
            state: fixture.folder.path("state"),
            logger: KDBXFixture.quiet
        )
        await #expect(throws: VaultError.self) { try await store.unlock(for: UnlockReason()) }
        #expect(!waiting.asked.now)
    }

    @Test func `a lock drops everything, and an unlock under way comes to nothing`() async throws {
        let fixture = try KDBXFixture()
        try await fixture.store.unlock(for: UnlockReason())
        await fixture.store.lock()
        await #expect(throws: VaultError.locked) { try await fixture.store.index() }
        let waiting = WaitingPasswords()
        let store = KDBXStore(
            name: "test",
            path: fixture.path,
            passwords: waiting,
            state: fixture.folder.path("state"),
            logger: KDBXFixture.quiet
        )
        let unlock = Task { try await store.unlock(for: UnlockReason()) }
        try await waiting.asked.wait(for: "the question") { $0 ? () : nil }
        await store.lock()
        waiting.answer.update { $0 = true }
        await #expect(throws: VaultError.notUnlocked(.lockedMeanwhile)) { try await unlock.value }
        #expect(await store.status().isLocked)
    }

    @Test func `a lock while the vault is being remembered leaves it locked, and says so`() async throws {
        let fixture = try KDBXFixture()
        let locking = LockingPasswords()
        let store = KDBXStore(
            name: "test",
            path: fixture.path,
            passwords: locking,
            state: fixture.folder.path("state"),
            logger: KDBXFixture.quiet
        )
        locking.lock.update { $0 = { await store.lock() } }
        await #expect(throws: VaultError.notUnlocked(.lockedMeanwhile)) {
            try await store.unlock(for: UnlockReason())
        }
        #expect(await store.status().isLocked)
    }

    @Test func `a file that could not be opened is said before anybody is asked`() async throws {
        let fixture = try KDBXFixture()
        try fixture.folder.write("vault.kdbx", "no database")
        await #expect(throws: VaultError.unavailable("The file of the vault test is no KeePass database.")) {
            try await fixture.store.unlock(for: UnlockReason())
        }
        try FileManager.default.removeItem(atPath: fixture.path)
        let words =
            "The file of the vault test can't be read: no such file or directory. "
            + "`keybell doctor` says where it is looked for."
        await #expect(throws: VaultError.unavailable(words)) {
            try await fixture.store.unlock(for: UnlockReason())
        }
        #expect(fixture.passwords.asked.isEmpty)
    }

    @Test func `a file that costs too much to open is refused`() async throws {
        let fixture = try KDBXFixture(
            Layout(keyDerivation: .argon2(.init(.id, memory: 2 << 20, iterations: 1, lanes: 1)))
        )
        let store = KDBXStore(
            name: "test",
            path: fixture.path,
            maximumMemory: 1,
            passwords: fixture.passwords,
            state: fixture.folder.path("state"),
            logger: KDBXFixture.quiet
        )
        await #expect { try await store.unlock(for: UnlockReason()) } throws: { error in
            if case VaultError.unavailable(let text) = error {
                text.contains("max_kdf_memory_mib")
            } else {
                false
            }
        }
    }

    @Test func `the Hash is pinned when first seen, and known while the vault is locked`() async throws {
        let fixture = try KDBXFixture()
        try await fixture.store.unlock(for: UnlockReason())
        let root = try #require(try fixture.read().root.id)
        let text = root.hexText + String(repeating: "0", count: 32)
        let expected = Digest.sha1(Array(text.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }
            .joined()
        #expect(await fixture.store.status().hash == expected)
        let other = fixture.restarted()
        #expect(await other.status().hash == expected)
        #expect(await other.status().isLocked)
        // Another database in its place is another vault.
        try KDBXFixture.write(KDBXFixture.database(), to: fixture.path)
        try await other.unlock(for: UnlockReason())
        #expect(await other.status().hash != expected)
    }

    @Test func `logins are served with their groups, settings, further URLs and own fields`() async throws {
        let fixture = try KDBXFixture { database in
            let now = Timestamp(unix: KDBXFixture.then)
            let internet = try #require(database.group(at: ["Internet"])?.id)
            let inner = try database.addGroup("Inner", to: internet, at: now)
            let settings = #"{"Allow":["a.example"],"Deny":["b.example"],"Realm":"r"}"#
            _ = try database.addEntry(
                to: inner,
                [
                    FieldChange("Title", "Deep"), FieldChange("Notes", "nobody's"),
                    FieldChange("KP2A_URL", SecretBytes(utf8: "https://k.example"), isProtected: true),
                    FieldChange("URL 1", "https://u.example"),
                    FieldChange("otp", "otpauth://totp/x?secret=A"),
                    FieldChange("KeePassHttp Settings", settings),
                ],
                at: now
            )
        }
        try await fixture.store.unlock(for: UnlockReason())
        let index = try await fixture.store.index()
        let deep = try #require(index.only("Deep"))
        #expect(deep.group?.name == "Vault/Internet/Inner")
        // What the file protects is no address to match by.
        #expect(deep.furtherURLs == ["https://u.example"])
        #expect(index.matches(url: "https://k.example/", now: 0).isEmpty)
        #expect(index.matches(url: "https://u.example/", now: 0).map(\.title) == ["Deep"])
        #expect(deep.allow == ["a.example"] && deep.deny == ["b.example"] && deep.realm == "r")
        #expect(deep.fieldNames == ["KP2A_URL", "URL 1", "otp"])
        let example = try #require(index.matches(url: "https://example.com/", now: 0).first)
        #expect(example.title == "Example" && example.username == "someone")
        let secrets = try await fixture.store.secrets(of: example.id)
        #expect(secrets.password == SecretBytes(utf8: "secret-1"))
        #expect(secrets.fields == ["PIN": SecretBytes(utf8: "1234")])
        #expect(index.only("Other")?.group?.name == "Vault")
    }

    @Test func `a group's path is no longer than anybody's, whatever the names are`() async throws {
        let fixture = try KDBXFixture { database in
            let now = Timestamp(unix: KDBXFixture.then)
            var group = try #require(database.group(at: ["Internet"])?.id)
            for number in 0..<6 {
                group = try database.addGroup(String(repeating: "é", count: 400), to: group, at: now)
                _ = try database.addEntry(to: group, [FieldChange("Title", "in \(number)")], at: now)
            }
        }
        try await fixture.store.unlock(for: UnlockReason())
        let index = try await fixture.store.index()
        for number in 0..<6 {
            let name = try #require(index.only("in \(number)")?.group?.name)
            #expect(name.utf8.count <= 1024 && name.hasSuffix("éé"))
        }
    }

    @Test func `the plugin's settings entry is never served`() async throws {
        let fixture = try KDBXFixture { database in
            let root = try #require(database.root.id)
            let key = FieldChange("AES Key: x", SecretBytes(utf8: "k"), isProtected: true)
            let title = FieldChange("Title", "KeePassHttp Settings")
            _ = try database.addEntry(to: root, [title, key], at: Timestamp(unix: KDBXFixture.then))
        }
        let entry = try #require(
            try fixture.read().entries.first { $0.text("Title") == "KeePassHttp Settings" }
        )
        let id = try #require(entry.id.flatMap { LoginID($0.bytes) })
        try await fixture.store.unlock(for: UnlockReason())
        #expect(try await fixture.store.index().everything.count == 2)
        await #expect(throws: VaultError.notFound) { try await fixture.store.secrets(of: id) }
        let draft = LoginDraft(id: id, username: "me")
        await #expect(throws: VaultError.notFound) { try await fixture.store.save(draft) }
    }

    @Test func `what is in the recycle bin is never served`() async throws {
        let store = try Self.copy("KeePassXC41.kdbx")
        try await store.store.unlock(for: UnlockReason())
        #expect(try await store.store.index().everything.map(\.title) == ["Example"])
        let bytes = Array(try Data(contentsOf: URL(filePath: store.path)))
        let key = try CompositeKey(password: SecretBytes(utf8: "demopass"))
        let gone = try Database(reading: bytes, key: key).entries.first { $0.text("Title") == "Gone" }
        let id = try #require(gone?.id.flatMap { LoginID($0.bytes) })
        await #expect(throws: VaultError.notFound) { try await store.store.secrets(of: id) }
    }

    @Test(arguments: ["KeePassXC41.kdbx", "PyKeePass4.kdbx"])
    func `files of other programs are opened and written`(name: String) async throws {
        let copy = try Self.copy(name)
        try await copy.store.unlock(for: UnlockReason())
        #expect(try await !copy.store.index().all.isEmpty)
        let id = try await copy.store.save(LoginDraft(password: SecretBytes(utf8: "p"), title: "new"))
        #expect(try await copy.store.secrets(of: id).password == SecretBytes(utf8: "p"))
    }

    private static func copy(_ name: String) throws -> (
        store: KDBXStore, path: String, folder: TemporaryFolder
    ) {
        let folder = try TemporaryFolder()
        let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        let source = tests.appending(path: "KDBXTests/Fixtures/\(name)").path
        try FileManager.default.copyItem(atPath: source, toPath: folder.path(name))
        let passwords = ScriptedPasswords(["demopass"])
        let state = folder.path("state")
        let store = KDBXFixture.store(folder.path(name), passwords, state, Observed(KDBXFixture.then))
        return (store, folder.path(name), folder)
    }
}

/// Keeps the person thinking until told otherwise.
final class WaitingPasswords: VaultPasswords {
    let asked = Observed(false)
    let answer = Observed(false)

    func password(attempt: Int, for reason: UnlockReason) async throws(VaultError) -> SecretBytes? {
        asked.update { $0 = true }
        do { try await answer.wait(for: "an answer") { $0 ? () : nil } } catch { throw .failed("\(error)") }
        return SecretBytes(utf8: "demopass")
    }

    func formerPassword(attempt: Int, for reason: UnlockReason) async -> SecretBytes? { nil }

    func opened(with password: SecretBytes?) async {}
}

/// Locks the vault as soon as it has been opened.
private final class LockingPasswords: VaultPasswords {
    let lock = Observed<@Sendable () async -> Void>({})

    func password(attempt: Int, for reason: UnlockReason) async throws(VaultError) -> SecretBytes? {
        SecretBytes(utf8: "demopass")
    }

    func formerPassword(attempt: Int, for reason: UnlockReason) async -> SecretBytes? { nil }

    func opened(with password: SecretBytes?) async { await lock.now() }
}

/// Keeps the person thinking for whoever can give it up, until it does.
private final class CancellablePasswords: VaultPasswords {
    let asked = Observed(0)

    func password(attempt: Int, for reason: UnlockReason) async throws(VaultError) -> SecretBytes? {
        asked.update { $0 += 1 }
        guard let cancellation = reason.cancellation else { return SecretBytes(utf8: "demopass") }
        await withCheckedContinuation { continuation in
            cancellation.whenCancelled { continuation.resume() }
        }
        throw .notUnlocked(.cancelled)
    }

    func formerPassword(attempt: Int, for reason: UnlockReason) async -> SecretBytes? { nil }

    func opened(with password: SecretBytes?) async {}
}

/// Derives until it is ended.
private final class EndlessDeriver: KeyDeriver {
    let began = Observed(false)
    private let ending = DispatchSemaphore(value: 0)

    func derive(
        _ derivation: KeyDerivation,
        from key: SecretBytes,
        limits: KDBXLimits
    ) throws(KDBXError) -> SecretBytes {
        began.update { $0 = true }
        ending.wait()
        throw .cancelled
    }

    func end() { ending.signal() }
}
