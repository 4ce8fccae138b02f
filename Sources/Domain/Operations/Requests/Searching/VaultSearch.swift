// SPDX-License-Identifier: Apache-2.0

import Clients
import KeePassHTTP
import Vault

/// Searches vaults, in fair turns.
struct VaultSearch: Sendable {
    /// How long one search may take, from the start of its turn, before it is cut off, whatever it has found.
    private static let time: Duration = .seconds(2)

    private let vaults: VaultSet
    private let access: VaultAccess
    private let mutes: MuteCheck
    private let queue: SearchQueue
    private let order: MatchOptions.Order
    private let now: @Sendable () -> Int64

    /// Makes one whose searches have their turns here.
    init(
        vaults: VaultSet,
        access: VaultAccess,
        mutes: MuteCheck,
        queue: SearchQueue,
        order: MatchOptions.Order,
        now: @escaping @Sendable () -> Int64
    ) {
        self.vaults = vaults
        self.access = access
        self.mutes = mutes
        self.queue = queue
        self.order = order
        self.now = now
    }

    /// Parses the search; what is wrong with it is known without looking at anything.
    ///
    /// An expression is compiled in a turn of its client's, like all that a search costs.
    func read(
        _ text: String,
        _ flags: SearchFlags,
        for verified: VerifiedRequest
    ) async throws(Refusal) -> LoginSearch {
        let read: @Sendable () -> Result<LoginSearch, Refusal> = {
            do throws(SearchError) {
                return .success(try LoginSearch(text, flags))
            } catch {
                return .failure(.search(error))
            }
        }
        guard flags.mode == .regular, text.utf8.count <= LoginSearch.longest else { return try read().get() }
        try await mutes.check(verified.requester)
        return try await inTurn(of: verified) { (read(), 0) }.get()
    }

    /// What it finds in all vaults.
    func find(
        _ search: LoginSearch,
        _ flags: SearchFlags,
        for verified: VerifiedRequest
    ) async throws(Refusal) -> [Offer] {
        try await access.find(for: verified) { (open) async throws(Refusal) in
            try await look(for: search, flags, in: open, for: verified)
        }
    }

    /// The same in the vaults of these names alone; "nothing" is only ever said about all vaults.
    func find(
        _ search: LoginSearch,
        _ flags: SearchFlags,
        inVaults names: [String],
        for verified: VerifiedRequest
    ) async throws(Refusal) -> [Offer] {
        let offers = try await access.find(for: verified) { (open) async throws(Refusal) in
            let shown = open.filter { names.contains($0.store.name) }
            return try await look(for: search, flags, in: shown, for: verified)
        }
        let seen = verified.seen(of: vaults).stores
        guard !offers.isEmpty || seen.allSatisfy({ names.contains($0.name) }) else { throw .locked }
        return offers
    }

    /// Searches open vaults, in one turn from the first entry to the last: another search's work is never counted
    /// against its time.
    private func look(
        for search: LoginSearch,
        _ flags: SearchFlags,
        in open: [OpenVault],
        for verified: VerifiedRequest
    ) async throws(Refusal) -> [Offer] {
        let now = now()
        return try await inTurn(of: verified) { [order] in
            var budget = SearchBudget(until: .now + Self.time)
            do throws(Refusal) {
                var offers: [Offer] = []
                var hasClosed = false
                for vault in open {
                    for login in vault.index.everything where search.concerns(login, now: now) {
                        guard let (entry, isClosed) = try await Self.searchable(login, in: vault.store, flags)
                        else { continue }
                        hasClosed = hasClosed || isClosed
                        do throws(SearchError) {
                            guard try search.finds(entry, now: now, within: &budget) else { continue }
                        } catch {
                            throw .search(error)
                        }
                        offers += vault.offers([login])
                    }
                }
                // "Nothing" would be said of what couldn't be looked at.
                guard !offers.isEmpty || !hasClosed else { throw .vault(.unconfirmed) }
                return (.success(offers.sorted(by: order)), budget.used)
            } catch {
                return (.failure(error), budget.used)
            }
        }.get()
    }

    /// Does a part of a search when it is its client's turn.
    private func inTurn<Value: Sendable>(
        of verified: VerifiedRequest,
        _ job: @escaping @Sendable () async -> (Result<Value, Refusal>, work: Int)
    ) async -> Result<Value, Refusal> {
        let turn = Turn(of: await verified.requester.caller(), client: verified.client.fingerprint)
        let result = await queue.run(for: turn, job) ?? .failure(.search(.tooMany))
        verified.requester.hasWaited()
        return result
    }

    /// A login with what the search looks at, and whether its keyring keeps just this one closed; nil once it is gone.
    ///
    /// One at a time, and with its secrets only for a search that looks at them.
    private static func searchable(
        _ login: Login,
        in store: any VaultStore,
        _ flags: SearchFlags
    ) async throws(Refusal) -> (entry: SearchableEntry, isClosed: Bool)? {
        let looksInside =
            flags.inPasswords || flags.inOther && !login.fieldNames.isEmpty || flags.inNotes && login.hasNotes
        do throws(VaultError) {
            let secrets = looksInside ? try await secrets(of: login, in: store) : nil
            let history = flags.inHistory ? try await store.history(of: login.id) : []
            let entry = SearchableEntry(
                login: login,
                texts: SearchableEntry.texts(login, secrets, isPublic: flags.isPublic),
                history: history.map { SearchableEntry.texts($0.login, $0.secrets, isPublic: false) }
            )
            return (entry, looksInside && secrets == nil)
        } catch .notFound {
            return nil
        } catch {
            throw .vault(error)
        }
    }

    /// What a login guards; nil where its keyring has to ask the person about it first.
    private static func secrets(
        of login: Login,
        in store: any VaultStore
    ) async throws(VaultError) -> LoginSecrets? {
        do throws(VaultError) {
            return try await store.secrets(of: login.id)
        } catch .unconfirmed {
            return nil
        } catch {
            throw error
        }
    }
}

extension SearchableEntry {
    fileprivate static func texts(
        _ login: Login,
        _ secrets: LoginSecrets?,
        isPublic: Bool
    ) -> [SearchPlace: [SearchableText]] {
        let path = login.group?.name ?? ""
        return [
            .titles: [.plain(login.title)],
            .userNames: [.plain(login.username)],
            .urls: [.plain(isPublic ? login.publicURL : login.url)],
            .passwords: secrets.map { [.secret($0.password)] } ?? [],
            .notes: secrets.map { [.secret($0.notes)] } ?? [],
            .other: secrets.map { $0.fields.values.map { .secret($0) } } ?? [],
            .stringNames: login.fieldNames.map { .plain($0) },
            .tags: login.tags.map { .plain($0) },
            .uuids: [.plain(login.id.hex)],
            .groupPaths: [.plain(path)],
            .groupNames: [.plain(path.split(separator: "/").last.map(String.init) ?? "")],
        ]
    }
}
