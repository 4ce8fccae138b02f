// SPDX-License-Identifier: Apache-2.0

import UnicodeText

/// Where a browser would send a form by a `SubmitUrl` that isn't an address.
enum FormTarget {
    /// Whether that may be another host than the page's, as the URL standard of browsers has it.
    ///
    /// They take `https:evil.example`, `https:/evil.example`, `//evil.example` and the same with backslashes for an
    /// address, and ignore tabs and line breaks anywhere. A path, a word, `javascript:` and an empty text stay on the
    /// page.
    static func mayLeave(_ text: String) -> Bool {
        if text.utf8.schemeMark != nil { return true }
        let bytes = text.utf8.filter { $0 != 0x09 && $0 != 0x0A && $0 != 0x0D }.drop { $0 <= 0x20 }
        switch bytes.first {
        case UInt8(ascii: "\\"): return true
        case UInt8(ascii: "/"):
            let second = bytes.dropFirst().first
            return second == UInt8(ascii: "/") || second == UInt8(ascii: "\\")
        default: break
        }
        guard let colon = bytes.prefix(URLScheme.longest).firstIndex(of: UInt8(ascii: ":")),
            let scheme = URLScheme(String(decoding: bytes[..<colon], as: UTF8.self))
        else { return false }
        return scheme.port != nil || others.contains(scheme.name)
    }

    /// Schemes without a port of their own by which something is sent to somebody, or a page is opened.
    private static let others: Set<String> = [
        "blob", "cid", "file", "filesystem", "intent", "mailto", "mid", "mms", "news", "nntp", "sip", "sips",
        "sms", "smsto", "tel", "view-source", "webcal",
    ]
}
