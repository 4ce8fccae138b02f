// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import Testing
import Vault

@testable import VaultStores

/// What of a vault has changed: an allow that nobody has collected ends with that login alone.
@Suite struct VaultStateTests {
    private static func new(_ title: String, in store: KDBXStore) async throws -> LoginID {
        try await store.save(
            LoginDraft(
                password: SecretBytes(utf8: "first"),
                title: title,
                fields: ["KPH: pin": SecretBytes(utf8: "12")]
            )
        )
    }

    @Test func `in a KeePass file just what was saved has changed, if only by its password`() async throws {
        let fixture = try KDBXFixture()
        let store = fixture.store
        try await store.unlock(for: UnlockReason())
        let first = try await Self.new("one", in: store)
        let second = try await Self.new("two", in: store)
        var known = try await store.state()
        #expect(try await store.state().changes(since: known).isEmpty)
        let drafts = [
            LoginDraft(id: first, password: SecretBytes(utf8: "second")),
            LoginDraft(id: first, fields: ["KPH: pin": SecretBytes(utf8: "34")]),
            LoginDraft(id: first, username: "bob"),
        ]
        for draft in drafts {
            _ = try await store.save(draft)
            let state = try await store.state()
            #expect(state.changes(since: known) == [first])
            #expect(state.codes[second] == known.codes[second])
            known = state
        }
    }

    @Test func `what another program writes has changed, and nothing else`() async throws {
        let fixture = try KDBXFixture()
        let store = fixture.store
        try await store.unlock(for: UnlockReason())
        let id = try await Self.new("one", in: store)
        let known = try await store.state()
        // With all keys derived anew, and all secrets sealed anew.
        await store.lock()
        try await fixture.restarted().unlock(for: UnlockReason())
        try await store.unlock(for: UnlockReason())
        #expect(try await store.state().changes(since: known).isEmpty)
        let other = fixture.restarted()
        try await other.unlock(for: UnlockReason())
        _ = try await other.save(LoginDraft(id: id, password: SecretBytes(utf8: "theirs")))
        await store.lock()
        try await store.unlock(for: UnlockReason())
        #expect(try await store.state().changes(since: known) == [id])
    }

    @Test func `codes tell where a secret ends`() {
        let key = SecretBytes(utf8: "key")
        let (a, b) = (SecretBytes(utf8: "a"), SecretBytes(utf8: "b"))
        let (none, both) = (SecretBytes(utf8: ""), SecretBytes(utf8: "ab"))
        let all = [
            LoginSecrets(password: a, notes: b), LoginSecrets(password: both),
            LoginSecrets(password: none, notes: both),
            LoginSecrets(password: none, fields: ["a": b]),
            LoginSecrets(password: none, fields: ["ab": none]),
        ]
        #expect(Set(all.map { KDBXSnapshot.code($0, key) }).count == all.count)
        #expect(KDBXSnapshot.code(all[0], key) != KDBXSnapshot.code(all[0], SecretBytes(utf8: "other")))
    }
}
