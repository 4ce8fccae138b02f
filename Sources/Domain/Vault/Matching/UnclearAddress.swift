// SPDX-License-Identifier: Apache-2.0

/// What may be shown, recorded and kept of a text that a client sends as an address, where it isn't a clear one.
///
/// Such a text can hold what nobody else may see: a user and a password before the host, a query with a token, and
/// where they end is just what isn't clear. Words, as a title has them, stay as they are.
package enum UnclearAddress {
    /// What stands for one of which nothing may be shown.
    package static let unreadable = "an unreadable address"

    /// The words of a title, `//host` of what looks like an address, or ``unreadable``.
    package static func place(in text: String) -> String {
        guard isLikeAddress(text) else { return text }
        let end = text.utf8.firstIndex { "?#".utf8.contains($0) } ?? text.utf8.endIndex
        // A password may hold a question mark.
        guard !text.utf8[end...].contains(UInt8(ascii: "@")) else { return unreadable }
        let head = String(Substring(text.utf8[..<end]))
        if let host = host(in: Array(head.utf8)) { return "//" + host }
        return head.utf8.isEmpty || isLikeAddress(head) ? unreadable : head
    }

    /// Whether it has a mark of addresses, or would be one to a browser.
    private static func isLikeAddress(_ text: String) -> Bool {
        var last: UInt8 = 0
        for byte in text.utf8 {
            if "@?\\=".utf8.contains(byte) || byte == UInt8(ascii: "/") && last == byte { return true }
            last = byte
        }
        return FormTarget.mayLeave(text)
    }

    /// The host of an address without its query, if nothing behind it could be the rest of a password.
    private static func host(in head: [UInt8]) -> String? {
        let slashes = "/\\".utf8
        var rest = head[...].drop { $0 <= 0x20 }
        var isMarked = rest.first.map(slashes.contains) ?? false
        if let colon = rest.prefix(URLScheme.longest).firstIndex(of: UInt8(ascii: ":")),
            let scheme = URLScheme(String(decoding: rest[..<colon], as: UTF8.self)),
            scheme.port != nil || rest[colon...].dropFirst().first.map(slashes.contains) ?? false
        {
            rest = rest[(colon + 1)...]
            isMarked = true
        }
        rest = rest.drop(while: slashes.contains)
        let authority = rest.prefix { !slashes.contains($0) }
        guard !rest[authority.endIndex...].contains(UInt8(ascii: "@")) else { return nil }
        let user = authority.lastIndex(of: UInt8(ascii: "@"))
        guard isMarked || user != nil else { return nil }
        let place = authority[(user.map { $0 + 1 } ?? authority.startIndex)...]
        return PageAddress(loose: String(decoding: place, as: UTF8.self))?.hostAndPort
    }
}
