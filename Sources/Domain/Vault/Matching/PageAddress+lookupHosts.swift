// SPDX-License-Identifier: Apache-2.0

import PublicSuffixes

// Where a page's logins are looked for: which subdomains count as the same site.
extension PageAddress {
    /// What the index knows a host by.
    var key: String { isOnInternet ? host.text : Self.marked(host.text, scheme) }

    /// The keys at which to look for its logins, the best first: the host, then what is left of it label by label.
    ///
    /// An address is never shortened, nor is a name to a public suffix or past it.
    var lookupHosts: [String] {
        guard isOnInternet, let name = host.name, !name.isPublicSuffix else { return [key] }
        let names = sequence(first: name) { name in
            name.parent.flatMap { $0.isPublicSuffix ? nil : $0 }
        }
        return names.map(\.text)
    }

    /// The address of a host beside this one, with another first label; nil where logins of this host are for it alone,
    /// since its domain is no site.
    package func beside(label: String) -> String? {
        guard lookupHosts.count > 1, let scheme else { return nil }
        return "\(scheme.name)://\(label).\(lookupHosts[1])\(writtenPort.map { ":\($0)" } ?? "")/"
    }
}
