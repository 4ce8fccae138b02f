// SPDX-License-Identifier: Apache-2.0

import PublicSuffixes

extension PlainText {
    /// Cleaned, and cut at the front if it is too long, so that the registrable domain stays; a name of one script as
    /// people read it, any other with its A-labels.
    package static func host(_ text: String, limit: Int = fieldLimit) -> String {
        end(of: readable(text), limit: limit)
    }

    /// A host, or in quotes what a client has named in place of one.
    package static func place(_ text: String) -> String {
        isHost(text) ? host(text) : quoted(text)
    }

    /// The same for a record, which has no quotes: they are put there by whoever shows it.
    package static func recordedPlace(_ text: String) -> String {
        isHost(text) ? host(text) : field(text)
    }

    /// Whether it is a host's name or address, or at least can't be taken for anything else.
    static func isHost(_ text: String) -> Bool {
        let name = text.utf8.prefix { $0 != UInt8(ascii: ":") }
        if DomainName(Substring(name)) != nil { return text.utf8.dropFirst(name.count).allSatisfy(isPlain) }
        return text.utf8.allSatisfy(isPlain)
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._:[]/*%".utf8.contains(byte)
        }
    }

    private static func readable(_ text: String) -> String {
        // A port may stand behind a name; in an IPv6 address, which is no name, any part may be a number.
        let name = text.utf8.prefix { $0 != UInt8(ascii: ":") }
        if let domain = DomainName(Substring(name)) {
            let letters = domain.shown
            // What would be lost by cleaning is what distinguishes this name from another one.
            let shown = cleaned(letters).utf8.elementsEqual(letters.utf8) ? letters : domain.text
            return shown + String(Substring(text.utf8.dropFirst(name.count)))
        }
        guard !text.utf8.allSatisfy({ $0 < 0x80 }) else { return text }
        // No such name exists, so nobody needs to read it: its bytes can't be taken for another one's letters.
        return text.utf8.suffix(longestInput(for: fieldLimit)).reduce(into: "") { result, byte in
            result +=
                byte < 0x80 ? String(Unicode.Scalar(byte)) : "%" + String(byte, radix: 16, uppercase: true)
        }
    }
}
