// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Foundation
import Linux
import SecureMemory
import Synchronization
import TestSupport
import Testing
import Vault
import XMLTree

@testable import KDBX
@testable import VaultStores

/// Other programs that write the same file.
struct KDBXStoreOthersTests {
    private static let later = Timestamp(unix: KDBXFixture.then + 500)

    @Test func `what another program writes is served`() async throws {
        let fixture = try KDBXFixture()
        try await fixture.store.unlock(for: UnlockReason())
        for round in 1...3 {
            try fixture.editOutside { database in
                let root = try #require(database.root.id)
                _ = try database.addEntry(to: root, [FieldChange("Title", "round \(round)")], at: Self.later)
            }
            _ = try await fixture.waitForChange(fixture.store, "the new login") { $0.only("round \(round)") }
        }
        try fixture.editOutside { database in
            let root = try #require(database.root.id)
            _ = try database.addEntry(to: root, [FieldChange("Title", "x")], at: Self.later)
        }
        _ = try await fixture.waitForChange(fixture.store, "the new login") { $0.only("x") }
        #expect(fixture.passwords.asked == [1])
    }

    @Test(arguments: [true, false])
    func `another database in the file's place is served, and nothing of the former is put into it`(
        isFollowed: Bool
    ) async throws {
        let fixture = try KDBXFixture()
        try await fixture.store.unlock(for: UnlockReason())
        let example = try #require(try await fixture.store.index().only("Example")?.id)
        let draft = LoginDraft(password: SecretBytes(utf8: "p"), url: "https://a.example/", title: "ours")
        _ = try await fixture.store.save(draft)
        let password = SecretBytes(utf8: "ours")
        _ = try await fixture.store.save(LoginDraft(id: example, password: password))
        let hash = await fixture.store.hash()

        var other = try KDBXFixture.database()
        let root = try #require(other.root.id)
        _ = try other.addEntry(to: root, [FieldChange("Title", "theirs")], at: Self.later)
        try KDBXFixture.write(other, to: fixture.path)
        if isFollowed {
            _ = try await fixture.waitForChange(fixture.store, "the other database") { $0.only("theirs") }
        } else {
            // What was allowed is about an entry of the former one, or else about none.
            let change = LoginDraft(id: example, username: "me")
            await #expect(throws: VaultError.notFound) { try await fixture.store.save(change) }
        }
        let more = LoginDraft(password: password, url: "https://b.example/", title: "more")
        _ = try await fixture.store.save(more)
        for titles in [
            try await fixture.store.index().all.map(\.title),
            try fixture.read().entries.map { $0.text("Title") ?? "" },
        ] { #expect(titles.sorted() == ["Example", "Other", "more", "theirs"]) }
        #expect(try fixture.read().root.id == root)
        #expect(await fixture.store.hash() != hash)
    }

    @Test func `what another program writes while the key is derived is served`() async throws {
        let fixture = try KDBXFixture(Layout(keyDerivation: .aes(rounds: 10_000_000)))
        var next = try KDBXFixture.database()
        let root = try #require(next.root.id)
        _ = try next.addEntry(to: root, [FieldChange("Title", "x")], at: Self.later)
        try KDBXFixture.write(next, to: fixture.folder.path("next"))
        let store = KDBXStore(
            name: "test",
            path: fixture.path,
            passwords: ReplacingPasswords(path: fixture.path, by: fixture.folder.path("next")),
            state: fixture.folder.path("state"),
            logger: KDBXFixture.quiet
        )
        try await store.unlock(for: UnlockReason())
        _ = try await fixture.waitForChange(store, "the new login") { $0.only("x") }
    }

    @Test func `a file written in place is served`() async throws {
        let fixture = try KDBXFixture()
        try await fixture.store.unlock(for: UnlockReason())
        var database = try fixture.read()
        let root = try #require(database.root.id)
        _ = try database.addEntry(to: root, [FieldChange("Title", "x")], at: Self.later)
        let key = try CompositeKey(password: SecretBytes(utf8: "demopass"))
        try Data(database.written(key: key).file).write(to: URL(filePath: fixture.path))
        _ = try await fixture.waitForChange(fixture.store, "the new login") { $0.only("x") }
    }

    @Test func `a link that leads elsewhere from now on is followed`() async throws {
        let fixture = try KDBXFixture(place: "one.kdbx")
        let link = fixture.folder.path("link.kdbx")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "one.kdbx")
        let store = fixture.restarted(path: link)
        try await store.unlock(for: UnlockReason())
        try fixture.folder.makeFolder("far")
        var database = try fixture.read()
        let root = try #require(database.root.id)
        _ = try database.addEntry(to: root, [FieldChange("Title", "x")], at: Self.later)
        try KDBXFixture.write(database, to: fixture.folder.path("far/two.kdbx"))
        try FileManager.default.createSymbolicLink(
            atPath: fixture.folder.path("new"),
            withDestinationPath: "far/two.kdbx"
        )
        // The way a link is changed in one go.
        _ = try await ChildProcess.run("mv", ["-T", fixture.folder.path("new"), link])
        _ = try await fixture.waitForChange(store, "the other file") { $0.only("x") }
        _ = try database.addEntry(to: root, [FieldChange("Title", "y")], at: Self.later)
        try KDBXFixture.write(database, to: fixture.folder.path("far/two.kdbx"))
        _ = try await fixture.waitForChange(store, "the other file's change") { $0.only("y") }
    }

