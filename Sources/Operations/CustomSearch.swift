// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import Secrecy
import Vault

extension Bell {
    /// How long one search may take before it is cut off.
    static let searchTime: Duration = .seconds(2)

    /// `get-logins-custom-search`: the logins that a search finds (`protocol.md` section 5).
    func customSearch(_ ring: Ring) async throws(Refusal) -> Answered {
        let text = try ring.required("SearchString")
        let search: LoginSearch
        let flags: SearchFlags
        do throws(RequestError) {
            flags = try ring.request.searchFlags()
        } catch .invalidSearchMode {
            throw .search(.invalidMode)
        } catch {
            throw .invalid(error)
        }
        do throws(SearchError) {
            search = try LoginSearch(text, flags)
        } catch {
            throw .search(error)
        }
        var offers: [Offer] = []
        let deadline = ContinuousClock.now + Self.searchTime
        for vault in try await open(for: ring) {
            for login in vault.index.everything {
                guard let entry = try await searchable(login, in: vault.store, flags) else { continue }
                do throws(SearchError) {
                    offers += vault.offers(try search.logins(among: [entry], now: now(), deadline: deadline))
                } catch {
                    throw .search(error)
                }
            }
        }
        let released = try await release(
            sorted(offers),
            for: Purpose(search: text, looksAtSecrets: flags.inPasswords),
            to: ring
        )
        return try await handOut(released, to: ring)
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

extension LoginSearch {
    fileprivate init(_ text: String, _ flags: SearchFlags) throws(SearchError) {
        let places: [(SearchPlace, Bool)] = [
            (.titles, flags.inTitles), (.userNames, flags.inUserNames), (.passwords, flags.inPasswords),
            (.urls, flags.inURLs), (.notes, flags.inNotes), (.other, flags.inOther),
            (.stringNames, flags.inStringNames), (.tags, flags.inTags), (.uuids, flags.inUUIDs),
            (.groupPaths, flags.inGroupPaths), (.groupNames, flags.inGroupNames), (.history, flags.inHistory),
        ]
        try self.init(
            text,
            places: Set(places.filter(\.1).map(\.0)),
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
            .urls: ([login.url] + login.furtherURLs).map { .plain($0) },
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
