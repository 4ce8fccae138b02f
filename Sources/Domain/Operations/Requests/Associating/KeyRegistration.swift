// SPDX-License-Identifier: Apache-2.0

import Callers
import Clients
import KeePassHTTP
import Logging

/// Stores new keys, and forgets what was granted to those that they replace.
struct KeyRegistration: Sendable {
    private let vaults: VaultSet
    private let clients: any ClientStore
    private let grants: any GrantStore
    private let logger: Logger

    /// Makes one that stores keys among these clients.
    init(vaults: VaultSet, clients: any ClientStore, grants: any GrantStore, logger: Logger) {
        self.vaults = vaults
        self.clients = clients
        self.grants = grants
        self.logger = logger
    }

    /// Whether storing a key raises the keyring's prompt.
    func isLocked() async -> Bool { await clients.needsUnlock(for: nil) }

    /// Unlocks the keyring; only an allowed request may.
    func unlock() async throws(Refusal) {
        do throws(ClientError) {
            try await clients.unlockForStoring()
        } catch {
            logger.error("the keyring can't be used", metadata: ["why": "\(error.advice)"])
            throw .keyring(error.publicAdvice)
        }
    }

    /// Stores a key, unless the Id now belongs to somebody other than the person was shown.
    func store(_ key: ClientKey, as admission: Admission) async throws(Refusal) -> Bool {
        let caller = admission.caller
        do throws(ClientError) {
            try await clients.register(
                id: admission.id,
                key: key,
                program: caller.program.id,
                origin: caller.program.origin,
                database: await vaults.hash() ?? "",
                replacing: admission.replaced,
                restrictedTo: admission.restriction,
                forgettingGrants: { (fingerprint: String) async throws(ClientError) in
                    try await forgetGrants(of: fingerprint, for: admission.id)
                }
            )
            return true
        } catch .taken {
            return false
        } catch {
            logger.error(
                "the client's key could not be stored",
                metadata: ["client": "\(admission.id)", "why": "\(error.advice)"]
            )
            if case .badName = error { throw .forbidden(error.advice) }
            throw .keyring(error.publicAdvice)
        }
    }

    private func forgetGrants(of fingerprint: String, for id: String) async throws(ClientError) {
        do throws(ClientError) {
            try await grants.forget(fingerprint: fingerprint, mayAsk: true)
        } catch {
            logger.error(
                "a key isn't stored, since what was granted to it, or to the one it replaces, can't be deleted",
                metadata: ["client": "\(id)", "why": "\(error.advice)"]
            )
            throw error
        }
    }
}
