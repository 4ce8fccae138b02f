// SPDX-License-Identifier: Apache-2.0

import UnicodeText

extension Login {
    /// The part of its URL that may be looked at before the person's word.
    ///
    /// Where that is, without a user and password in it, and without query and fragment, which can be secrets as well.
    package var publicURL: String { PublicURL.text(of: url) }
}

/// The part of a URL that says where something is, and nothing else.
package enum PublicURL {
    /// Whether there is nothing else in a URL.
    static func isWhole(_ url: String) -> Bool { text(of: url).hasSameBytes(as: url) }

    /// That part of a URL.
    package static func text(of url: String) -> String {
        let bytes = Array(url.utf8)
        guard
            bytes.contains(where: {
                $0 == UInt8(ascii: "@") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "#")
            })
        else { return url }
        let start =
            url.utf8.schemeMark.map { url.utf8.distance(from: url.utf8.startIndex, to: $0.upperBound) } ?? 0
        let rest = bytes[start...]
        let place = rest[(userEnd(in: rest) ?? start)...].prefix { !"?#".utf8.contains($0) }
        return String(decoding: bytes[..<start] + place, as: UTF8.self)
    }

    /// Where what stands before the host ends, its `@` included; nil where there is no such thing.
    ///
    /// A password that was written without escapes may contain a slash, a question mark or a number sign: what looks
    /// like a port but isn't a number is the beginning of one, which goes up to the last `@`.
    static func userEnd(in rest: ArraySlice<UInt8>) -> Int? {
        let authority = rest.prefix { !"/?#".utf8.contains($0) }
        if let at = authority.lastIndex(of: UInt8(ascii: "@")) { return at + 1 }
        guard authority.first != UInt8(ascii: "["), let colon = authority.firstIndex(of: UInt8(ascii: ":")),
            !authority[(colon + 1)...].allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
                || colon + 1 == authority.endIndex
        else { return nil }
        return rest.lastIndex(of: UInt8(ascii: "@")).map { $0 + 1 }
    }
}
