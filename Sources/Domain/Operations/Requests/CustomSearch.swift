// SPDX-License-Identifier: Apache-2.0

import Clients
import KeePassHTTP
import Vault

extension RequestHandler {
    /// How long one search may take, from its turn on, before it is cut off, whatever it met.
    static let searchTime: Duration = .seconds(2)

    /// `get-logins-custom-search`: the logins that a search finds.
    ///
    /// Words in what is public are searched for first, so that the question can name what was found; that nothing was
    /// found may be told. Every other search asks first, a regular expression wherever it looks, since its duration,
    /// and whether it is cut off, can tell more than its result. The outcome is told only after the person's allow.
    func customSearch(_ verified: VerifiedRequest) async throws(Refusal) -> OperationResult {
        let text = try verified.required("SearchString")
        let flags = try searchFlags(verified)
        let search = try await search(text, flags, for: verified)
        let places = flags.places
        let purpose = Purpose(
            asked: [text] + flags.asked,
            search: (text, SearchPlace.allCases.filter(places.contains).map(\.word), flags.mode == .regular)
        )
        if flags.isPublic {
            do throws(Refusal) {
                let offers = try await found(search, flags, for: verified)
                return try await BackgroundWork.done(beside: offers.count > BackgroundWork.fewLogins) {
                    () async throws(Refusal) in
                    try await handOut(try await release(offers, for: purpose, to: verified), to: verified)
                }
            } catch .search(.tookTooLong) {
                // That is told like anything else, after the word.
            } catch {
                throw error
            }
        }
        try await refuseMuted(verified.requester)
        guard let allowed = try await askFirst(purpose, verified: verified) else {
            return try await handOut(Released(offers: []), to: verified)
        }
        var released = allowed.released
        released.offers = try await found(search, flags, inVaults: allowed.vaults, for: verified)
        released.isNothingFound = released.offers.isEmpty
        let found = released
        return try await BackgroundWork.done(beside: found.offers.count > BackgroundWork.fewLogins) {
            () async throws(Refusal) in
            try await handOut(found, to: verified)
        }
    }

    private func searchFlags(_ verified: VerifiedRequest) throws(Refusal) -> SearchFlags {
        do throws(RequestError) {
            return try verified.request.searchFlags()
        } catch .invalidSearchMode {
            throw .search(.invalidMode)
        } catch .invalidComparison {
            throw .search(.invalidComparison)
        } catch {
            throw .invalid(error)
        }
    }

    private func found(
        _ search: LoginSearch,
        _ flags: SearchFlags,
        for verified: VerifiedRequest
    ) async throws(Refusal) -> [Offer] {
        try await find(for: verified) { (open) async throws(Refusal) in
            try await found(search, flags, in: open, for: verified)
        }
    }

    /// The same in the vaults of these names alone; that there is nothing is only ever said of all.
    private func found(
        _ search: LoginSearch,
        _ flags: SearchFlags,
        inVaults names: [String],
        for verified: VerifiedRequest
    ) async throws(Refusal) -> [Offer] {
        let offers = try await find(for: verified) { (open) async throws(Refusal) in
            let shown = open.filter { names.contains($0.store.name) }
            return try await found(search, flags, in: shown, for: verified)
        }
        guard !offers.isEmpty || vaults.stores.allSatisfy({ names.contains($0.name) }) else { throw .locked }
        return offers
    }

    /// Reads the search; what is wrong with it is known without a look at anything.
    ///
    /// An expression is compiled in a turn of its client's, like all that a search costs.
    private func search(
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
        try await refuseMuted(verified.requester)
        return try await inTurn(of: verified) { (read(), 0) }.get()
    }

    /// Looks through open vaults, in one turn from the first entry to the last: another search's work is never counted
    /// against its time.
    private func found(
        _ search: LoginSearch,
        _ flags: SearchFlags,
        in open: [OpenVault],
        for verified: VerifiedRequest
    ) async throws(Refusal) -> [Offer] {
        let now = now()
        return try await inTurn(of: verified) {
            var budget = SearchBudget(until: .now + Self.searchTime)
            do throws(Refusal) {
                var offers: [Offer] = []
                for vault in open {
                    for login in vault.index.everything where search.concerns(login, now: now) {
                        guard let entry = try await searchable(login, in: vault.store, flags) else {
                            continue
                        }
                        do throws(SearchError) {
                            guard try search.finds(entry, now: now, within: &budget) else { continue }
                        } catch {
                            throw .search(error)
                        }
                        offers += vault.offers([login])
                    }
                }
                return (.success(sorted(offers)), budget.used)
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
        return await searches.run(for: turn, job) ?? .failure(.search(.tooMany))
    }

    /// A login with what the search looks at; nil once it is gone.
    ///
    /// One at a time, and with its secrets only for a search that looks at them.
    private func searchable(
        _ login: Login,
        in store: any VaultStore,
        _ flags: SearchFlags
    ) async throws(Refusal) -> SearchableEntry? {
        let looksInside =
            flags.inPasswords || flags.inOther && !login.fieldNames.isEmpty || flags.inNotes && login.hasNotes
        do throws(VaultError) {
            let secrets = looksInside ? try await store.secrets(of: login.id) : nil
            let history = flags.inHistory ? try await store.history(of: login.id) : []
            return SearchableEntry(
                login: login,
                texts: SearchableEntry.texts(login, secrets, isPublic: flags.isPublic),
                history: history.map { SearchableEntry.texts($0.login, $0.secrets, isPublic: false) }
            )
        } catch .notFound {
            return nil
        } catch {
            throw .vault(error)
        }
    }
}

extension SearchFlags {
    /// Whether it looks, for words and without a condition, just where a search may look without the person's word.
    fileprivate var isPublic: Bool {
        mode == .simple && !excludesExpired && respectsDisabledSearching
            && places.isSubset(of: SearchPlace.publicPlaces)
    }

    /// Where the search looks.
    fileprivate var places: Set<SearchPlace> {
        let places: [(SearchPlace, Bool)] = [
            (.titles, inTitles), (.userNames, inUserNames), (.passwords, inPasswords), (.urls, inURLs),
            (.notes, inNotes), (.other, inOther), (.stringNames, inStringNames), (.tags, inTags),
            (.uuids, inUUIDs), (.groupPaths, inGroupPaths), (.groupNames, inGroupNames),
            (.history, inHistory),
        ]
        return Set(places.filter(\.1).map(\.0))
    }

    /// All that makes it another search, so that an allow for one is none for the other.
    fileprivate var asked: [String] {
        let rest = [mode == .regular, excludesExpired, respectsDisabledSearching]
        return SearchPlace.allCases.filter(places.contains).map(\.word) + rest.map { $0 ? "+" : "-" }
            + ["\(comparison)"]
    }
}

extension LoginSearch {
    fileprivate init(_ text: String, _ flags: SearchFlags) throws(SearchError) {
        try self.init(
            text,
            places: flags.places,
            mode: flags.mode == .regular ? .regular : .simple,
            comparison: SearchComparison(flags.comparison),
            excludesExpired: flags.excludesExpired,
            respectsSearchingDisabled: flags.respectsDisabledSearching
        )
    }
}

extension SearchComparison {
    fileprivate init(_ wire: SearchFlags.Comparison) {
        self =
            switch wire {
            case .currentCulture: .currentCulture
            case .currentCultureIgnoreCase: .currentCultureIgnoreCase
            case .invariantCulture: .invariantCulture
            case .invariantCultureIgnoreCase: .invariantCultureIgnoreCase
            case .ordinal: .ordinal
            case .ordinalIgnoreCase: .ordinalIgnoreCase
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
