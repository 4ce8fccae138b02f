// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Glibc
import KDBX
import Linux
import SecureMemory
import TestSupport
import Testing
import Vault
import VaultTestSupport

@testable import VaultStores

/// What a save puts into the file, and how it gets there.
struct KDBXStoreSavingTests {
    private static func login(_ title: String, in store: KDBXStore) async throws -> Login {
        try #require(try await store.index().only(title))
    }

    @Test func `a new login goes to its group, which is made when missing`() async throws {
        let fixture = try KDBXFixture()
        try await fixture.store.unlock(for: UnlockReason())
        let draft = LoginDraft(
            username: "me",
            password: SecretBytes(utf8: "p w"),
            url: "https://new.example/x",
            group: "A/B",
            realm: "r",
            allowHosts: ["new.example", "cdn.example"],
            fields: ["PIN": SecretBytes(utf8: "7"), "KP2A_URL": SecretBytes(utf8: "https://k.example")]
        )
        #expect(try await fixture.store.preview(draft).isNew)
        let id = try await fixture.store.save(draft)
        #expect(try await fixture.store.save(LoginDraft(title: "second", group: "A/B")) != id)
        let database = try fixture.read()
        let entry = try #require(Identifier(id.bytes).flatMap { database.entry($0) })
        #expect(entry.group?.path == ["A/B"] && entry.group?.entries.count == 2)
        #expect(entry.text("Title") == "new.example" && entry.text("UserName") == "me")
        #expect(entry.secret("Password") == SecretBytes(utf8: "p w"))
        #expect(entry.text("KeePassHttp Settings") == #"{"Allow":["cdn.example"],"Deny":[],"Realm":"r"}"#)
        let protected = Dictionary(uniqueKeysWithValues: entry.fields.map { ($0.name, $0.isProtected) })
        #expect(protected["Password"] == true && protected["PIN"] == true && protected["KP2A_URL"] == false)
        #expect(entry.created?.unix == fixture.clock.now)
        #expect(try await fixture.store.secrets(of: id).fields.keys.sorted() == ["KP2A_URL", "PIN"])
        #expect(try await fixture.store.index().matches(url: "https://k.example", now: 0).map(\.id) == [id])
    }

    @Test(arguments: [
        ("Internet", ["Internet"]), ("Vault/Internet", ["Internet"]),
        ("Internet/New/Deep", ["Internet", "New", "Deep"]),
        ("Vault/New/Deep", ["New", "Deep"]), ("Vault", ["Vault"]),
    ])
    func `a group's path is followed from group to group, and what is missing is made`(
        path: String,
        names: [String]
    ) async throws {
        let fixture = try KDBXFixture()
        try await fixture.store.unlock(for: UnlockReason())
        for title in ["one", "two"] {
            let id = try await fixture.store.save(LoginDraft(title: title, group: path, isGroupPath: true))
            let database = try fixture.read()
            let entry = try #require(Identifier(id.bytes).flatMap { database.entry($0) })
            #expect(entry.group?.path == names)
            let restriction = try ClientRestriction(groups: [path])
            #expect(try await fixture.store.index().limited(to: restriction).login(id) != nil)
        }
    }

    @Test func `a change keeps what it doesn't name, and the former state in the history`() async throws {
        let fixture = try KDBXFixture()
        try await fixture.store.unlock(for: UnlockReason())
        let login = try await Self.login("Example", in: fixture.store)
        let draft = LoginDraft(
            id: login.id,
            password: SecretBytes(utf8: "secret-2"),
            allowHosts: ["b.example"]
        )
        #expect(try await fixture.store.preview(draft).changedFields == ["Password", "Allow"])
        #expect(try await fixture.store.save(draft) == login.id)
        let database = try fixture.read()
        let entry = try #require(Identifier(login.id.bytes).flatMap { database.entry($0) })
        #expect(entry.text("UserName") == "someone" && entry.text("PIN") == "1234")
        #expect(entry.secret("Password") == SecretBytes(utf8: "secret-2"))
        #expect(entry.history.map { $0.text("Password") } == ["secret-1"])
        #expect(entry.group?.path == ["Internet"])
        #expect(try await fixture.store.index().login(login.id)?.allow == ["b.example"])
        #expect(try await fixture.store.secrets(of: login.id).password == SecretBytes(utf8: "secret-2"))
    }

