// SPDX-License-Identifier: Apache-2.0

/// A title as a key for looking up logins.
///
/// Swift compares texts by what they look like, which is right for a title that people write and takes far too long
/// for a mebibyte of combining marks; beyond a title's length it is the bytes that count.
enum TitleKey: Hashable {
    case title(String)
    case bytes([UInt8])

    /// The longest title in bytes that is compared as people would.
    static let longest = 256

    init(_ text: String) {
        self = text.utf8.count <= Self.longest ? .title(text) : .bytes(Array(text.utf8))
    }
}

/// A text as a key for sorting logins: the bytes of its beginning, ignoring case.
package struct SortKey: Comparable, Sendable {
    private let bytes: [UInt8]

    /// How many letters count.
    private static let longest = 256

    /// A key for a user name or a title; `inUpperCase` decides where signs between the two cases stand.
    package init(_ text: String, inUpperCase: Bool = false) {
        let start = text.utf8.count > Self.longest ? String(text.unicodeScalars.prefix(Self.longest)) : text
        bytes = Array((inUpperCase ? start.uppercased() : start.lowercased()).utf8)
    }

    /// Orders by the bytes.
    package static func < (left: SortKey, right: SortKey) -> Bool {
        left.bytes.lexicographicallyPrecedes(right.bytes)
    }
}
