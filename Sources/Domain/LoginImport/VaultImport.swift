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
    /// How many logins are opened at a time: until they are digested, they are in locked memory.
    private static let mostAtOnce = 256
    /// How many reasons are given.
    private static let mostReasons = 1000

    /// Reads logins, compares them with those that are there, and adds the new ones.
    ///
    /// - Parameters:
    ///   - stream: Where they come.
    ///   - vault: Where they go; it has to be open.
    ///   - isDryRun: Whether nothing is added. Then no secret is compared either: whoever asks would learn whether it has
    ///     guessed one.
    /// - Returns: What becomes of them.
    /// - Throws: Why it failed; a cancelled one ends before the next login.
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

    private static let ended = "The import was ended."

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
            throw .vault(error)
        }
        var logins = ImportedLogins(key: key)
        try logins.read(stream)
        do throws(VaultError) {
            if !isDryRun { try await comparison.look(for: logins.identities, in: vault) }
        } catch {
            throw .vault(error)
        }
        var outcomes: [ImportResult.Outcome] = []
        var refusals: [Int: String] = [:]
        var drafts: [SealedDraft] = []
        for (place, item) in logins.items.enumerated() {
            switch item {
            case .refused(let reason):
                outcomes.append(.refused)
                if refusals.count < mostReasons { refusals[place] = reason }
            case .login(let identity, let content, let draft):
                let outcome = comparison.outcome(of: content, identity, comparing: !isDryRun)
                outcomes.append(outcome)
                if outcome == .new { drafts.append(draft) }
            }
        }
        let result = ImportResult(outcomes: outcomes, refusals: refusals)
        guard !isDryRun, !drafts.isEmpty else { return result }
        do throws(AddingFailure) {
            _ = try await vault.add(drafts)
        } catch {
            throw .storing(error, of: drafts.count)
        }
        return result
    }

    /// The logins of a vault, and those that come into it, by who they are for.
    private struct StoredLogins {
        private struct Candidates {
            var stored: [Login] = []
            /// What has come in this import.
            var added: [LoginContent] = []
        }

        private var candidates: [LoginIdentity: Candidates] = [:]
        /// What is in those that were looked at.
        private var contents: [LoginID: LoginContent] = [:]
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

        /// Opens what may be the same as what comes, some at a time.
        ///
        /// - Parameters:
        ///   - identities: Whose logins come.
        ///   - vault: Where secrets are looked at.
        /// - Throws: Why they can't be; the end of the import.
        mutating func look(
            for identities: Set<LoginIdentity>,
            in vault: any VaultStore
        ) async throws(VaultError) {
            var logins: [LoginID: Login] = [:]
            for identity in identities {
                for login in candidates[identity]?.stored.prefix(mostCompared) ?? [] {
                    logins[login.id] = login
                }
            }
            let ids = Array(logins.keys)
            for start in stride(from: 0, to: ids.count, by: mostAtOnce) {
                guard !Task.isCancelled else { throw .unavailable(ended) }
                let secrets = try await vault.secrets(of: Array(ids[start...].prefix(mostAtOnce)))
                for (id, secrets) in secrets {
                    contents[id] = logins[id].map { LoginContent($0, secrets, by: key) }
                }
            }
        }

        /// What becomes of a login; one that is new counts as there from now on.
        mutating func outcome(
            of content: LoginContent,
            _ identity: LoginIdentity,
            comparing: Bool
        ) -> ImportResult.Outcome {
            var found = candidates[identity] ?? Candidates()
            guard comparing || found.stored.isEmpty else { return .there }
            // One that can't be opened, as its keyring wants to be asked about it first, isn't known to be the same.
            let known = found.stored.prefix(mostCompared).compactMap { contents[$0.id] } + found.added
            guard !known.contains(where: { $0.holds(content) }) else { return .same }
            guard found.stored.isEmpty else { return .different }
            if found.added.count < mostCompared {
                found.added.append(content)
                candidates[identity] = found
            }
            return .new
        }
    }
}
