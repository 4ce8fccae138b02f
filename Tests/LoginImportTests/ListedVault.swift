// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import Vault

/// A vault in memory that takes many logins at once, and nothing else.
actor ListedVault: VaultStore {
    nonisolated let name = "listed"
    nonisolated let kind = VaultKind.kdbx

    private(set) var logins: [(login: Login, secrets: LoginSecrets)] = []
    /// How often something was added.
    private(set) var saves = 0
    /// How many secrets were opened.
    private(set) var opened = 0
    private var failure: AddingFailure?
    private var isClosed = false

    func fail(with failure: AddingFailure) { self.failure = failure }

    func add(_ drafts: [SealedDraft]) throws(AddingFailure) -> [LoginID] {
        if let failure { throw failure }
        saves += 1
        var ids: [LoginID] = []
        for draft in drafts {
            do throws(VaultError) {
                let draft = try draft.opened()
                let login = Login(id: .random(), title: "").changed(by: draft, fields: [:])
                let secrets = LoginSecrets(
                    password: draft.password ?? SecretBytes(utf8: ""),
                    fields: draft.fields.compactMapValues(\.self)
                )
                logins.append((login, secrets))
                ids.append(login.id)
            } catch {
                throw AddingFailure(error)
            }
        }
        return ids
    }

    func index() throws(VaultError) -> LoginIndex {
        guard !isClosed else { throw .locked }
        return LoginIndex(logins.map(\.login))
    }

    func secrets(of id: LoginID) throws(VaultError) -> LoginSecrets {
        opened += 1
        guard let found = logins.first(where: { $0.login.id == id }) else { throw .notFound }
        return found.secrets
    }

    func lock() { isClosed = true }

    func hash() -> String? { nil }
    func status() -> VaultStatus {
        VaultStatus(name: name, kind: kind, path: "", isLocked: isClosed, count: logins.count, hash: nil)
    }
    func history(of id: LoginID) throws(VaultError) -> [FormerLogin] { [] }
    func preview(_ draft: LoginDraft) throws(VaultError) -> SavePreview { throw .notFound }
    func save(_ draft: LoginDraft) throws(VaultError) -> LoginID { throw .notFound }
    func unlock(for reason: UnlockReason) throws(VaultError) { isClosed = false }
    nonisolated func changes() -> AsyncStream<Void> { AsyncStream { $0.finish() } }
}
