// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import KDBX
import Linux
import SecureMemory
import TestSupport
import Testing
import Vault

@testable import VaultStores

/// A vault that is locked while something is saved, and open again when that is done.
@Suite(.timeLimit(.minutes(1))) struct KDBXStoreTakingOverTests {
    private let fixture: KDBXFixture
    private let isSaved = Observed(false)
    private let gate = DispatchSemaphore(value: 0)
    /// Holds up no derivation, but counts them.
    private let derivations = DeriverGate(at: 0)
    private let store: KDBXStore

    init() throws {
        fixture = try KDBXFixture()
        store = KDBXFixture.store(
            fixture.path,
            fixture.passwords,
            fixture.state,
            fixture.clock,
            reached: { [isSaved, gate] step in
                guard step == .done, !isSaved.now else { return }
                isSaved.update { $0 = true }
                _ = gate.wait(timeout: .now() + 60)
            },
            makeDeriver: { [derivations] in GatedDeriver(derivations) }
        )
    }

    /// Saves "ours", and opens the vault again when the file has it, but the save isn't done, which derives so many keys
    /// from then on.
    private func save(
        deriving keys: Int,
        meanwhile: () throws -> Void = {},
        reopened: () async throws -> Void = {}
    ) async throws {
        try await store.unlock(for: UnlockReason())
        let saving = Task { [store] in
            try await store.save(LoginDraft(url: "https://a.example/", title: "ours"))
        }
        try await isSaved.wait(for: "the file") { $0 ? () : nil }
        await store.lock()
        try meanwhile()
        try await store.unlock(for: UnlockReason())
        try await reopened()
        let count = derivations.passed
        gate.signal()
        _ = try await saving.value
        #expect(derivations.passed == count + keys)
    }

    @Test func `it has what was saved like its own saves, and derives no key where it was read with that`()
        async throws
    {
        let stale = try fixture.read()
        try await save(deriving: 0)
        let before = derivations.passed
        #expect(try await store.index().only("ours") != nil)
        #expect(await store.opened?.saved.entries.count == 1)
        try KDBXFixture.write(stale, to: fixture.path)
        await store.fileChanged()
        // Reading and writing the stale file are all.
        #expect(derivations.passed == before + 2)
        await store.finish()
        #expect(try fixture.read().entries.contains { $0.text("Title") == "ours" })
    }

    private func isKept() throws -> Bool {
        let path = try #require(KDBXKeptFiles.found(of: fixture.path, state: fixture.state).first)
        let bytes = Array(try Data(contentsOf: URL(filePath: path)))
        let database = try Database(
            reading: bytes,
            key: CompositeKey(password: SecretBytes(utf8: "demopass"))
        )
        return database.entries.contains { $0.text("Title") == "ours" }
    }

    @Test func `what another program has overwritten meanwhile is put back`() async throws {
        let stale = try fixture.read()
        // Reading and writing the stale file.
        try await save(deriving: 2, meanwhile: { try KDBXFixture.write(stale, to: fixture.path) })
        #expect(try await store.index().only("ours") != nil)
        #expect(try fixture.read().entries.contains { $0.text("Title") == "ours" })
        await store.finish()
    }

    @Test func `so it is where the vault stays locked`() async throws {
        let stale = try fixture.read()
        try await store.unlock(for: UnlockReason())
        let saving = Task { [store] in
            try await store.save(LoginDraft(url: "https://a.example/", title: "ours"))
        }
        try await isSaved.wait(for: "the file") { $0 ? () : nil }
        await store.lock()
        try KDBXFixture.write(stale, to: fixture.path)
        gate.signal()
        _ = try await saving.value
        await store.savesAreDone()
        #expect(await store.isLocked())
        #expect(try fixture.read().entries.contains { $0.text("Title") == "ours" })
    }

    @Test func `what was saved is served and kept where the file can't be read by then`() async throws {
        let stale = try fixture.read()
        try await save(
            deriving: 0,
            meanwhile: { try KDBXFixture.write(stale, to: fixture.path) },
            reopened: { try Data("damaged".utf8).write(to: URL(filePath: fixture.path), options: .atomic) }
        )
        #expect(try await store.index().only("ours") != nil)
        #expect(await store.status().trouble != nil)
        #expect(try isKept())
        await store.finish()
    }

    @Test func `what was saved is kept where another database is open by then`() async throws {
        try await save(
            deriving: 0,
            meanwhile: { try KDBXFixture.write(try KDBXFixture.database(), to: fixture.path) }
        )
        #expect(try await store.index().only("ours") == nil)
        #expect(try isKept())
        await store.finish()
    }
}
