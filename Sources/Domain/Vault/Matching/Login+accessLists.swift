// SPDX-License-Identifier: Apache-2.0

// What an entry's Allow and Deny lists say, its own and those of its groups.
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
