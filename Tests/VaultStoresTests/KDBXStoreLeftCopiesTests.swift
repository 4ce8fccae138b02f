// SPDX-License-Identifier: Apache-2.0

import Foundation
import KDBX
import Linux
import Logging
import SecureMemory
import TestSupport
import Testing
import Vault

@testable import VaultStores

/// Why something that is kept isn't merged, and what is tried first.
struct KDBXStoreLeftCopiesTests {
    private let fixture: KDBXFixture
    private let place: KDBXKeptFiles
    private let keptSaves: KDBXKeptSaves

    init() throws {
        fixture = try KDBXFixture()
        place = KDBXKeptFiles(vault: fixture.path, state: fixture.state)
        keptSaves = KDBXKeptSaves(name: "test", path: fixture.path, state: fixture.state)
    }

    /// Keeps a state of the vault with a login that has this title.
    private func keep(_ title: String, of state: Database? = nil, under password: String) throws -> String {
        var database = try state ?? fixture.read()
        let root = try #require(database.root.id)
        let later = Timestamp(unix: KDBXFixture.then + 500)
        let id = try database.addEntry(to: root, [FieldChange("Title", title)], at: later)
        var saves = KDBXSaves()
        saves.add([id]) { _ in later }
        let key = try CompositeKey(password: SecretBytes(utf8: password))
        return try place.write(database.written(key: key).file, saves: saves)
    }

    /// What comes of it where the vault was opened by the first of these passwords.
    private func merge(
        _ passwords: [String],
        by makeDeriver: @escaping @Sendable () -> any KeyDeriver = { DirectDeriver() },
        within time: Duration = .seconds(60)
    ) async throws -> (titles: Set<String>, left: [KDBXLog.Left: [String]]) {
        // It finds nothing there, and so merges nothing by itself.
        let state = fixture.folder.path("empty")
        let store = KDBXFixture.store(fixture.path, fixture.passwords, state, fixture.clock)
        try await store.unlock(for: UnlockReason())
        let (file, opened) = (await store.file, try #require(await store.opened))
        await store.finish()
        let merge = KDBXKeptMerge(
            for: file.reader,
            of: keptSaves,
            by: CancellableDerivers(makeDeriver, within: time)
        )
        let merged = merge.merged(with: opened, openedBy: passwords.map { SecretBytes(utf8: $0) })
        return (Set(merged.opened.snapshot.index.all.map(\.title)), merged.left)
    }

    @Test func `each is left for its own reason`() async throws {
        let other = try KDBXFixture.database()
        let strange = try keep("strange", under: "strange")
        let foreign = try keep("foreign", of: other, under: "demopass")
        let damaged = try keep("damaged", under: "demopass")
        try Data("damaged".utf8).write(to: URL(filePath: damaged))
        let unknown = try keep("unknown", under: "demopass")
        try FileManager.default.removeItem(atPath: unknown + ".json")
        _ = try keep("ours", under: "demopass")
        let (titles, left) = try await merge(["demopass"])
        #expect(titles == ["Example", "Other", "ours"])
        #expect(
            left == [
                .unopened: [strange], .otherDatabase: [foreign], .unreadable: [damaged], .unknown: [unknown],
            ]
        )
    }

    @Test func `what there is no time for is not said to be under another password`() async throws {
        let path = try keep("ours", under: "demopass")
        let (titles, left) = try await merge(["demopass"], within: .zero)
        #expect(titles == ["Example", "Other"])
        #expect(left == [.untried: [path]])
    }

    @Test func `the password that has opened the file is tried for all before any other is`() async throws {
        let strange = try keep("strange", under: "strange")
        _ = try keep("ours", under: "demopass")
        // The third fails.
        let count = Observed(0)
        let (titles, left) = try await merge(["demopass", "wrong"]) {
            count.update { $0 += 1 }
            return count.now > 2 ? UnableDeriver() : DirectDeriver()
        }
        #expect(titles == ["Example", "Other", "ours"])
        #expect(left == [.unreadable: [strange]])
        #expect(count.now == 3)
    }

