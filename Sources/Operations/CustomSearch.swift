// SPDX-License-Identifier: Apache-2.0

import Clients
import KeePassHTTP
import Kernel
import Vault

extension Bell {
    /// How long one search may take, from its turn on, before it is cut off, whatever it met.
    static let searchTime: Duration = .seconds(2)
    /// Where searches run, one after the other: off the thread that serves, and off every vault's own.
    private static let searchQueue = TaskQueue(label: "org.keybell.search")

    /// `get-logins-custom-search`: the logins that a search finds (`protocol.md` section 5).
    ///
    /// A search that looks at more than what is public asks before it looks. Whatever comes of it, that it found
    /// nothing and that it was cut off among that, is told only after the person's allow.
    func customSearch(_ ring: Ring) async throws(Refusal) -> Answered {
        let text = try ring.required("SearchString")
        let (search, flags) = try search(text, ring)
        let places = flags.places
        let purpose = Purpose(
            asked: [text] + flags.asked,
            search: (text, SearchPlace.allCases.filter(places.contains).map(\.word), flags.mode == .regular)
        )
        var released: Released
        if places.isSubset(of: SearchPlace.publicPlaces) {
            let offers = try await found(search, flags, in: open(for: ring), for: ring)
            released = try await release(offers, for: purpose, to: ring)
        } else {
            try await refuseMuted(ring.visitor)
            guard let allowed = try await askFirst(purpose, ring: ring) else {
                return try await handOut(Released(offers: []), to: ring)
            }
            released = allowed
            released.offers = try await found(search, flags, in: open(for: ring), for: ring)
            released.isNothingFound = released.offers.isEmpty
        }
        return try await handOut(released, to: ring)
    }

    /// Reads the request; what is wrong with it is known without a look at anything.
    private func search(_ text: String, _ ring: Ring) throws(Refusal) -> (LoginSearch, SearchFlags) {
        let flags: SearchFlags
        do throws(RequestError) {
            flags = try ring.request.searchFlags()
        } catch .invalidSearchMode {
            throw .search(.invalidMode)
        } catch {
            throw .invalid(error)
        }
        do throws(SearchError) {
            return (try LoginSearch(text, flags), flags)
        } catch {
            throw .search(error)
        }
    }

    /// Looks through open vaults, on the queue for searches.
    ///
    /// One search at a time, from its first entry to its last: another one's work is never counted against its time.
    private func found(
        _ search: LoginSearch,
        _ flags: SearchFlags,
        in open: [OpenVault],
        for ring: Ring
    ) async throws(Refusal) -> [Offer] {
        let client = ring.client.fingerprint
        guard await searches.begin(client) else { throw .search(.tooMany) }
        await searches.turn()
        let now = now()
        let task = Task(executorPreference: Self.searchQueue) { () -> (Result<[Offer], Refusal>, Int) in
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
        }
        let (result, work) = await task.value
        await searches.end(client, work: work)
        return try result.get()
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
                texts: SearchableEntry.texts(login, secrets),
                history: history.map { SearchableEntry.texts($0.login, $0.secrets) }
            )
        } catch .notFound {
            return nil
        } catch {
            throw .vault(error)
        }
    }
}

/// The search that runs and those that wait for their turn, first come first served, and how many each client's key
/// has of them.
actor SearchLine {
    /// How many of one client: no person starts more, and each may take its whole time.
    static let most = 4

    private var running: [String: Int] = [:]
    private var isBusy = false
    private var waiting: [CheckedContinuation<Void, Never>] = []
    /// What all searches so far have cost: each text that was looked at, each step of a pattern.
    private(set) var work = 0

    /// How many wait for their turn.
    var waitingCount: Int { waiting.count }

    /// Takes a place in the line; false where the client has all of its places already.
    func begin(_ client: String) -> Bool {
        guard running[client, default: 0] < Self.most else { return false }
        running[client, default: 0] += 1
        return true
    }

    /// Returns once it is the turn of who has taken a place, until that one calls ``end(_:work:)``.
    func turn() async {
        guard isBusy else {
            isBusy = true
            return
        }
        await withCheckedContinuation { waiting.append($0) }
    }

    /// Gives the place and the turn back.
    func end(_ client: String, work: Int) {
        self.work += work
        if waiting.isEmpty { isBusy = false } else { waiting.removeFirst().resume() }
        let left = running[client, default: 1] - 1
        running[client] = left > 0 ? left : nil
    }
}

extension SearchFlags {
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
        let rest = [mode == .regular, ignoresCase, excludesExpired, respectsDisabledSearching]
        return SearchPlace.allCases.filter(places.contains).map(\.word) + rest.map { $0 ? "+" : "-" }
    }
}

extension LoginSearch {
    fileprivate init(_ text: String, _ flags: SearchFlags) throws(SearchError) {
        try self.init(
            text,
            places: flags.places,
            mode: flags.mode == .regular ? "Regular" : "Simple",
            comparison: flags.ignoresCase ? "OrdinalIgnoreCase" : "Ordinal",
            excludesExpired: flags.excludesExpired,
            respectsSearchingDisabled: flags.respectsDisabledSearching
        )
    }
}

extension SearchableEntry {
    fileprivate static func texts(_ login: Login, _ secrets: LoginSecrets?) -> [SearchPlace: [SearchableText]]
    {
        let path = login.group?.name ?? ""
        return [
            .titles: [.plain(login.title)],
            .userNames: [.plain(login.username)],
            .urls: [.plain(login.url)],
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
