// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Synchronization
import TestSupport
import Testing
import Vault

@testable import Daemon

/// Vaults that a configuration has dropped, while something saved in them may still have to be put back.
@Suite(.timeLimit(.minutes(1))) struct ClosedVaultsTests {
    @Test func `the daemon's end knows of a vault until its saves are done`() async throws {
        let closed = ClosedVaults()
        let (done, finish) = AsyncStream.makeStream(of: Void.self)
        let vault = ClosedVault { for await _ in done {} }
        closed.hold(vault)
        #expect(closed.unsettled.count == 1)
        finish.finish()
        try await vault.asked.wait(for: "its status") { $0 ? () : nil }
        while !closed.unsettled.isEmpty { await Task.yield() }
    }

    @Test func `one of which something is in memory alone is held on`() async throws {
        let closed = ClosedVaults()
        let vault = ClosedVault(unkept: "in memory alone") {}
        closed.hold(vault)
        try await vault.asked.wait(for: "its status") { $0 ? () : nil }
        #expect(closed.unsettled.count == 1)
    }
}

/// A vault that is closed, and done with its saves when the test says so.
private final class ClosedVault: VaultStore {
    let name = "main"
    let kind = VaultKind.kdbx
    /// Whether its status was asked for, which is the last that is.
    let asked = Observed(false)
    private let unkept: String?
    private let done: @Sendable () async -> Void

    init(unkept: String? = nil, done: @escaping @Sendable () async -> Void) {
        (self.unkept, self.done) = (unkept, done)
    }

    func savesAreDone() async { await done() }

    func status() async -> VaultStatus {
        defer { asked.update { $0 = true } }
        return VaultStatus(
            name: name,
            kind: kind,
            path: "",
            isLocked: true,
            count: 0,
            unkept: unkept,
            hash: nil
        )
    }

    func changes() -> AsyncStream<Void> { AsyncStream { $0.finish() } }
    func hash() async -> String? { nil }
    func index() async throws(VaultError) -> LoginIndex { throw .locked }
    func secrets(of id: LoginID) async throws(VaultError) -> LoginSecrets { throw .locked }
    func history(of id: LoginID) async throws(VaultError) -> [FormerLogin] { throw .locked }
    func preview(_ draft: LoginDraft) async throws(VaultError) -> SavePreview { throw .locked }
    func save(_ draft: LoginDraft) async throws(VaultError) -> LoginID { throw .locked }
    func lock() async {}
    func unlock(for reason: UnlockReason) async throws(VaultError) { throw .locked }
}