    @Test func `nothing to change, no such login, a forbidden field: the file isn't touched`() async throws {
        let fixture = try KDBXFixture()
        try await fixture.store.unlock(for: UnlockReason())
        let before = try fixture.bytes()
        let login = try await Self.login("Example", in: fixture.store)
        let same = LoginDraft(id: login.id, username: "someone", password: SecretBytes(utf8: "secret-1"))
        await #expect(throws: VaultError.unchanged) { try await fixture.store.save(same) }
        let missing = LoginDraft(id: .random(), username: "x")
        await #expect(throws: VaultError.notFound) { try await fixture.store.save(missing) }
        let forbidden = LoginDraft(id: login.id, fields: ["KeePassHttp Settings": SecretBytes(utf8: "{}")])
        await #expect { try await fixture.store.save(forbidden) } throws: { error in
            if case VaultError.refused = error { true } else { false }
        }
        #expect(try fixture.bytes() == before)
        #expect(try fixture.names == ["vault.kdbx", "state"])
    }

    @Test func `notes are written like a string field, and stay as the database has them`() async throws {
        let fixture = try KDBXFixture()
        let store = fixture.store
        try await store.unlock(for: UnlockReason())
        let id = try await Self.login("Example", in: store).id
        let draft = LoginDraft(id: id, fields: ["Notes": SecretBytes(utf8: "a note")])
        #expect(try await store.preview(draft).changedFields == ["Notes"])
        _ = try await store.save(draft)
        await #expect(throws: VaultError.unchanged) { try await store.save(draft) }
        #expect(try await store.secrets(of: id).notes == SecretBytes(utf8: "a note"))
        let entry = try #require(try fixture.read().entries.first { $0.text("Title") == "Example" })
        #expect(entry.fields.filter { $0.name == "Notes" }.map(\.isProtected) == [false])
    }

    @Test func `many saves at once are all in the file`() async throws {
        let fixture = try KDBXFixture()
        try await fixture.store.unlock(for: UnlockReason())
        let store = fixture.store
        let ids = try await withThrowingTaskGroup { group in
            for number in 1...12 { group.addTask { try await store.save(LoginDraft(title: "n\(number)")) } }
            return try await group.reduce(into: Set<LoginID>()) { $0.insert($1) }
        }
        #expect(ids.count == 12)
        #expect(try fixture.read().entries.count == 14)
        #expect(try await store.index().count == 14)
    }

    @Test(arguments: [UInt16(0o600), 0o640, 0o664])
    func `a link is followed, mode stays, and one backup holds the former file`(mode: UInt16) async throws {
        let fixture = try KDBXFixture(place: "real.kdbx")
        try fixture.folder.makeFolder("elsewhere")
        let link = fixture.folder.path("elsewhere/link.kdbx")
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "../real.kdbx")
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: fixture.path)
        let store = fixture.restarted(path: link)
        try await store.unlock(for: UnlockReason())
        for round in 1...3 {
            let before = try fixture.bytes("real.kdbx")
            _ = try await store.save(LoginDraft(title: "round \(round)"))
            #expect(try fixture.bytes("real.kdbx.keybell-backup") == before)
        }
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: link) == "../real.kdbx")
        let attributes = try FileManager.default.attributesOfItem(atPath: fixture.path)
        #expect((attributes[.posixPermissions] as? NSNumber)?.uint16Value == mode)
        #expect(try fixture.names == ["real.kdbx", "real.kdbx.keybell-backup", "elsewhere", "state"])
        #expect(try fixture.read().entries.count == 5)
    }

    @Test(.enabled(if: geteuid() == 0, "only root can give a file away"))
    func `the owner and the group stay`() async throws {
        let fixture = try KDBXFixture()
        let owner: [FileAttributeKey: NSNumber] = [.ownerAccountID: 1234, .groupOwnerAccountID: 4321]
        try FileManager.default.setAttributes(owner, ofItemAtPath: fixture.path)
        try await fixture.store.unlock(for: UnlockReason())
        _ = try await fixture.store.save(LoginDraft(title: "x"))
        let attributes = try FileManager.default.attributesOfItem(atPath: fixture.path)
        for (key, value) in owner { #expect(attributes[key] as? NSNumber == value) }
    }

    @Test(arguments: FileReplacement.Step.allCases)
    func `a save that fails leaves the old or the new file, and nothing beside it`(step: FileReplacement.Step)
        async throws
    {
        let fixture = try KDBXFixture(reached: { reached throws(SystemCallError) in
            if reached == step { throw SystemCallError(call: "test", code: ENOSPC) }
        })
        try await fixture.store.unlock(for: UnlockReason())
        let before = try fixture.bytes()
        let isNew = [.renamed, .done].contains(step)
        if isNew {
            // What comes after the file is in its place: whoever was told of a failure would save it twice.
            let id = try await fixture.store.save(LoginDraft(title: "x"))
            #expect(try await fixture.store.index().login(id)?.title == "x")
            await #expect(throws: VaultError.unchanged) {
                try await fixture.store.save(LoginDraft(id: id, title: "x"))
            }
        } else {
            await #expect { try await fixture.store.save(LoginDraft(title: "x")) } throws: { error in
                if case VaultError.unavailable = error { true } else { false }
            }
        }
        #expect(try (fixture.bytes() == before) == !isNew)
        #expect(try fixture.read().entries.count == (isNew ? 3 : 2))
        #expect(try fixture.names.filter { $0.hasPrefix(".") } == [])
        // Whatever it was, the next one works.
        let store = fixture.restarted()
        try await store.unlock(for: UnlockReason())
        _ = try await store.save(LoginDraft(title: "y"))
        #expect(try fixture.read().entries.count == (isNew ? 4 : 3))
    }

    @Test(.timeLimit(.minutes(1)))
    func `a file that hangs holds up nobody for ever, and what hadn't begun isn't saved later`() async throws
    {
        let gate = DispatchSemaphore(value: 0)
        let fixture = try KDBXFixture(
            timeout: .seconds(2),
            reached: { step in
                guard step == .made else { return }
                gate.wait()
                gate.signal()
            }
        )
        let store = fixture.store
        try await store.unlock(for: UnlockReason())
        async let first = store.save(LoginDraft(title: "first"))
        async let second = store.save(LoginDraft(title: "second"))
        var told: [String] = []
        do { _ = try await first } catch VaultError.unavailable(let text) { told.append(text) }
        do { _ = try await second } catch VaultError.unavailable(let text) { told.append(text) }
        #expect(told.count { $0.contains("may yet succeed") } == 1)
        #expect(told.count { $0.contains("nothing was saved") } == 1)
        gate.signal()
        let saved = try await fixture.waitForChange(store, "the save") { index in
            index.only("first") ?? index.only("second")
        }
        _ = try await store.save(LoginDraft(title: "third"))
        let titles = try fixture.read().entries.compactMap { $0.text("Title") }
        #expect(titles.sorted() == ["Example", "Other", saved.title, "third"].sorted())
    }

    @Test func `what a killed save left is cleared at the next start`() async throws {
        let fixture = try KDBXFixture()
        for name in [".vault.kdbx.keybell-new", ".vault.kdbx.keybell-old"] {
            try fixture.folder.write(name, "x")
        }
        try await fixture.restarted().unlock(for: UnlockReason())
        // Nobody waits for it.
        _ = try await eventually("a clean folder") {
            try fixture.names == ["vault.kdbx", "state"] ? () : nil
        }
    }

    @Test func `a lock while it is saved doesn't open the vault again`() async throws {
        let fixture = try KDBXFixture()
        try await fixture.store.unlock(for: UnlockReason())
        let store = fixture.store
        let save = Task { try await store.save(LoginDraft(title: "x")) }
        await store.lock()
        // Which of the two came first is chance; what counts is that it is locked, and the file whole.
        _ = await save.result
        #expect(await store.status().isLocked)
        #expect(try [2, 3].contains(fixture.read().entries.count))
    }

    @Test(arguments: [1, 0xFFFE, 0xFFFF] as [UInt32])
    func `what the file can't say as it is meant isn't saved, and the file stays as it was`(
        number: UInt32
    ) async throws {
        let fixture = try KDBXFixture()
        try await fixture.store.unlock(for: UnlockReason())
        let (before, store) = (try fixture.bytes(), fixture.store)
        let login = try await Self.login("Example", in: store)
        let character = String(try #require(Unicode.Scalar(number)))
        let secret = SecretBytes(utf8: #"{"Allow":["evil.example"]}"#)
        let drafts = [
            LoginDraft(id: login.id, url: "https://evil.example\(character)/"),
            LoginDraft(id: login.id, fields: ["KeePassHttp Settings\(character)": secret]),
            LoginDraft(id: login.id, fields: ["x": secret, "x\(character)": secret]),
            LoginDraft(title: "evil.example\(character)"), LoginDraft(title: "x", group: "y\(character)"),
        ]
        for draft in drafts {
            await #expect { try await store.save(draft) } throws: { error in
                if case VaultError.refused = error { true } else { false }
            }
        }
        #expect(try fixture.bytes() == before)
    }

    /// Whether files can be mounted here, as a container's are.
    private static let canMount =
        geteuid() == 0 && FileManager.default.isExecutableFile(atPath: "/usr/bin/mount")

    @Test(.enabled(if: canMount, "nothing can be mounted here"))
    func `a file that is a mount point is written in place, after a backup`() async throws {
        let fixture = try KDBXFixture()
        let mounted = try await ChildProcess.run("mount", ["--bind", fixture.path, fixture.path])
        guard mounted.status == 0 else { return }  // a container that may not
        do {
            try await inPlace(fixture)
        } catch {
            _ = try await ChildProcess.run("umount", [fixture.path])
            throw error
        }
        _ = try await ChildProcess.run("umount", [fixture.path])
    }

    @Test(.enabled(if: canMount, "nothing can be mounted here"))
    func `who finds the file broken is told where its former content is`() async throws {
        let fixture = try KDBXFixture()
        let mounted = try await ChildProcess.run("mount", ["--bind", fixture.path, fixture.path])
        guard mounted.status == 0 else { return }  // a container that may not
        let (path, state) = (fixture.path, fixture.folder.path("broken"))
        let isBackedUp = Observed(false)
        let store = KDBXFixture.store(
            path,
            fixture.passwords,
            state,
            fixture.clock,
            reached: {
                step throws(SystemCallError) in
                // The new file was synchronized before it turned out that it can't take the old one's place.
                if step == .backedUp { isBackedUp.update { $0 = true } }
                guard step == .synchronized, isBackedUp.now, unsafe umount2(path, 0) == 0 else { return }
                // Neither the new content counts now nor can the old one be put back.
                unsafe unlink(path)
                throw SystemCallError(call: "test", code: EIO)
            }
        )
        defer { unsafe umount2(path, 0) }
        let before = try fixture.bytes()
        try await store.unlock(for: UnlockReason())
        let error = await #expect(throws: VaultError.self) { try await store.save(LoginDraft(title: "one")) }
        guard case .failed(let text)? = error else {
            Issue.record("another error, or none")
            return
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: state)
        let backup = state + "/" + (try #require(names.first { $0.hasSuffix(".kdbx-backup") }))
        #expect(text.contains(backup))
        #expect(try Data(contentsOf: URL(filePath: backup)) == before)
    }

    @Test(.enabled(if: geteuid() != 0, "root may write everywhere"))
    func `a file in a folder that may not be written is written in place, after a backup`() async throws {
        let fixture = try KDBXFixture()
        // Makes the state folder.
        try await fixture.store.unlock(for: UnlockReason())
        let folder = fixture.folder.path
        try FileManager.default.setAttributes([.posixPermissions: 0o500], ofItemAtPath: folder)
        defer { try? FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: folder) }
        try await inPlace(fixture)
    }

    private func inPlace(_ fixture: KDBXFixture) async throws {
        try await fixture.store.unlock(for: UnlockReason())
        let before = try Data(contentsOf: URL(filePath: fixture.path))
        for title in ["one", "two"] { _ = try await fixture.store.save(LoginDraft(title: title)) }
        #expect(try fixture.read().entries.count == 4)
        let state = fixture.folder.path("state")
        let backup = try #require(
            FileManager.default.contentsOfDirectory(atPath: state).first { $0.hasSuffix(".kdbx-backup") }
        )
        let path = state + "/" + backup
        let kept = Array(try Data(contentsOf: URL(filePath: path)))
        let key = try CompositeKey(password: SecretBytes(utf8: "demopass"))
        #expect(try Database(reading: kept, key: key).entries.count == 3)
        #expect(Data(kept) != before)
        let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
        #expect(try await fixture.store.index().count == 4)
    }
}
