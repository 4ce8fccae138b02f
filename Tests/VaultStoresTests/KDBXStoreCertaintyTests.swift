// SPDX-License-Identifier: Apache-2.0

import Foundation
import KDBX
import Linux
import SecureMemory
import TestSupport
import Testing
import Vault

@testable import VaultStores

/// What is kept of acknowledged saves stays until the vault's file has it for certain.
struct KDBXStoreCertaintyTests {
    private func save(_ title: String, _ store: KDBXStore) async throws {
        _ = try await store.save(LoginDraft(url: "https://a.example/", title: title))
    }

    private func titles(_ fixture: KDBXFixture) throws -> Set<String> {
        Set(try fixture.read().entries.compactMap { $0.text("Title") })
    }

    private func kept(_ fixture: KDBXFixture) -> [String] {
        KDBXKeptFiles.found(of: fixture.path, state: fixture.state)
    }

    @Test func `a copy stays as long as a crash may bring the former file back`() async throws {
        let isUncertain = Observed(false)
        let fixture = try KDBXFixture(reached: { step throws(SystemCallError) in
            if step == .renamed, isUncertain.now { throw SystemCallError(call: "fsync", code: EIO) }
        })
        let store = fixture.store
        try await store.unlock(for: UnlockReason())
        let stale = try fixture.read()
        try await save("first", store)
        try Data("damaged".utf8).write(to: URL(filePath: fixture.path), options: .atomic)
        await store.fileChanged()
        #expect(kept(fixture).count == 1)

        isUncertain.update { $0 = true }
        try KDBXFixture.write(stale, to: fixture.path)
        await store.fileChanged()
        #expect(try titles(fixture).contains("first"))
        #expect(kept(fixture).count == 1)
        await store.fileChanged()
        #expect(kept(fixture).count == 1)

        isUncertain.update { $0 = false }
        try await save("second", store)
        #expect(kept(fixture).isEmpty)
        await store.finish()
    }

    @Test func `a state that the file no longer has is none that it has for certain`() async throws {
        let fixture = try KDBXFixture()
        try await fixture.store.unlock(for: UnlockReason())
        let stale = try fixture.bytes()
        try await save("first", fixture.store)
        let (file, state) = (await fixture.store.file, try #require(await fixture.store.opened))
        #expect(file.bytesForCertain(of: state) != nil)
        #expect(file.bytesForCertain(of: state.pending(state.snapshot, saved: state.saved)) == nil)
        try stale.write(to: URL(filePath: fixture.path), options: .atomic)
        #expect(file.bytesForCertain(of: state) == nil)
        await fixture.store.finish()
    }

    @Test func `a file that becomes another database while something is put back hasn't got that`()
        async throws
    {
        let fixture = try KDBXFixture()
        try await fixture.store.unlock(for: UnlockReason())
        let stale = try fixture.read()
        try await save("first", fixture.store)
        let (file, state) = (await fixture.store.file, try #require(await fixture.store.opened))
        await fixture.store.finish()
        try KDBXFixture.write(stale, to: fixture.path)
        let swapping = ActingDeriver { [path = fixture.path] in
            // Else it is none, and nothing is thrown.
            try? KDBXFixture.write(KDBXFixture.database(), to: path)
        }
        #expect(throws: VaultError.self) {
            try file.putBack(state, by: swapping, writingBy: DirectDeriver())
        }
    }
}

/// Derives as any, after something else has happened.
final class ActingDeriver: KeyDeriver {
    private let happens: @Sendable () -> Void

    init(_ happens: @escaping @Sendable () -> Void) { self.happens = happens }

    func derive(_ derivation: KeyDerivation, from key: SecretBytes, limits: KDBXLimits) throws(KDBXError)
        -> SecretBytes
    {
        happens()
        return try DirectDeriver().derive(derivation, from: key, limits: limits)
    }

    func end() {}
}
