// SPDX-License-Identifier: Apache-2.0

import Ciphers
import ConcurrencyTools
package import Linux
package import Vault

/// Puts logins of other programs into a vault: what isn't there yet, as one save.
package enum VaultImport {
    /// What of it waits for another program, or takes long.
    private static let queue = TaskQueue(label: "org.keybell.import")

    /// How many logins of the same user at the same place are compared with one that comes.
    private static let mostCompared = 64
    /// How many reasons are given.
    private static let mostReasons = 1000

    /// Reads logins, compares them with those that are there, and adds the new ones.
    ///
    /// - Parameters:
    ///   - stream: Where they come.
    ///   - vault: Where they go; it has to be open.
    ///   - isDryRun: Whether nothing is added.
    /// - Returns: What becomes of them.
    /// - Throws: Why nothing was added.
    @concurrent
    package static func run(
        _ stream: ByteStream,
        into vault: any VaultStore,
        isDryRun: Bool
    ) async throws(ImportFailure) -> ImportResult {
        // Typed errors don't come out of the function that takes the closure.
        try await withTaskExecutorPreference(queue) {
            await Result { () async throws(ImportFailure) in
                try await imported(stream, into: vault, isDryRun: isDryRun)
            }
        }.get()
    }

    private static func imported(
        _ stream: ByteStream,
        into vault: any VaultStore,
        isDryRun: Bool
    ) async throws(ImportFailure) -> ImportResult {
        let key = HMACKey(Randomness.secret(32))
        var comparison: StoredLogins
        do throws(VaultError) {
            // Before anything is read: a locked vault is known at once.
            comparison = StoredLogins(try await vault.index(), key: key)
        } catch {
            throw .vault(error, left: 0)
        }
        var logins = ImportedLogins(key: key)
        try logins.read(stream)
        var outcomes: [ImportResult.Outcome] = []
        var refusals: [Int: String] = [:]
        var drafts: [SealedDraft] = []
        for (place, item) in logins.items.enumerated() {
            switch item {
            case .refused(let reason):
                outcomes.append(.refused)
                if refusals.count < mostReasons { refusals[place] = reason }
            case .login(let identity, let content, let draft):
                let outcome: ImportResult.Outcome
                do throws(VaultError) {
                    outcome = try await comparison.outcome(of: content, identity, in: vault)
                } catch {
                    throw .vault(error, left: 0)
                }
                outcomes.append(outcome)
                if outcome == .new { drafts.append(draft) }
            }
        }
        let result = ImportResult(outcomes: outcomes, refusals: refusals)
        guard !isDryRun, !drafts.isEmpty else { return result }
        do throws(AddingFailure) {
            _ = try await vault.add(drafts)
        } catch {
            throw .vault(error.reason, left: error.added.count)
        }
        return result
    }

    /// The logins of a vault, and those that come into it, by who they are for.
    private struct StoredLogins {
        private struct Candidates {
            var stored: [Login] = []
            /// What is in those that were looked at; nil for one that can't be read.
            var contents: [LoginContent?] = []
            var isRead = false
            /// What has come in this import.
            var added: [LoginContent] = []
        }

        private var candidates: [LoginIdentity: Candidates] = [:]
        private let key: HMACKey

        init(_ index: LoginIndex, key: HMACKey) {
            self.key = key
            for login in index.everything {
                let places = Set(
                    ([login.url] + login.furtherURLs).map { LoginIdentity.place(url: $0, title: login.title) }
                )
                for place in places {
                    let identity = LoginIdentity(place: place, realm: login.realm, username: login.username)
                    candidates[identity, default: Candidates()].stored.append(login)
                }
            }
        }

        /// What becomes of a login; one that is new counts as there from now on.
        mutating func outcome(
            of content: LoginContent,
            _ identity: LoginIdentity,
            in vault: any VaultStore
        ) async throws(VaultError) -> ImportResult.Outcome {
            var found = candidates[identity] ?? Candidates()
            if !found.isRead {
                found.isRead = true
                for login in found.stored.prefix(mostCompared) {
                    found.contents.append(try await Self.content(of: login, in: vault, key))
                }
            }
            defer { candidates[identity] = found }
            if (found.contents.compactMap(\.self) + found.added).contains(where: { $0.holds(content) }) {
                return .same
            }
            guard found.stored.isEmpty else { return .different }
            if found.added.count < mostCompared { found.added.append(content) }
            return .new
        }

        private static func content(
            of login: Login,
            in vault: any VaultStore,
            _ key: HMACKey
        ) async throws(VaultError) -> LoginContent? {
            do throws(VaultError) {
                return LoginContent(login, try await vault.secrets(of: login.id), by: key)
            } catch .unconfirmed, .notFound {
                // Its keyring wants to be asked about it first, or it has just gone: it isn't known to be the same.
                return nil
            } catch {
                throw error
            }
        }
    }
}
