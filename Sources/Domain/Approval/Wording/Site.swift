// SPDX-License-Identifier: Apache-2.0

import PublicSuffixes

/// Which hosts belong together: those below one name that somebody has registered.
enum Site {
    /// Whether two hosts, with ports or without, are of one site.
    static func isSame(_ one: String, _ other: String) -> Bool {
        one == other || domain(of: one) == domain(of: other)
    }

    /// Hosts of sites other than this one, and those of its own; without it, all count as others.
    static func sorted(_ hosts: [String], from own: String?) -> (elsewhere: [String], sameSite: [String]) {
        guard let own else { return (hosts, []) }
        let site = domain(of: own)
        return (hosts.filter { domain(of: $0) != site }, hosts.filter { domain(of: $0) == site })
    }

    /// Whether nothing that is sent there leaves this machine.
    static func isThisMachine(_ host: String?) -> Bool {
        guard let name = host.map(withoutPort) else { return false }
        return name == "localhost" || name.hasSuffix(".localhost") || isLoopback(name) || name == "[::1]"
    }

    /// An address, not a name that begins like one: such a name may lead anywhere.
    private static func isLoopback(_ name: String) -> Bool {
        let parts = name.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        let numbers = parts.compactMap { UInt8(String(Substring($0))) }
        return parts.count == 4 && numbers.count == 4 && numbers.first == 127
    }

    /// The registrable domain; a host without one, such as an IP address, is a site of its own.
    static func domain(of host: String) -> String {
        let name = withoutPort(host)
        return DomainName(name)?.registrable?.text ?? name
    }

    private static func withoutPort(_ host: String) -> String {
        // An IPv6 address keeps its own colons, and what isn't of the Internet its scheme.
        if host.utf8.first == UInt8(ascii: "[") {
            return String(Substring(host.utf8.prefix { $0 != UInt8(ascii: "]") })) + "]"
        }
        guard !host.utf8.contains(UInt8(ascii: "/")) else { return host }
        return String(Substring(host.utf8.prefix { $0 != UInt8(ascii: ":") }))
    }
}
