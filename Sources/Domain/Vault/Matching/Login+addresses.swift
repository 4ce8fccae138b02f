// SPDX-License-Identifier: Apache-2.0

extension Login {
    /// One place where a login belongs.
    struct Belonging {
        /// Where that is.
        let address: PageAddress
        /// The scheme that it is for, or nil for any.
        let scheme: URLScheme?
        /// Which part of that address it is for.
        var rule = AddressRule.site
        /// The port that it is for, or nil for a scheme's own.
        var port: UInt16? { address.writtenPort }
    }

    /// The places where it belongs: its URL, its further URLs, its title where that looks like an address.
    ///
    /// A title of one word (`pihole`) is the machine of that name in the local network, but not where a URL says that the
    /// login is for a site of the Internet: a login called “Amazon” isn't for whoever answers to that in a strange network.
    var addresses: [Belonging] {
        // All of them are read anew with each change of a keyring.
        let url = matchedURL
        let own = url.utf8.count <= FurtherURL.longest ? PageAddress(loose: url) : nil
        let further = (resolved?.further ?? furtherURLs).compactMap { FurtherURL($0) }
        let belongings =
            (own.map { [Belonging(address: $0, scheme: $0.scheme)] } ?? [])
            + further.map { Belonging(address: $0.address, scheme: $0.address.scheme, rule: $0.rule) }
        let isLocal = belongings.allSatisfy(\.address.isLocal)
        guard title.utf8.count <= FurtherURL.longest,
            let named = PageAddress(title: title) ?? (isLocal ? PageAddress(machine: title) : nil)
        else { return belongings }
        // A title says nothing about the scheme, while the URL does.
        let scheme = named.scheme ?? own.flatMap { $0.isOnInternet ? $0.scheme : nil }
        return belongings + [Belonging(address: named, scheme: scheme)]
    }

    /// Whether a string field of this name holds a further URL: `KP2A_URL…`, `URL 1`, `URL2`, `URL_5`; compared by bytes,
    /// since to KeePassXC a combining mark after the beginning makes no difference.
    package static func isFurtherURL(_ fieldName: String) -> Bool {
        if fieldName.utf8.starts(with: "KP2A_URL".utf8) { return true }
        guard fieldName.utf8.starts(with: "URL".utf8) else { return false }
        var number = fieldName.utf8.dropFirst(3)
        if number.first == UInt8(ascii: " ") || number.first == UInt8(ascii: "_") {
            number = number.dropFirst()
        }
        return !number.isEmpty && number.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }
}
