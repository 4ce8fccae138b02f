// SPDX-License-Identifier: Apache-2.0

import PublicSuffixes

/// An address with wildcards in its host or its path.
struct AddressPattern: Hashable, Sendable {
    /// The host's labels up to its last wildcard, in small letters, `*` among them; none where it has no wildcard.
    private let labels: [String]
    /// The path, `*` for anything; empty for every path.
    private let path: [UInt8]

    /// The most wildcards that one address has, so that looking whether a host fits costs next to nothing.
    private static let most = 8

    /// Reads an address.
    /// - Returns: What is left of it after the last wildcard of its host, by which it is found, and the pattern.
    static func read(_ text: String) -> (PageAddress, AddressPattern)? {
        let scheme = text.utf8.firstRange(of: "://".utf8)
        let start = scheme?.upperBound ?? text.utf8.startIndex
        let authority = text.utf8[start...].prefix {
            $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#")
        }
        let path = FurtherURL.path(text)
        guard (Array(authority) + path).count(where: { $0 == UInt8(ascii: "*") }) <= most else { return nil }
        // A wildcard elsewhere in the host, or in place of a part of a label, means nothing.
        let parts = String(Substring(authority)).split(separator: ".", omittingEmptySubsequences: false)
        let last = parts.lastIndex(of: "*")
        let rest = parts[(last.map { $0 + 1 } ?? 0)...]
        let labels = (last.map { parts[...$0] } ?? []).map { $0.lowercased() }
        guard !rest.isEmpty, !rest.contains(where: { $0.utf8.contains(UInt8(ascii: "*")) }),
            labels.allSatisfy({ $0 == "*" || !$0.utf8.contains(UInt8(ascii: "*")) }),
            labels.allSatisfy({ label in label == "*" || label.utf8.allSatisfy(isOfName) })
        else { return nil }
        let prefix = scheme.map { String(Substring(text.utf8[..<$0.upperBound])) } ?? ""
        guard let address = PageAddress(loose: prefix + rest.joined(separator: ".")) else { return nil }
        if !labels.isEmpty {
            guard address.isOnInternet, let name = address.host.name, name.registrable != nil,
                !name.isPublicSuffix
            else { return nil }
        }
        let isAnyPath = path.allSatisfy { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "*") }
        return (address, AddressPattern(labels: labels, path: isAnyPath ? [] : path))
    }

    /// Compares a page with it.
    ///
    /// - Parameters:
    ///   - host: The page's host.
    ///   - path: The path of its URL.
    ///   - base: The host of the address that the pattern was read with.
    /// - Returns: Whether it is.
    func admits(host: String, path: [UInt8], below base: String) -> Bool {
        guard host.hasSuffix(base), Self.fits(self.path[...], path[...]) else { return false }
        let before = host.dropLast(base.utf8.count)
        guard before.isEmpty || before.utf8.last == UInt8(ascii: ".") else { return false }
        let rest = before.split(separator: ".").map(String.init)
        return Self.fits(labels[...], rest[...])
    }

    /// What a person reads: the host with its wildcards.
    func text(_ base: String) -> String { (labels + [base]).joined(separator: ".") }

    /// Labels, each wildcard for any number of them.
    private static func fits(_ pattern: ArraySlice<String>, _ labels: ArraySlice<String>) -> Bool {
        guard let first = pattern.first else { return labels.isEmpty }
        if first == "*" {
            return (0...labels.count).contains { fits(pattern.dropFirst(), labels.dropFirst($0)) }
        }
        return labels.first == first && fits(pattern.dropFirst(), labels.dropFirst())
    }

    /// Bytes from the beginning on, each wildcard for any number of them, taken as soon as what follows fits.
    private static func fits(_ pattern: ArraySlice<UInt8>, _ path: ArraySlice<UInt8>) -> Bool {
        let pieces = pattern.split(separator: UInt8(ascii: "*"), omittingEmptySubsequences: false)
        guard let first = pieces.first, path.starts(with: first) else { return pieces.isEmpty }
        var rest = path.dropFirst(first.count)
        for piece in pieces.dropFirst() where !piece.isEmpty {
            guard let found = rest.firstRange(of: piece) else { return false }
            rest = rest[found.upperBound...]
        }
        return true
    }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
