// SPDX-License-Identifier: Apache-2.0

package import PublicSuffixes

/// The host of an address, in the one form in which hosts are compared.
package enum InternetHost: Hashable, Sendable {
    /// A DNS name.
    case name(DomainName)
    /// An IPv4 address, four numbers with dots between.
    case ipv4(IPv4Address)
    /// An IPv6 address, written in brackets.
    case ipv6(IPv6Address)

    /// Reads a host as it stands in a URL: a name, four numbers, or an IPv6 address in brackets.
    package init?(utf8 bytes: ArraySlice<UInt8>) {
        if bytes.first == UInt8(ascii: "[") {
            guard bytes.last == UInt8(ascii: "]"),
                let address = IPv6Address(String(decoding: bytes.dropFirst().dropLast(), as: UTF8.self))
            else { return nil }
            self = .ipv6(address)
        } else if let address = IPv4Address(utf8: bytes) {
            self = .ipv4(address)
        } else if let name = DomainName(utf8: bytes) {
            self = .name(name)
        } else {
            return nil
        }
    }

    /// The name, if it is one.
    package var name: DomainName? {
        guard case .name(let name) = self else { return nil }
        return name
    }
    /// The host as it stands in a URL.
    package var text: String {
        switch self {
        case .name(let name): name.text
        case .ipv4(let address): address.text
        case .ipv6(let address): "[\(address.text)]"
        }
    }
}

/// An IPv4 address.
package struct IPv4Address: Hashable, Sendable {
    /// The four bytes, the first one highest.
    package let bits: UInt32

    /// Reads four decimal numbers with dots between.
    ///
    /// Other spellings (`127.1`, `0x7f.0.0.1`, `010.0.0.1`) mean different hosts to different programs; they aren't
    /// accepted.
    package init?(utf8 bytes: ArraySlice<UInt8>) {
        // Most hosts are names, and begin like one.
        guard let first = bytes.first, first <= UInt8(ascii: "9") else { return nil }
        let parts = bytes.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var bits: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.count == 1 || part.first != UInt8(ascii: "0"),
                part.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
                let byte = UInt8(String(decoding: part, as: UTF8.self))
            else { return nil }
            bits = bits << 8 | UInt32(byte)
        }
        self.bits = bits
    }

    /// The four numbers.
    package var text: String {
        [24, 16, 8, 0].map { String(UInt8(truncatingIfNeeded: bits >> UInt32($0))) }.joined(separator: ".")
    }
}
