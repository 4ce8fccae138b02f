// SPDX-License-Identifier: Apache-2.0

import Foundation
import SecureMemory
import TestSupport
import Testing
import Vault
import XMLTree

@testable import KDBX
@testable import VaultStores

/// Vaults whose settings want no history.
struct KDBXNoHistoryTests {
    private func fixture() throws -> KDBXFixture {
        try KDBXFixture(change: { database in
            let meta = try #require(database.meta)
            database.document.setText(of: meta, child: "HistoryMaxItems", to: "0")
        })
    }

    private func passwords(_ fixture: KDBXFixture, _ id: LoginID) throws -> [String] {
        let database = try fixture.read()
        let entry = try #require(database.entry(Identifier(id)))
        return ([entry.text("Password")] + entry.history.map { $0.text("Password") }).compactMap(\.self)
    }

    private func save(_ draft: LoginDraft, _ fixture: KDBXFixture) async throws {
        fixture.clock.update { $0 += 10 }
        _ = try await fixture.store.save(draft)
    }

    @Test func `a password that is replaced stays nowhere, as in KeePassXC`() async throws {
        let fixture = try fixture()
        try await fixture.store.unlock(for: UnlockReason())
        let id = try #require(try await fixture.store.index().only("Example")).id
        for password in ["one", "two"] {
            try await save(LoginDraft(id: id, password: SecretBytes(utf8: password)), fixture)
        }
        #expect(try passwords(fixture, id) == ["two"])
    }

    @Test func `one that another program has overwritten outlasts changes of anything else`() async throws {
        let fixture = try fixture()
        try await fixture.store.unlock(for: UnlockReason())
        var stale = try fixture.read()
        let id = try #require(try await fixture.store.index().only("Example")).id
        try await save(LoginDraft(id: id, password: SecretBytes(utf8: "ours")), fixture)
        fixture.clock.update { $0 += 10 }
        try stale.change(
            Identifier(id),
            [FieldChange("Notes", "theirs")],
            at: Timestamp(unix: fixture.clock.now)
        )
        try KDBXFixture.write(stale, to: fixture.path)
        await fixture.store.fileChanged()
        #expect(try passwords(fixture, id) == ["secret-1", "ours"])
        for title in ["A", "B"] { try await save(LoginDraft(id: id, title: title), fixture) }
        #expect(try passwords(fixture, id) == ["secret-1", "ours"])
        try await save(LoginDraft(id: id, password: SecretBytes(utf8: "new")), fixture)
        #expect(try passwords(fixture, id) == ["new"])
        for title in ["C", "D"] { try await save(LoginDraft(id: id, title: title), fixture) }
        #expect(try passwords(fixture, id) == ["new"])
    }
}
