// SPDX-License-Identifier: Apache-2.0

/// What a client asks logins for, read once.
package struct MatchQuery: Sendable {
    /// The page's address, or nil if the client's `Url` isn't one; then it is a title.
    package let page: PageAddress?
    /// Where the page would send what is filled in, where that is an address.
    package let submit: PageAddress?
    /// The realm that the page names, never empty.
    package let realm: String?
    /// How logins are chosen and ordered.
    package let options: MatchOptions
    /// The time, in seconds since 1970.
    package let now: Int64

    let url: String
    /// The page as further URLs are compared with it.
    let requested: RequestedPage?
    /// What logins' URLs are compared with, once for all of them.
    private let compared: ComparedURL
    /// The field `SubmitUrl` if it isn't an address, but may still make a browser send the form to another host.
    package let unclearSubmit: String?

    /// Reads the fields of a request.
    /// - Parameters:
    ///   - url: The field `Url`, an address or a title.
    ///   - submitUrl: The field `SubmitUrl`: an address, the name of an application, or nothing.
    ///   - realm: The field `Realm`.
    ///   - options: How logins are chosen and ordered.
    ///   - now: The time, in seconds since 1970.
    package init(
        url: String,
        submitUrl: String? = nil,
        realm: String? = nil,
        options: MatchOptions = MatchOptions(),
        now: Int64
    ) {
        // A word alone is a title: `github` must not become a machine of the local network.
        page = PageAddress(url) ?? PageAddress(title: url)
        requested = page.map { RequestedPage(url, at: $0) }
        // A title that nobody would give an entry matches none.
        self.url = page == nil && url.utf8.count > TitleKey.longest ? "" : url
        submit = submitUrl.flatMap { PageAddress(title: $0) }
        unclearSubmit = submit == nil ? submitUrl.flatMap { FormTarget.mayLeave($0) ? $0 : nil } : nil
        self.realm = realm.flatMap { $0.isEmpty ? nil : $0 }
        self.options = options
        self.now = now
        compared = ComparedURL(submit == nil ? url : submitUrl ?? url)
    }

    /// The host that is asked for, as prompts, grants and allow lists name it; the title, if it isn't a host.
    package var host: String { page?.hostAndPort ?? url }

    /// Whether a login may be offered at all, wherever it was found.
    func admits(_ login: Login) -> Bool {
        guard login.pages.admits(realm: realm) else { return false }
        if options.hideExpired, login.isExpired(at: now) { return false }
        if let realm, let own = login.realm, !own.utf8.elementsEqual(realm.utf8) { return false }
        return !login.denies(self)
    }

    /// Orders logins, the nearest first, and with `bestOnly` keeps just those.
    ///
    /// Some may be handed out without a question while others aren't: which one comes first, or alone, reveals
    /// something about all of them. So only what is public decides.
    func ordered<Element>(_ elements: [Element], by login: (Element) -> Login) -> [Element] {
        guard elements.count > 1 else { return elements }
        let limit = EditDistance.limit(for: elements.count)
        let ranked = elements.map { (rank: Rank(login($0), self, limit), element: $0) }.sorted {
            $0.rank < $1.rank
        }
        guard options.bestOnly, let best = ranked.first?.rank.distance else { return ranked.map(\.element) }
        return ranked.prefix { $0.rank.distance == best }.map(\.element)
    }

    /// How many of these would be left; that needs no order.
    ///
    /// Nobody is asked about a count: even with `bestOnly`, only what is public decides.
    func count(of logins: [Login]) -> Int {
        guard options.bestOnly, logins.count > 1 else { return logins.count }
        let limit = EditDistance.limit(for: logins.count)
        let distances = logins.map { distance(of: $0, limit) }
        let best = distances.min()
        return distances.count { $0 == best }
    }

    /// How far a login is from the page, by the public part of its URL.
    private func distance(of login: Login, _ limit: Int) -> Distance {
        // Nobody writes a longer one, and its public part is worked out anew for each page.
        let url = login.url.utf8.count > FurtherURL.longest ? "" : login.publicURL
        return Distance(compared, ComparedURL(url.isEmpty ? login.title : url), limit)
    }

    private struct Rank: Comparable {
        let distance: Distance
        let name: SortKey
        let id: LoginID

        init(_ login: Login, _ query: MatchQuery, _ limit: Int) {
            distance = query.distance(of: login, limit)
            name = SortKey(query.options.sortBy == .username ? login.username : login.title)
            id = login.id
        }

        static func < (left: Rank, right: Rank) -> Bool {
            (left.distance, left.name, left.id) < (right.distance, right.name, right.id)
        }
    }

    /// A URL as it is compared with others, whole and up to its query.
    private struct ComparedURL {
        let whole: ArraySlice<Unicode.Scalar>
        let path: ArraySlice<Unicode.Scalar>

        init(_ url: String) {
            whole = EditDistance.compared(url)[...]
            path = whole.prefix { $0 != "?" && $0 != "#" }
        }
    }

    /// How far a login's URL is from the page's.
    ///
    /// Letters of the page's query can make up for a wrong path (`/path2?x=1` is as near to `/path1` as to
    /// `/path2`), so that among equals the path decides.
    private struct Distance: Comparable {
        let whole: Int
        let path: Int

        init(_ page: ComparedURL, _ own: ComparedURL, _ limit: Int) {
            whole = EditDistance.between(page.whole, own.whole, limit: limit)
            path = EditDistance.between(page.path, own.path, limit: limit)
        }

        static func < (left: Distance, right: Distance) -> Bool {
            (left.whole, left.path) < (right.whole, right.path)
        }
    }
}

extension Login {
    /// Whether its Deny list, its own or one of its groups', has the page's host, or the host that the page sends to: there
    /// it is never offered.
    package func denies(_ query: MatchQuery) -> Bool {
        guard !deny.isEmpty || inherited != nil else { return false }
        return [query.page, query.submit].contains { page in
            guard let host = page?.hostAndPort else { return false }
            return deny.contains(host) || inherited?.denies(host) ?? false
        }
    }

    /// Whether its Allow list, its own or one of its groups', covers what is asked, so that nobody has to be asked.
    ///
    /// The page's host and, where there is one, the host that it sends to must both stand there, exactly.
    package func allows(_ query: MatchQuery) -> Bool {
        guard let page = query.page, query.unclearSubmit == nil, allows(page.hostAndPort) else {
            return false
        }
        return query.submit.map { allows($0.hostAndPort) } ?? true
    }

    /// Whether its Allow list, its own or one of its groups', has a host.
    func allows(_ host: String) -> Bool {
        allow.contains(host) || inherited?.allows(host) ?? false
    }
}
