// SPDX-License-Identifier: Apache-2.0

import PublicSuffixes

/// A host that a client is restricted to, with or without all the hosts below it.
struct HostPattern: Hashable, Sendable {
    private let host: InternetHost
    private let coversBelow: Bool

    /// Reads `example.com`, an IP address, or `*.example.com`.
    ///
    /// - Throws: What is wrong with it.
    init(_ text: String) throws(RestrictionError) {
        guard text.utf8.count <= Self.longest else { throw .badHost(text) }
        guard text != "*" else { throw .tooWide(text) }
        coversBelow = text.utf8.starts(with: "*.".utf8)
        guard coversBelow else {
            // Outside of URLs nobody writes the brackets.
            let address = IPv6Address(text).map { InternetHost.ipv6($0) }
            guard let host = address ?? InternetHost(utf8: Array(text.utf8)[...]) else {
                throw .badHost(text)
            }
            self.host = host
            return
        }
        guard let name = DomainName(utf8: Array(text.utf8)[2...]) else { throw .badHost(text) }
        // Or strangers could have hosts below it.
        guard !name.isPublicSuffix else { throw .tooWide(text) }
        host = .name(name)
    }

    private static let longest = 1024

    /// As it is written: the host in small letters, other letters than ASCII as A-labels.
    var text: String { coversBelow ? "*." + host.text : host.text }

    /// Whether a page, or all that an address with wildcards is for, is at such a host.
    func covers(_ address: PageAddress, _ rule: AddressRule = .site) -> Bool {
        guard address.isOnInternet else { return false }
        if coversBelow, let name = address.host.name, let own = host.name {
            return name == own
                || name.text.utf8.suffix(own.text.utf8.count + 1).elementsEqual(("." + own.text).utf8)
        }
        guard address.host == host else { return false }
        if case .pattern(let pattern) = rule { return pattern.isForItsBase }
        return true
    }
}
