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
            let entries = try await searchable(vault, flags)
            do throws(SearchError) {
                offers += vault.offers(try search.logins(among: entries, now: now(), deadline: deadline))
            } catch {
                throw .search(error)
            }
        }
        let released = try await release(
            offers,
            for: Purpose(search: text, looksAtSecrets: flags.inPasswords),
            to: ring
        )
        return try await handOut(released, to: ring)
    }

    /// Secrets are opened only for a search that looks at them.
    private func searchable(
        _ vault: OpenVault,
        _ flags: SearchFlags
    ) async throws(Refusal) -> [SearchableEntry] {
        var entries: [SearchableEntry] = []
        for login in vault.index.everything {
            let looksInside = flags.inPasswords || (flags.inOther && !login.fieldNames.isEmpty)
            let looksAround = flags.inNotes || flags.inTags || flags.inHistory
            do throws(VaultError) {
                let secrets = looksInside ? try await vault.store.secrets(of: login.id) : nil
                let details = looksAround ? try await vault.store.details(of: login.id) : nil
                entries.append(SearchableEntry(login, secrets, details))
            } catch .notFound {
                continue  // deleted meanwhile
            } catch {
                throw .vault(error)
            }
        }
        return entries
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
    fileprivate init(_ login: Login, _ secrets: LoginSecrets?, _ details: LoginDetails?) {
        let path = login.group?.name ?? ""
        var texts: [SearchPlace: [SearchableText]] = [
            .titles: [.plain(login.title)],
            .userNames: [.plain(login.username)],
            .urls: ([login.url] + login.furtherURLs).map { .plain($0) },
            .stringNames: login.fieldNames.map { .plain($0) },
            .uuids: [.plain(login.id.hex)],
            .groupPaths: [.plain(path)],
            .groupNames: [.plain(path.split(separator: "/").last.map(String.init) ?? "")],
        ]
        texts.merge(Self.inside(secrets, details)) { $1 }
        let history = details?.former.map { state in
            Self.inside(state.secrets, state.details).merging([
                .titles: [.plain(state.title)], .userNames: [.plain(state.username)],
                .urls: [.plain(state.url)],
            ]) { $1 }
        }
        self.init(login: login, texts: texts, history: history ?? [])
    }

    private static func inside(
        _ secrets: LoginSecrets?,
        _ details: LoginDetails?
    ) -> [SearchPlace: [SearchableText]] {
        [
            .passwords: secrets.map { [.secret($0.password)] } ?? [],
            .other: secrets.map { $0.fields.values.map { .secret($0) } } ?? [],
            .notes: details.map { [.secret($0.notes)] } ?? [],
            .tags: details.map { $0.tags.map { .plain($0) } } ?? [],
        ]
    }
}
