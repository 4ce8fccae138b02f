// SPDX-License-Identifier: Apache-2.0

/// A vault's logins, by host, title and name, without their secrets.
///
/// What it finds is put in order by `MatchOrder`.
/// Made once when a vault changes; a look-up costs as much in a vault of ten thousand logins as in one of ten.
/// Logins in the recycle bin and the plugin's own entry are not in it at all.
package struct LoginIndex: Sendable {
    private let searchable: [Login]
    private let unsearchable: [Login]
    /// What of them there is for whoever looks.
    private var restriction = ClientRestriction.everything
    /// Numbers of logins in `searchable`, and beyond its end in `unsearchable`.
    private let byID: [LoginID: Int]
    private let byTitle: [TitleKey: [Int]]
    private let byHost: [String: [Place]]
    /// By the part of a host after its last wildcard.
    private let byPattern: [String: [Place]]

    /// Where one of a login's addresses lets it match.
    private struct Place {
        let login: Int
        let scheme: URLScheme?
        let port: UInt16?
        let rule: AddressRule

        /// A written port must be the page's; without one, the page has to be on its scheme's own.
        func admits(_ page: PageAddress, schemes: Bool) -> Bool {
            if schemes, let own = scheme, let other = page.scheme, own != other { return false }
            return port.map { $0 == page.port } ?? page.isOnOwnPort
        }
    }

    /// Indexes logins.
    package init(_ logins: [Login]) {
        var (all, unsearchable): ([Login], [Login]) = ([], [])
        all.reserveCapacity(logins.count)
        let resolver = AddressResolver(logins)
        var seen: Set<LoginID> = []
        seen.reserveCapacity(logins.count)
        for login in logins {
            // Of two with the same id, as a broken file may have them, the first counts: its secrets are the ones that
            // are found.
            guard seen.insert(login.id).inserted, login.isServed else { continue }
            let login = resolver?.resolving(login) ?? login
            if login.isSearchable { all.append(login) } else { unsearchable.append(login) }
        }
        var byID: [LoginID: Int] = [:]
        var byTitle: [TitleKey: [Int]] = [:]
        var (byHost, byPattern): ([String: [Place]], [String: [Place]]) = ([:], [:])
        byID.reserveCapacity(logins.count)
        byTitle.reserveCapacity(all.count)
        byHost.reserveCapacity(all.count)
        for (index, login) in all.enumerated() {
            byTitle[TitleKey(login.title), default: []].append(index)
            for address in login.addresses {
                let place = Place(
                    login: index,
                    scheme: address.scheme,
                    port: address.port,
                    rule: address.rule
                )
                if case .pattern = address.rule {
                    byPattern[address.address.key, default: []].append(place)
                } else {
                    byHost[address.address.key, default: []].append(place)
                }
            }
        }
        for (index, login) in all.enumerated() { byID[login.id] = index }
        for (index, login) in unsearchable.enumerated() { byID[login.id] = all.count + index }
        (searchable, self.unsearchable) = (all, unsearchable)
        (self.byID, self.byTitle, self.byHost, self.byPattern) = (byID, byTitle, byHost, byPattern)
    }

    /// The same for a client, made at once: what it is restricted to is all there is.
    package func limited(to restriction: ClientRestriction) -> LoginIndex {
        var index = self
        index.restriction = restriction
        return index
    }

    /// Every login that may be shown, in the order in which they came; not those whose group forbids searching.
    package var all: [Login] { seen(searchable) }

    /// How many logins a look at all of them looks at.
    package var size: Int { searchable.count }

    /// How many logins may be shown.
    package var count: Int { restriction.isEverything ? searchable.count : all.count }

    /// Every login, including those whose group forbids searching.
    package var everything: [Login] { seen(searchable + unsearchable) }

    /// The first of every login that is looked for.
    package func first(where isMeant: (Login) -> Bool) -> Login? {
        func first(_ logins: [Login]) -> Login? { logins.lazy.filter(isMeant).compactMap(seen).first }
        return first(searchable) ?? first(unsearchable)
    }

    /// The login with an id, even one whose group forbids searching.
    package func login(_ id: LoginID) -> Login? {
        let login = byID[id].map { number in
            number < searchable.count ? searchable[number] : unsearchable[number - searchable.count]
        }
        return login.flatMap(seen)
    }

    /// The logins of exactly this title.
    package func titled(_ title: String) -> [Login] {
        seen((byTitle[TitleKey(title)] ?? []).map { searchable[$0] })
    }

    private func seen(_ logins: [Login]) -> [Login] {
        restriction.isEverything ? logins : logins.compactMap(seen)
    }

    /// A login as it is for whoever looks: no reference in its URLs leads out of what they are restricted to.
    ///
    /// - Returns: It; nil where it isn't there for them.
    private func seen(_ login: Login) -> Login? {
        guard !restriction.isEverything else { return login }
        var login = login
        if let references = login.resolved?.references, !references.logins.allSatisfy(isSeenByItself) {
            login.resolved = login.resolved?.byItself
        }
        return restriction.admits(login) ? login : nil
    }

    /// Whether a login is there for whoever looks, whatever its own references lead to.
    private func isSeenByItself(_ id: LoginID) -> Bool {
        guard let number = byID[id] else { return false }
        var login = number < searchable.count ? searchable[number] : unsearchable[number - searchable.count]
        login.resolved = login.resolved?.byItself
        return restriction.admits(login)
    }

    /// The logins of exactly these titles, in the titles' order; each once, however often and in whatever spelling its
    /// title is given.
    package func titled(_ titles: [String]) -> [Login] {
        var seen: Set<TitleKey> = []
        return titles.flatMap { seen.insert(TitleKey($0)).inserted ? titled($0) : [] }
    }

    /// The logins of several vaults that match what a client asks for, the best first, each with its vault's number.
    ///
    /// The vaults are searched as one: a login for just this host in one vault hides the domain's of another.
    package static func matches(
        _ query: MatchQuery,
        in indexes: [LoginIndex]
    ) -> [(vault: Int, login: Login)] {
        query.order.sorted(found(for: query, in: indexes), by: \.login)
    }

    /// How many addresses of logins are compared with a page at most: a login may have thousands.
    package static func comparisons(for query: MatchQuery, in indexes: [LoginIndex]) -> Int {
        indexes.reduce(0) { sum, index in
            query.lookupHosts.reduce(sum) {
                $0 + (index.byHost[$1]?.count ?? 0) + (index.byPattern[$1]?.count ?? 0)
            }
        }
    }

    /// How many `matches` finds, without putting them in order.
    package static func count(of query: MatchQuery, in indexes: [LoginIndex]) -> Int {
        query.order.count(of: found(for: query, in: indexes).map(\.login))
    }

    private static func found(
        for query: MatchQuery,
        in indexes: [LoginIndex]
    ) -> [(vault: Int, login: Login)] {
        func gather(_ find: (LoginIndex) -> [Login]) -> [(vault: Int, login: Login)] {
            indexes.enumerated().flatMap { vault, index in find(index).map { (vault, $0) } }
        }
        for key in query.lookupHosts {
            let found = gather { $0.candidates(at: key, query) }
            if !found.isEmpty { return found }
        }
        // What has a scheme is an address; anything else may just as well be a title.
        guard query.page?.scheme == nil, !query.url.isEmpty else { return [] }
        return gather { index in
            guard query.page.map(index.restriction.admits) ?? true else { return [] }
            return index.titled(query.url).filter(query.admits)
        }
    }

    private func candidates(at key: String, _ query: MatchQuery) -> [Login] {
        guard let page = query.page, let requested = query.requested, restriction.admits(page) else {
            return []
        }
        // Each key of a page has one label fewer than the one before.
        var places = (byHost[key] ?? []).map { (depth: 0, place: $0) }
        // What is meant for a host by a wildcard is meant for just that host.
        if key == page.key, !byPattern.isEmpty {
            places += query.lookupHosts.enumerated().flatMap { depth, key in
                (byPattern[key] ?? []).map { (depth, $0) }
            }
        }
        guard !places.isEmpty else { return [] }
        var seen: Set<Int> = []
        return places.compactMap { depth, place in
            guard !seen.contains(place.login), place.admits(page, schemes: query.options.schemes),
                place.rule.admits(requested, below: depth)
            else { return nil }
            let whole = searchable[place.login]
            guard query.admits(whole), let login = self.seen(whole) else { return nil }
            if login.resolved != whole.resolved {
                // What isn't filled in doesn't lead here.
                let key = depth == 0 ? key : query.lookupHosts[depth]
                let isHere = login.addresses.contains {
                    $0.address.key == key && $0.rule == place.rule && $0.scheme == place.scheme
                        && $0.port == place.port
                }
                guard isHere else { return nil }
            }
            seen.insert(place.login)
            return login
        }
    }
}