    @Test func `the person is asked for the former password where they unlock it themselves`() async throws {
        _ = try keep("strange", under: "strange")
        let passwords = ScriptedPasswords(["demopass"])
        passwords.former.update { $0 = ["wrong", "strange"] }
        let store = fixture.restarted(passwords: passwords)
        try await store.unlock(for: UnlockReason(program: "/usr/bin/firefox"))
        #expect(passwords.former.now.count == 2)
        #expect(try await store.index().only("strange") == nil)
        try await store.unlock(for: UnlockReason(isByHand: true))
        #expect(passwords.former.now.isEmpty)
        #expect(try await store.index().only("strange") != nil)
        #expect(await store.status().kept.isEmpty)
        await store.lock()
        // Nothing is wanted any more.
        passwords.former.update { $0 = ["unasked"] }
        try await store.unlock(for: UnlockReason(isByHand: true))
        #expect(passwords.former.now == ["unasked"])
        await store.finish()
    }

    @Test func `one who doesn't know the former password has the vault open`() async throws {
        let path = try keep("strange", under: "strange")
        let store = fixture.restarted()
        try await store.unlock(for: UnlockReason(isByHand: true))
        #expect(await !store.isLocked())
        #expect(await store.status().kept == [path])
        await store.finish()
    }

    @Test func `why something isn't merged, and why a file can't be read, is logged once`() async throws {
        _ = try keep("strange", under: "strange")
        let lines = Observed<[String]>([])
        let store = KDBXFixture.store(
            fixture.path,
            ScriptedPasswords(["demopass"]),
            fixture.state,
            fixture.clock,
            logger: Logger(label: "test") { _ in LineLog(lines: lines) }
        )
        for _ in 1...3 {
            try await store.unlock(for: UnlockReason())
            await store.lock()
        }
        #expect(lines.now.count { $0.contains("still kept") } == 1, "\(lines.now)")
        try await store.unlock(for: UnlockReason())
        try KDBXFixture.write(
            fixture.read(),
            to: fixture.path,
            CompositeKey(password: SecretBytes(utf8: "another"))
        )
        for _ in 1...3 { await store.fileChanged() }
        #expect(lines.now.count { $0.contains("can't be read") } == 1, "\(lines.now)")
        await store.finish()
    }

    @Test func `what is opened and can't be put into the file is served, and written by the next save`()
        async throws
    {
        let path = try keep("ours", under: "demopass")
        let whole = try fixture.bytes()
        // The file is opened, then what is kept.
        let gate = DeriverGate(at: 2)
        let store = fixture.restarted(makeDeriver: { GatedDeriver(gate) })
        let unlocking = Task { try await store.unlock(for: UnlockReason()) }
        try await gate.isReached.wait(for: "what is kept to be opened") { $0 ? () : nil }
        try Data("damaged".utf8).write(to: URL(filePath: fixture.path), options: .atomic)
        gate.isOpen.signal()
        // Its trouble may be told, or not yet.
        try? await unlocking.value
        #expect(try await store.index().only("ours") != nil)
        #expect(await store.status().trouble != nil)
        #expect(place.found() == [path])
        try whole.write(to: URL(filePath: fixture.path), options: .atomic)
        _ = try await store.save(LoginDraft(url: "https://b.example/", title: "later"))
        let titles = Set(try fixture.read().entries.compactMap { $0.text("Title") })
        #expect(titles == ["Example", "Other", "ours", "later"])
        #expect(KDBXKeptFiles.found(of: fixture.path, state: fixture.state).isEmpty)
        await store.finish()
    }
}

/// Derives nothing.
private final class UnableDeriver: KeyDeriver {
    func derive(_ derivation: KeyDerivation, from key: SecretBytes, limits: KDBXLimits) throws(KDBXError)
        -> SecretBytes
    {
        throw .tooCostly(.time)
    }

    func end() {}
}

/// Keeps what is logged.
private struct LineLog: LogHandler {
    let lines: Observed<[String]>
    var logLevel = Logger.Level.notice
    var metadata: Logger.Metadata = [:]

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        lines.update { $0.append(event.message.description) }
    }
}