    @Test func `a save that another program's write crosses has both, and both edits of one login`()
        async throws
    {
        let crossing = Mutex<KDBXFixture?>(nil)
        let fixture = try KDBXFixture(reached: { step in
            // At the last moment before the file would be replaced, once.
            guard step == .verified, let fixture = crossing.withLock({ $0.take() }) else { return }
            try? fixture.editOutside { database in
                guard let root = database.root.id,
                    let example = database.entries.first(where: { $0.text("Title") == "Example" })?.id
                else { return }
                _ = try database.addEntry(to: root, [FieldChange("Title", "theirs")], at: Self.later)
                try database.change(example, [FieldChange("UserName", "theirs")], at: Self.later)
            }
        })
        crossing.withLock { $0 = fixture }
        try await fixture.store.unlock(for: UnlockReason())
        let id = try #require(try await fixture.store.index().only("Example")?.id)
        _ = try await fixture.store.save(LoginDraft(id: id, password: SecretBytes(utf8: "ours")))
        let database = try fixture.read()
        #expect(database.entries.compactMap { $0.text("Title") }.sorted() == ["Example", "Other", "theirs"])
        let entry = try #require(Identifier(id.bytes).flatMap { database.entry($0) })
        #expect(entry.text("Password") == "ours" && entry.text("UserName") == "theirs")
        #expect(entry.history.count == 2)
        #expect(try await fixture.store.index().count == 3)
    }

