// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import UnicodeText

/// A part of an entry's URL, by the name that it has in `{URL:HOST}`.
enum URLPart: String, Sendable {
    /// All but the scheme and its `://`.
    case withoutScheme = "RMVSCM"
    /// The scheme.
    case scheme = "SCM"
    /// The host, an IPv6 address in brackets.
    case host = "HOST"
    /// The port, the scheme's own where none is written.
    case port = "PORT"
    /// The path, `/` where a URL with a scheme has none.
    case path = "PATH"
    /// The query with its question mark.
    case query = "QUERY"
    /// What stands before the host: `user:password`.
    case userInfo = "USERINFO"
    /// The user name of that.
    case username = "USERNAME"
    /// The password of that.
    case password = "PASSWORD"

    /// Whether nothing in it can be more secret than a user name.
    var isPublic: Bool {
        switch self {
        case .scheme, .host, .port, .path, .username: true
        case .withoutScheme, .query, .userInfo, .password: false
        }
    }

    /// The same of a URL whose placeholders have been resolved; nil where some are left, such as one for its own part.
    func text(ofResolved url: String) -> String? {
        TextPiece.pieces(of: SecretBytes(utf8: url)).contains(where: \.isPlaceholder) ? nil : text(of: url)
    }

    /// This part of a URL, as it is written; empty where it has none.
    func text(of url: String) -> String {
        let pieces = URLPieces(url)
        let bytes =
            switch self {
            case .withoutScheme: pieces.afterScheme
            case .scheme: pieces.scheme
            case .host: pieces.host
            case .port: pieces.port
            case .path: pieces.path
            case .query: pieces.query
            case .userInfo: pieces.userInfo
            case .username: pieces.userInfo.prefix { $0 != UInt8(ascii: ":") }
            case .password: pieces.userInfo.drop { $0 != UInt8(ascii: ":") }.dropFirst()
            }
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// A URL taken apart at its delimiters, as ``PublicURL`` sees them: no piece of a password becomes a host or a path.
private struct URLPieces {
    let scheme: ArraySlice<UInt8>
    let afterScheme: ArraySlice<UInt8>
    let userInfo: ArraySlice<UInt8>
    let host: ArraySlice<UInt8>
    let port: ArraySlice<UInt8>
    let path: ArraySlice<UInt8>
    let query: ArraySlice<UInt8>

    init(_ url: String) {
        let bytes = Array(url.utf8)[...]
        let mark = url.utf8.schemeMark.map { mark in
            (
                url.utf8.distance(from: url.utf8.startIndex, to: mark.lowerBound),
                url.utf8.distance(from: url.utf8.startIndex, to: mark.upperBound)
            )
        }
        let scheme = bytes[..<(mark?.0 ?? 0)]
        let afterScheme = bytes[(mark?.1 ?? 0)...]
        let end = PublicURL.userEnd(in: afterScheme)
        userInfo = afterScheme[..<(end.map { $0 - 1 } ?? afterScheme.startIndex)]
        let rest = afterScheme[(end ?? afterScheme.startIndex)...]
        let authority = rest.prefix { !"/?#".utf8.contains($0) }
        let isBracketed = authority.first == UInt8(ascii: "[")
        let hostEnd = isBracketed ? authority.firstIndex(of: UInt8(ascii: "]")).map { $0 + 1 } : nil
        let colon = authority[(hostEnd ?? authority.startIndex)...].firstIndex(of: UInt8(ascii: ":"))
        host = authority[..<(colon ?? authority.endIndex)]
        let written = colon.map { authority[($0 + 1)...] } ?? []
        let usual = URLScheme(String(decoding: scheme, as: UTF8.self))?.port.map { Array("\($0)".utf8)[...] }
        port = written.isEmpty && !host.isEmpty ? usual ?? [] : written
        let place = rest[authority.endIndex...]
        let stated = place.prefix { !"?#".utf8.contains($0) }
        path = stated.isEmpty && mark != nil && !host.isEmpty ? Array("/".utf8)[...] : stated
        let after = place[stated.endIndex...].prefix { $0 != UInt8(ascii: "#") }
        query = after.count > 1 ? after : []
        (self.scheme, self.afterScheme) = (scheme, afterScheme)
    }
}
