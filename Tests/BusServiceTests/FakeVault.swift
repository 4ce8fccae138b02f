// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Vault

/// A vault that can only be locked and unlocked.
final class FakeVault: VaultStore {
    private struct State {
        var isLocked = false
        var failure: VaultError?
        var addingFailure: AddingFailure?
        var listeners: [AsyncStream<Void>.Continuation] = []
    }

    private let state = Mutex(State())

    let name: String
    var kind: VaultKind { .kdbx }

    private let unkept: String?
    private let settling: @Sendable () async -> Void

    init(
        _ name: String = "passwords",
        unkept: String? = nil,
        settling: @escaping @Sendable () async -> Void = {}
    ) {
        (self.name, self.unkept, self.settling) = (name, unkept, settling)
    }

    /// What the next unlock ends with.
    func fail(with error: VaultError?) {
        state.withLock { $0.failure = error }
    }

    /// What additions end with.
    func failAdding(with failure: AddingFailure) {
        state.withLock { $0.addingFailure = failure }
    }

    func add(_ drafts: [SealedDraft]) async throws(AddingFailure) -> [LoginID] {
        if let failure = state.withLock({ $0.addingFailure }) { throw failure }
        return drafts.map { _ in .random() }
    }

    func status() async -> VaultStatus {
        let isLocked = state.withLock { $0.isLocked }
        return VaultStatus(
            name: name,
            kind: kind,
            path: "/home/me/passwords.kdbx",
            isLocked: isLocked,
            count: 3,
            unkept: unkept,
            hash: nil
        )
    }

    func index() async throws(VaultError) -> LoginIndex { LoginIndex([]) }

    func hash() async -> String? { await status().hash }
    func secrets(of id: LoginID) async throws(VaultError) -> LoginSecrets { throw .notFound }

    func history(of id: LoginID) async throws(VaultError) -> [FormerLogin] { throw .notFound }

    func preview(_ draft: LoginDraft) async throws(VaultError) -> SavePreview { throw .notFound }

    func save(_ draft: LoginDraft) async throws(VaultError) -> LoginID { throw .notFound }

    func lock() async {
        set(isLocked: true)
    }

    func saveIsSettled() async { await settling() }

    func unlock(for reason: UnlockReason) async throws(VaultError) {
        if let failure = state.withLock({ $0.failure }) { throw failure }
        set(isLocked: false)
    }

    func changes() -> AsyncStream<Void> {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        state.withLock { $0.listeners.append(continuation) }
        return stream
    }

    private func set(isLocked: Bool) {
        let listeners = state.withLock { state in
            state.isLocked = isLocked
            return state.listeners
        }
        for listener in listeners { listener.yield() }
    }
}
