// SPDX-License-Identifier: Apache-2.0

/// What a client asks logins for, read once, and which logins may be offered for it; their order is `MatchOrder`'s business.
package struct MatchQuery: Sendable {
    /// The page's address, or nil if the client's `Url` isn't one; then it is a title.
    package let page: PageAddress?
    /// Where the page would send what is filled in, where that is an address.
    package let submit: PageAddress?
    /// The realm that the page names, never empty.
    package let realm: String?
    /// Whose logins alone are asked for, never empty; nil for anybody's.
    package let username: String?
    /// How logins are chosen and ordered.
    package let options: MatchOptions
    /// The time, in seconds since 1970.
    package let now: Int64

    let url: String
    /// Where to look for the page's logins; see ``PageAddress/lookupHosts``.
    let lookupHosts: [String]
    /// The page as further URLs are compared with it.
    let requested: RequestedPage?
    /// The order of what matches.
    let order: MatchOrder
    /// What may be shown of the field `SubmitUrl` if it isn't an address, but may still make a browser send the form to
    /// another host.
    package let unclearSubmit: String?
    /// The fields that are no clear addresses, as they came: only for telling questions apart.
    package let unclear: [String]

    /// Reads the fields of a request.
    /// - Parameters:
    ///   - url: The field `Url`, an address or a title.
    ///   - submitUrl: The field `SubmitUrl`: an address, the name of an application, or nothing.
    ///   - realm: The field `Realm`.
    ///   - username: The field `Login`.
    ///   - options: How logins are chosen and ordered.
    ///   - now: The time, in seconds since 1970.
    package init(
        url: String,
        submitUrl: String? = nil,
        realm: String? = nil,
        username: String? = nil,
        options: MatchOptions = MatchOptions(),
        now: Int64
    ) {
        // A word alone is a title: `github` must not become a machine of the local network.
        page = PageAddress(url) ?? PageAddress(title: url)
        lookupHosts = page?.lookupHosts ?? []
        requested = page.map { RequestedPage(url, at: $0) }
        // A title that nobody would give an entry matches none.
        self.url = page == nil && url.utf8.count > TitleKey.longest ? "" : url
        submit = submitUrl.flatMap { PageAddress(title: $0) }
        let leaving = submit == nil ? submitUrl.flatMap { FormTarget.mayLeave($0) ? $0 : nil } : nil
        unclearSubmit = leaving.map(UnclearAddress.place)
        unclear = [page == nil ? self.url : "", leaving ?? ""]
        self.realm = realm.flatMap { $0.isEmpty ? nil : $0 }
        self.username = username.flatMap { $0.isEmpty ? nil : $0 }
        self.options = options
        self.now = now
        order = MatchOrder(to: submit == nil ? url : submitUrl ?? url, options)
    }

    /// The host that is asked for, as prompts, grants and allow lists name it; if there is none, the title, or what may be
    /// shown of an address that isn't clear.
    package var host: String { page?.hostAndPort ?? UnclearAddress.place(in: url) }

    /// Whether a login may be offered at all, wherever it was found.
    func admits(_ login: Login) -> Bool {
        guard login.pages.admits(realm: realm), admits(user: login.username) else { return false }
        if options.hideExpired, login.isExpired(at: now) { return false }
        if let realm, let own = login.realm, !own.utf8.elementsEqual(realm.utf8) { return false }
        return !login.denies(self)
    }

    /// Whether a user name is the one that is asked for, or may become it by what it refers to.
    private func admits(user: String) -> Bool {
        guard let username else { return true }
        return user.utf8.elementsEqual(username.utf8) || user.utf8.contains(UInt8(ascii: "{"))
    }
}