    @Test func `what another program does to groups, settings and other entries stays when Keybell saves`()
        async throws
    {
        let fixture = try KDBXFixture()
        try await fixture.store.unlock(for: UnlockReason())
        _ = try await fixture.store.save(LoginDraft(title: "ours", group: "A"))
        try fixture.editOutside { database in
            let meta = try #require(database.meta)
            // Older than what Keybell has read and written: what stands in the file counts all the same.
            database.document.setText(of: meta, child: "DatabaseName", to: "Theirs")
            let group = try #require(database.root.groups.first { $0.name == "Internet" }?.element)
            database.document.setText(of: group, child: "Name", to: "Net")
            let other = try #require(database.entries.first { $0.text("Title") == "Other" }?.id)
            database.document.move(try #require(database.entryPlaces[other]), to: group)
            let example = try #require(database.entries.first { $0.text("Title") == "Example" }?.id)
            database.document.remove(try #require(database.entryPlaces[example]))
        }
        _ = try await fixture.store.save(LoginDraft(title: "more", group: "A"))
        let database = try fixture.read()
        #expect(database.meta("DatabaseName") == "Theirs")
        #expect(database.root.groups.map(\.name) == ["Net", "A"])
        #expect(database.entries.compactMap { $0.text("Title") }.sorted() == ["Other", "more", "ours"])
        #expect(database.root.groups.first?.entries.map { $0.text("Title") } == ["Other"])
    }

    @Test func `what was saved comes back where an older copy overwrites it, and nothing else does`()
        async throws
    {
        let fixture = try KDBXFixture()
        try await fixture.store.unlock(for: UnlockReason())
        let former = try fixture.bytes()
        let id = try #require(try await fixture.store.index().only("Example")?.id)
        _ = try await fixture.store.save(LoginDraft(title: "ours", group: "A"))
        _ = try await fixture.store.save(LoginDraft(id: id, password: SecretBytes(utf8: "ours")))
        try fixture.editOutside { database in
            let root = try #require(database.root.id)
            _ = try database.addEntry(to: root, [FieldChange("Title", "theirs")], at: Self.later)
        }
        _ = try await fixture.waitForChange(fixture.store, "theirs") { $0.only("theirs") }
        try former.write(to: URL(filePath: fixture.path), options: .atomic)
        _ = try await fixture.waitForChange(fixture.store, "the older copy") {
            $0.only("theirs") == nil ? true : nil
        }
        let database = try fixture.read()
        #expect(database.entries.compactMap { $0.text("Title") }.sorted() == ["Example", "Other", "ours"])
        #expect(database.entries.first { $0.text("Title") == "ours" }?.group?.path == ["A"])
        #expect(Identifier(id.bytes).flatMap { database.entry($0) }?.text("Password") == "ours")
    }

    @Test func `what a later edit overwrites is in the history, and what was deleted later stays deleted`()
        async throws
    {
        let fixture = try KDBXFixture()
        try await fixture.store.unlock(for: UnlockReason())
        let stale = try fixture.read()
        let id = try #require(try await fixture.store.index().only("Example")?.id)
        let example = try #require(Identifier(id.bytes))
        _ = try await fixture.store.save(LoginDraft(id: id, password: SecretBytes(utf8: "ours")))
        var theirs = stale
        let evenLater = Timestamp(unix: KDBXFixture.then + 5000)
        try theirs.change(example, [FieldChange("UserName", "theirs")], at: evenLater)
        try KDBXFixture.write(theirs, to: fixture.path)
        _ = try await fixture.waitForChange(fixture.store, "their edit") { index in
            index.login(id)?.username == "theirs" ? true : nil
        }
        let entry = try #require(try fixture.read().entry(example))
        #expect(entry.text("UserName") == "theirs" && entry.text("Password") == "secret-1")
        #expect(entry.history.contains { $0.text("Password") == "ours" })

        theirs.document.remove(try #require(theirs.entryPlaces[example]))
        let list = try #require(
            theirs.document.descendant(of: theirs.document.root, "Root", "DeletedObjects")
        )
        let note = theirs.document.append("DeletedObject", to: list)
        theirs.document.append("UUID", to: note, text: example.base64)
        let deleted = Timestamp(unix: KDBXFixture.then + 6000).text(for: theirs.version)
        theirs.document.append("DeletionTime", to: note, text: deleted)
        try KDBXFixture.write(theirs, to: fixture.path)
        _ = try await fixture.waitForChange(fixture.store, "their deletion") {
            $0.login(id) == nil ? true : nil
        }
        #expect(try fixture.read().entry(example) == nil)
    }

    @Test(
        .enabled(
            if: InstalledProgram.isThere("keepassxc-cli"),
            "keepassxc-cli is not installed"
        )
    )
    func `a stale editor and Keybell save in turns, and nothing that either saved is lost`() async throws {
        let fixture = try KDBXFixture()
        try await fixture.store.unlock(for: UnlockReason())
        let editor = fixture.folder.path("editor.kdbx")
        try fixture.bytes().write(to: URL(filePath: editor))
        for round in 1...3 {
            _ = try await fixture.store.save(LoginDraft(title: "ours \(round)"))
            // It knows what it has read and written itself, and nothing of what Keybell has saved.
            let report = try await ChildProcess.run(
                "keepassxc-cli",
                ["add", "-q", "-u", "they", editor, "theirs \(round)"],
                environment: [
                    "HOME": fixture.folder.path, "XDG_CONFIG_HOME": fixture.folder.path,
                    "QT_QPA_PLATFORM": "offscreen",
                ],
                input: "demopass\n"
            )
            #expect(report.status == 0, "\(report.errors)")
            try fixture.bytes("editor.kdbx").write(to: URL(filePath: fixture.path), options: .atomic)
            _ = try await fixture.waitForChange(fixture.store, "round \(round)") { index in
                let ours = (1...round).allSatisfy { index.only("ours \($0)") != nil }
                return ours && index.only("theirs \(round)") != nil ? true : nil
            }
        }
        let titles = try fixture.read().entries.compactMap { $0.text("Title") }.sorted()
        let expected =
            ["Example", "Other"] + ["ours", "theirs"].flatMap { who in (1...3).map { "\(who) \($0)" } }
        #expect(titles == expected)
    }

    @Test func `a file that another program broke is left alone, and what was read is served`() async throws {
        let fixture = try KDBXFixture()
        try await fixture.store.unlock(for: UnlockReason())
        let good = try fixture.bytes()
        var bad = good
        bad[bad.count / 2] ^= 1
        for broken in [bad, good.prefix(good.count / 2), Data()] {
            try broken.write(to: URL(filePath: fixture.path), options: .atomic)
            await #expect { try await fixture.store.save(LoginDraft(title: "x")) } throws: { error in
                if case VaultError.unavailable = error { true } else { false }
            }
            #expect(try fixture.bytes() == broken)
            #expect(try await fixture.store.index().only("Example") != nil)
        }
        try FileManager.default.removeItem(atPath: fixture.path)
        await #expect { try await fixture.store.save(LoginDraft(title: "x")) } throws: { error in
            if case VaultError.unavailable = error { true } else { false }
        }
        #expect(try fixture.names == ["state"])
        try good.write(to: URL(filePath: fixture.path), options: .atomic)
        _ = try await fixture.store.save(LoginDraft(title: "x"))
        #expect(try fixture.read().entries.count == 3)
    }

