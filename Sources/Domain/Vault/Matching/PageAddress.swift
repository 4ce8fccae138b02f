// SPDX-License-Identifier: Apache-2.0

import PublicSuffixes

/// Where a page or a login belongs: the part of a URL that says who owns it.
///
/// A text that two programs could read as two hosts isn't an address: one with a backslash, a control character or a
/// second `@` before its path, a percent sign in its host, an IPv4 address in an odd spelling. Browsers give addresses
/// in one spelling, so nothing is lost.
package struct PageAddress: Hashable, Sendable {
    /// The scheme, or nil where the text has none (`example.com/path`).
    package let scheme: URLScheme?
    /// The host.
    package let host: InternetHost
    /// The port, where the text has one.
    package let writtenPort: UInt16?

    /// Reads a URL: scheme, `://`, host.
    package init?(_ text: some StringProtocol) {
        guard let bytes = Self.trimmed(text), let (scheme, rest) = Self.schemeAndRest(of: bytes) else {
            return nil
        }
        self.init(scheme: scheme, authority: Self.authority(of: rest), mayHoldUser: true)
    }

    /// Reads what a person writes where an address is asked for: a URL, or a host with or without port and path.
    package init?(loose text: some StringProtocol) {
        guard let bytes = Self.trimmed(text) else { return nil }
        if let (scheme, rest) = Self.schemeAndRest(of: bytes) {
            self.init(scheme: scheme, authority: Self.authority(of: rest), mayHoldUser: true)
        } else {
            self.init(scheme: nil, authority: Self.authority(of: bytes[...]), mayHoldUser: false)
        }
    }

    /// Reads a title that looks like an address: a URL, or a host that is more than a single word.
    package init?(title text: some StringProtocol) {
        guard Self.mayBeAddress(text) else { return nil }
        self.init(loose: text)
        guard scheme == nil, let name = host.name else { return }
        guard name.hasDot || name.text == "localhost" else { return nil }
    }

    /// Reads a word that can be the name of a machine in the local network, with or without a port.
    init?(machine text: some StringProtocol) {
        // A host name and a port: titles are longer, and there are thousands of them.
        guard text.utf8.count <= 80 else { return nil }
        self.init(loose: text)
        guard scheme == nil, let name = host.name, !name.hasDot, !text.utf8.contains(UInt8(ascii: "/")) else {
            return nil
        }
    }

    private init?(scheme: URLScheme?, authority: ArraySlice<UInt8>, mayHoldUser: Bool) {
        guard !authority.contains(UInt8(ascii: "\\")) else { return nil }
        var place = authority
        if let at = authority.firstIndex(of: UInt8(ascii: "@")) {
            place = authority[(at + 1)...]
            guard mayHoldUser, !place.contains(UInt8(ascii: "@")) else { return nil }
        }
        let (hostText, portText) = Self.parted(place)
        guard let host = InternetHost(utf8: hostText) else { return nil }
        self.scheme = scheme
        self.host = host
        guard let portText, !(portText.isEmpty && scheme != nil) else {
            writtenPort = nil
            return
        }
        guard portText.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let port = UInt16(String(decoding: portText, as: UTF8.self))
        else { return nil }
        writtenPort = port
    }

    /// Whether its host is an Internet host, so that it may be compared across schemes and shortened.
    package var isOnInternet: Bool { scheme.map { $0.port != nil } ?? true }

    /// Whether its host is an address, or a name that means something in the local network alone.
    var isLocal: Bool { isOnInternet && !(host.name?.hasDot ?? false) }

    /// The port that a connection would go to, or nil where that can't be told.
    package var port: UInt16? { writtenPort ?? scheme?.port }

    /// Whether no port is written, or only the scheme's own.
    package var isOnOwnPort: Bool { writtenPort == nil || writtenPort == scheme?.port }

    /// The host with `:port` where that isn't the scheme's own: what grants and allow lists hold.
    ///
    /// If the host isn't an Internet host, the scheme stands before it.
    package var hostAndPort: String {
        let place = isOnOwnPort ? host.text : host.text + (writtenPort.map { ":\($0)" } ?? "")
        return isOnInternet ? place : Self.marked(place, scheme)
    }

    static func marked(_ place: String, _ scheme: URLScheme?) -> String {
        "\(scheme?.name ?? "")://\(place)"
    }

    // Everything below goes by bytes: a `Character` would hide a delimiter that a combining mark follows, and find
    // another host than the browser does.

    private static func schemeAndRest(of bytes: [UInt8]) -> (URLScheme, ArraySlice<UInt8>)? {
        guard let colon = bytes.firstIndex(of: UInt8(ascii: ":")), bytes[colon...].starts(with: "://".utf8),
            let scheme = URLScheme(String(decoding: bytes[..<colon], as: UTF8.self))
        else { return nil }
        return (scheme, bytes[(colon + 3)...])
    }

    private static func authority(of bytes: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        bytes.prefix { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: "?") && $0 != UInt8(ascii: "#") }
    }

    /// The host and what stands after its colon; an IPv6 address keeps its own colons.
    private static func parted(
        _ place: ArraySlice<UInt8>
    ) -> (host: ArraySlice<UInt8>, port: ArraySlice<UInt8>?) {
        let isBracketed = place.first == UInt8(ascii: "[")
        let end = isBracketed ? place.firstIndex(of: UInt8(ascii: "]")) : nil
        guard let colon = place[(end ?? place.startIndex)...].firstIndex(of: UInt8(ascii: ":")) else {
            return (place, nil)
        }
        return (place[..<colon], place[(colon + 1)...])
    }

    /// Whether a title is worth a closer look: most are mere words, and a vault has thousands of them.
    ///
    /// Plain ASCII without a dot or a colon is only a word, except `localhost`, for which the first letter is checked.
    private static func mayBeAddress(_ text: some StringProtocol) -> Bool {
        for byte in text.utf8
        where byte == UInt8(ascii: ".") || byte == UInt8(ascii: ":") || byte >= 0x80 { return true }
        let first = text.utf8.first { $0 > 0x20 }
        return first.map { $0 | 0x20 } == UInt8(ascii: "l")
    }

    /// The text without white space around it, or nil if it is empty or holds a control character.
    private static func trimmed(_ text: some StringProtocol) -> [UInt8]? {
        // Nearly every address is plain: looking up the properties of each scalar took a quarter of indexing.
        let bytes = Array(text.utf8)
        if bytes.allSatisfy({ (0x21...0x7E).contains($0) }) { return bytes.isEmpty ? nil : bytes }
        let scalars = text.unicodeScalars
        guard let start = scalars.firstIndex(where: { !$0.properties.isWhitespace }),
            let end = scalars.lastIndex(where: { !$0.properties.isWhitespace })
        else { return nil }
        let inner = scalars[start...end]
        guard !inner.contains(where: { $0.value < 0x20 || $0.value == 0x7F }) else { return nil }
        return Array(String(String.UnicodeScalarView(inner)).utf8)
    }
}
