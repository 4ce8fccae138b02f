// SPDX-License-Identifier: Apache-2.0

import UnicodeText

/// Which part of an address a login is for.
enum AddressRule: Hashable, Sendable {
    /// The site, by the steps of the protocol.
    case site
    /// Just this page, by the public part of its URL.
    case page(String)
    /// Hosts and paths of a pattern.
    case pattern(AddressPattern)

    /// Whether it is for a page, at an address whose host has so many labels less.
    func admits(_ page: RequestedPage, below depth: Int) -> Bool {
        switch self {
        case .site: true
        case .page(let url): page.url.hasSameBytes(as: url)
        case .pattern(let pattern): pattern.admits(labels: page.labels.prefix(depth), path: page.path)
        }
    }
}

/// What rules compare of a page, read once for all of them.
struct RequestedPage: Sendable {
    /// What is public of its URL, as `FurtherURL.page` spells it.
    let url: String
    /// The path of its URL.
    let path: [UInt8]
    /// Its host's labels.
    let labels: [String]

    init(_ url: String, at address: PageAddress) {
        self.url = FurtherURL.page(url)
        path = FurtherURL.path(url)
        labels = address.host.text.utf8.split(separator: UInt8(ascii: ".")).map { String(Substring($0)) }
    }
}

/// A further URL of a login as KeePassXC has them: an address, one with wildcards, or one in quotes for just that page.
///
/// A wildcard stands for whole labels of a host (`*.example.com` for example.com and all below it), and for anything in
/// a path, whose end is open. What is left of the host after its last wildcard must be more than a public suffix: no
/// entry is for every host of the world. A page in quotes is meant with any query.
struct FurtherURL {
    let address: PageAddress
    let rule: AddressRule

    init?(_ text: String) {
        // Nobody writes a longer one.
        guard text.utf8.count <= Self.longest else { return nil }
        if text.utf8.count > 2, text.utf8.first == UInt8(ascii: "\""), text.utf8.last == UInt8(ascii: "\"") {
            let url = String(Substring(text.utf8.dropFirst().dropLast()))
            guard let address = PageAddress(url) else { return nil }
            self.init(address: address, rule: .page(Self.page(url)))
        } else if text.utf8.contains(UInt8(ascii: "*")) {
            guard let (address, pattern) = AddressPattern.read(text) else { return nil }
            self.init(address: address, rule: .pattern(pattern))
        } else {
            guard let address = PageAddress(loose: text) else { return nil }
            self.init(address: address, rule: .site)
        }
    }

    private init(address: PageAddress, rule: AddressRule) {
        self.address = address
        self.rule = rule
    }

    static let longest = 8192

    /// The part of a URL that says which page it is, in one spelling: that of a bare site ends with a slash.
    ///
    /// A count reveals without a question whether a page matches, so that what can be a secret (a user and password,
    /// the query, the fragment) has no part in it.
    static func page(_ url: String) -> String {
        let url = PublicURL.text(of: url)
        guard let scheme = url.utf8.schemeMark else { return url }
        return url.utf8[scheme.upperBound...].contains(UInt8(ascii: "/")) ? url : url + "/"
    }

    /// The path of a URL, with its slash.
    static func path(_ url: String) -> [UInt8] {
        let start = url.utf8.schemeMark?.upperBound ?? url.utf8.startIndex
        let path = url.utf8[start...].drop {
            $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#")
        }
        return Array(path.prefix { $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") })
    }
}