    @Test(arguments: [true, false])
    func `a file that has gone or has another password is told, until it can be read again or is locked`(
        isGone: Bool
    ) async throws {
        let fixture = try KDBXFixture()
        try await fixture.store.unlock(for: UnlockReason())
        let good = try fixture.bytes()
        #expect(await fixture.store.status().trouble == nil)
        if isGone {
            try FileManager.default.removeItem(atPath: fixture.path)
        } else {
            let key = try CompositeKey(password: SecretBytes(utf8: "another"))
            try KDBXFixture.write(try fixture.read(), to: fixture.path, key)
        }
        let trouble = try await fixture.waitForTrouble(true)
        #expect(trouble?.contains(isGone ? "can't be read" : "another password") == true)
        #expect(try await fixture.store.index().count == 2)
        try good.write(to: URL(filePath: fixture.path), options: .atomic)
        #expect(try await fixture.waitForTrouble(false) == nil)
        try FileManager.default.removeItem(atPath: fixture.path)
        _ = try await fixture.waitForTrouble(true)
        await fixture.store.lock()
        #expect(await fixture.store.status().trouble == nil)
    }

    @Test func `a file with another password is left alone`() async throws {
        let fixture = try KDBXFixture()
        try await fixture.store.unlock(for: UnlockReason())
        let key = try CompositeKey(password: SecretBytes(utf8: "another"))
        try KDBXFixture.write(try fixture.read(), to: fixture.path, key)
        let before = try fixture.bytes()
        await #expect { try await fixture.store.save(LoginDraft(title: "x")) } throws: { error in
            if case VaultError.unavailable = error { true } else { false }
        }
        #expect(try fixture.bytes() == before)
        #expect(try await fixture.store.index().count == 2)
    }

    @Test(
        .enabled(
            if: InstalledProgram.isThere("keepassxc-cli"),
            "keepassxc-cli is not installed"
        )
    )
    func `KeePassXC and Keybell write the same file in turns`() async throws {
        let fixture = try KDBXFixture()
        try await fixture.store.unlock(for: UnlockReason())
        for round in 1...3 {
            let report = try await ChildProcess.run(
                "keepassxc-cli",
                ["add", "-q", "-u", "they", "-g", fixture.path, "Internet/theirs \(round)"],
                environment: [
                    "HOME": fixture.folder.path, "XDG_CONFIG_HOME": fixture.folder.path,
                    "QT_QPA_PLATFORM": "offscreen",
                ],
                input: "demopass\n"
            )
            #expect(report.status == 0, "\(report.errors)")
            _ = try await fixture.store.save(LoginDraft(title: "ours \(round)"))
        }
        let index = try await fixture.store.index()
        #expect(index.count == 8)
        #expect(index.only("theirs 3")?.username == "they")
        let report = try await ChildProcess.run(
            "keepassxc-cli",
            ["show", "-q", "-s", "-a", "Title", fixture.path, "KeePassHttp Passwords/ours 2"],
            environment: ["HOME": fixture.folder.path, "QT_QPA_PLATFORM": "offscreen"],
            input: "demopass\n"
        )
        #expect(report.output == "ours 2\n")
    }
}

/// Gives the password, and some moments later has another file in the vault's place.
private struct ReplacingPasswords: VaultPasswords {
    let path: String
    let next: String

    init(path: String, by next: String) {
        (self.path, self.next) = (path, next)
    }

    func password(attempt: Int, for reason: UnlockReason) async throws(VaultError) -> SecretBytes? {
        Task { [self] in
            // The file has been read long before this program has ended, and its key takes much longer.
            _ = try await ChildProcess.run("true")
            #expect(unsafe rename(next, path) == 0)
        }
        return SecretBytes(utf8: "demopass")
    }

    func formerPassword(attempt: Int, for reason: UnlockReason) async -> SecretBytes? { nil }

    func opened(with password: SecretBytes?) async {}
}
