// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Foundation
import KDBX
import Linux
import SecureMemory
import TestSupport
import Testing
import Vault

@testable import VaultStores

/// What another program puts in the file's place, and Keybell puts something back into, costs nobody the state before.
struct KDBXStoreMixedUpTests {
    private func save(_ title: String, _ fixture: KDBXFixture) async throws {
        _ = try await fixture.store.save(LoginDraft(url: "https://a.example/", title: title))
    }

    private func titles(_ fixture: KDBXFixture) throws -> Set<String> {
        Set(try fixture.read().entries.compactMap { $0.text("Title") })
    }

    /// A state of a template with these entries.
    private func database(_ template: Database, _ titles: [String]) throws -> Database {
        var database = template
        let root = try #require(database.root.id)
        for title in titles {
            let now = Timestamp(unix: KDBXFixture.then)
            _ = try database.addEntry(to: root, [FieldChange("Title", title)], at: now)
        }
        return database
    }

    @Test func `two databases of one template are two`() async throws {
        let fixture = try KDBXFixture(retryPause: .milliseconds(1))
        let template = Database(new: "Passwords", KDBXFixture.layout, at: Timestamp(unix: 0))
        try KDBXFixture.write(database(template, ["a", "b"]), to: fixture.path)
        try await fixture.store.unlock(for: UnlockReason())
        try await save("ours", fixture)
        let whole = try fixture.bytes()
        let other = try database(template, ["x", "y"])
        try KDBXFixture.write(other, to: fixture.path)
        await fixture.store.fileChanged()
        #expect(try titles(fixture) == ["x", "y"])
        #expect(KDBXKeptFiles.found(of: fixture.path, state: fixture.state).count == 1)
        try whole.write(to: URL(filePath: fixture.path), options: .atomic)
        await fixture.store.fileChanged()
        await fixture.store.finish()
        try await fixture.store.unlock(for: UnlockReason())
        #expect(try titles(fixture) == ["a", "b", "ours"])
    }

    @Test func `a state of the template with other entries than what was saved may be the same database`()
        throws
    {
        let template = Database(new: "Passwords", KDBXFixture.layout, at: Timestamp(unix: 0))
        let (ours, theirs) = (try database(template, ["ours"]), try database(template, ["theirs"]))
        let saved = Set(ours.entries.compactMap(\.id))
        #expect(theirs.isSame(as: ours, but: saved) && ours.isSame(as: theirs, but: saved))
        #expect(!theirs.isSame(as: ours))
        #expect(template.isSame(as: ours) && ours.isSame(as: template))
    }

    @Test func `what is put back leaves the backup of before the save, and the next save doesn't`()
        async throws
    {
        let fixture = try KDBXFixture(retryPause: .milliseconds(1))
        try await fixture.store.unlock(for: UnlockReason())
        let before = try fixture.bytes()
        var stale = try fixture.read()
        stale = try database(stale, ["theirs"])
        try await save("ours", fixture)
        try KDBXFixture.write(stale, to: fixture.path)
        await fixture.store.fileChanged()
        #expect(try titles(fixture) == ["Example", "Other", "ours", "theirs"])
        #expect(try fixture.bytes("vault.kdbx.keybell-backup") == before)
        let next = try fixture.bytes()
        try await save("more", fixture)
        #expect(try fixture.bytes("vault.kdbx.keybell-backup") == next)
    }
}
