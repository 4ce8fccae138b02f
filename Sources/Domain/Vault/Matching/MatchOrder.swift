// SPDX-License-Identifier: Apache-2.0

/// The order of the logins that match a page: the nearest URL first, among equals by title or user name, at last by id.
///
/// It also chooses the best alone (`bestOnly`), and counts them.
struct MatchOrder: Sendable {
    private let options: MatchOptions
    /// What logins' URLs are compared with, once for all of them.
    private let compared: ComparedURL

    /// The order by nearness to a URL: the one that the page sends to, or its own.
    init(to url: String, _ options: MatchOptions) {
        self.options = options
        compared = ComparedURL(url)
    }

    /// Orders logins, the nearest first, and with `bestOnly` keeps just those.
    ///
    /// Some may be handed out without a question while others aren't: which one comes first, or alone, reveals
    /// something about all of them. So only what is public decides.
    func sorted<Element>(_ elements: [Element], by login: (Element) -> Login) -> [Element] {
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

        init(_ login: Login, _ order: MatchOrder, _ limit: Int) {
            distance = order.distance(of: login, limit)
            name = SortKey(order.options.sortBy == .username ? login.username : login.title)
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
