// SPDX-License-Identifier: Apache-2.0

import UnicodeText
import PublicSuffixes

/// An address with wildcards in its host or its path.
struct AddressPattern: Hashable, Sendable {
    /// The host's labels up to its last wildcard, in small letters, `*` among them; none where it has no wildcard.
    private let labels: [String]
    /// What stands between the wildcards of the labels.
    private let labelPieces: [[String]]
    /// What stands between the wildcards of the path, whose end is open.
    private let pathPieces: [[UInt8]]

    private init(labels: [String], path: [UInt8]) {
        self.labels = labels
        labelPieces = Self.pieces(labels, "*")
        pathPieces = Self.pieces(path, UInt8(ascii: "*"))
    }

    /// The most wildcards that one address has.
    private static let most = 8

    /// Reads an address.
    /// - Returns: What is left of it after the last wildcard of its host, by which it is found, and the pattern.
    static func read(_ text: String) -> (PageAddress, AddressPattern)? {
        let scheme = text.utf8.schemeMark
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
    ///   - labels: Those of the page's host before the host of the address that the pattern was read with.
    ///   - path: The path of its URL.
    /// - Returns: Whether it is for that page.
    func admits(labels: ArraySlice<String>, path: [UInt8]) -> Bool {
        guard self.labels.isEmpty ? labels.isEmpty : Self.fit(labelPieces, labels) else { return false }
        return Self.fit(pathPieces, path[...])
    }

    /// Whether it is for the host of the address that it was read with, too, not just for hosts below that.
    var isForItsBase: Bool { labels.allSatisfy { $0 == "*" } }

    /// For people to read: the host with its wildcards.
    func text(_ base: String) -> String { (labels + [base]).joined(separator: ".") }

    /// Wildcards side by side are one.
    private static func pieces<Element: Equatable>(_ pattern: [Element], _ wildcard: Element) -> [[Element]] {
        let pieces = pattern.split(separator: wildcard, omittingEmptySubsequences: false).map { Array($0) }
        return pieces.prefix(1) + pieces.dropFirst().filter { !$0.isEmpty }
    }

    /// Whether a text begins with the first piece and has the others behind it in their order, each taken as soon as it
    /// comes: it takes time by the lengths of both alone, for anybody may ask for any page.
    private static func fit<Element: Equatable>(_ pieces: [[Element]], _ text: ArraySlice<Element>) -> Bool {
        guard let first = pieces.first else { return true }
        guard text.starts(with: first) else { return false }
        var rest = text.dropFirst(first.count)
        for piece in pieces.dropFirst() {
            guard let end = end(of: piece, in: rest) else { return false }
            rest = rest[end...]
        }
        return true
    }

    /// Where a piece ends for the first time, as Knuth, Morris and Pratt find it: nothing is looked at twice.
    private static func end<Element: Equatable>(of piece: [Element], in text: ArraySlice<Element>) -> Int? {
        guard piece.count <= text.count else { return nil }
        // For each place, how long a beginning of the piece it ends with up to there.
        var borders = Array(repeating: 0, count: piece.count)
        var length = 0
        for index in piece.indices.dropFirst() {
            while length > 0, piece[index] != piece[length] { length = borders[length - 1] }
            if piece[index] == piece[length] { length += 1 }
            borders[index] = length
        }
        length = 0
        for index in text.indices {
            while length > 0, text[index] != piece[length] { length = borders[length - 1] }
            if text[index] == piece[length] { length += 1 }
            if length == piece.count { return index + 1 }
        }
        return nil
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
