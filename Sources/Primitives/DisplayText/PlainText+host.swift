// SPDX-License-Identifier: Apache-2.0

import PublicSuffixes

/// How the labels of a host's name that aren't ASCII are written.
package enum HostForm: Sendable {
    /// As people read them, if nobody can take the name for another one.
    case readable
    /// `xn--…`, whose letters every font has, and none higher than others.
    case aLabels
}

extension PlainText {
    /// Cleaned, and cut at the front if it is too long, so that the registrable domain stays; a name of one script as
    /// people read it, unless `form` says otherwise, any other with its A-labels.
    package static func host(_ text: String, limit: Int = fieldLimit, as form: HostForm = .readable) -> String
    {
        end(of: shown(text, domain(in: text), form), limit: limit)
    }

    /// A host, or in quotes what a client has named in place of one.
    package static func place(_ text: String) -> String {
        shownHost(text) ?? quoted(text)
    }

    /// The same for a record, which has no quotes: they are put there by whoever shows it.
    package static func recordedPlace(_ text: String) -> String {
        shownHost(text) ?? field(text)
    }

    /// Whether it is a host's name or address, or at least can't be taken for anything else.
    static func isHost(_ text: String) -> Bool { isHost(text, domain(in: text)) }

    private static func isHost(_ text: String, _ domain: DomainName?) -> Bool {
        guard domain != nil else { return text.utf8.allSatisfy(isPlain) }
        return text.utf8.drop { $0 != UInt8(ascii: ":") }.allSatisfy(isPlain)
    }

    private static func shownHost(_ text: String) -> String? {
        let domain = domain(in: text)
        return isHost(text, domain) ? end(of: shown(text, domain), limit: fieldLimit) : nil
    }

    /// The name, if it is one: a port may stand behind it; in an IPv6 address, which is none, any part may be a number.
    private static func domain(in text: String) -> DomainName? {
        DomainName(Substring(text.utf8.prefix { $0 != UInt8(ascii: ":") }))
    }

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"):
            true
        default: "-._:[]/*%".utf8.contains(byte)
        }
    }

    private static func shown(_ text: String, _ domain: DomainName?, _ form: HostForm = .readable) -> String {
        if let domain {
            let letters = form == .aLabels ? domain.text : domain.shown
            // What would be lost by cleaning is what distinguishes this name from another one.
            let shown = cleaned(letters).utf8.elementsEqual(letters.utf8) ? letters : domain.text
            return shown + String(Substring(text.utf8.drop { $0 != UInt8(ascii: ":") }))
        }
        guard !text.utf8.allSatisfy({ $0 < 0x80 }) else { return text }
        // No such name exists, so nobody needs to read it: its bytes can't be taken for another one's letters.
        return text.utf8.suffix(longestInput(for: fieldLimit)).reduce(into: "") { result, byte in
            result +=
                byte < 0x80 ? String(Unicode.Scalar(byte)) : "%" + String(byte, radix: 16, uppercase: true)
        }
    }
}
