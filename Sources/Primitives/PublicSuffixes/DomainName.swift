// SPDX-License-Identifier: Apache-2.0

import CLibPSL

/// A DNS name in the one form that Keybell compares: A-labels, lower-case, no dot at the end.
///
/// `münchen.de`, `MÜNCHEN.DE.` and `xn--mnchen-3ya.de` are the same value. What a browser would not accept as a DNS
/// name, or would have to repair first, isn't one: IP addresses, empty labels, percent signs, spaces, backslashes.
package struct DomainName: Hashable, Sendable {
    /// The name as text.
    package let text: String

    /// Reads a name, with or without the root's dot at its end.
    package init?(_ text: some StringProtocol) {
        self.init(utf8: Array(text.utf8)[...])
    }

    /// Reads a name that is given in UTF-8.
    package init?(utf8 bytes: ArraySlice<UInt8>) {
        guard bytes.count <= Self.longest else { return nil }
        let isASCII = bytes.allSatisfy { $0 < 0x80 }
        guard let folded = isASCII ? Self.lowercased(bytes) : Self.mapped(bytes) else { return nil }
        let name = folded.last == UInt8(ascii: ".") ? folded.dropLast() : folded[...]
        guard (1...253).contains(name.count) else { return nil }
        guard let last = Self.lastLabel(of: name), !Self.isNumber(last) else { return nil }
        self.text = String(decoding: name, as: UTF8.self)
    }

    /// More bytes than any spelling of a name of 253 that a browser would accept.
    private static let longest = 1024

    private init(suffix: Substring) {
        text = String(suffix)
    }

    /// The name without its first label, or nil if it has just one.
    package var parent: DomainName? {
        text.utf8.firstIndex(of: UInt8(ascii: ".")).map {
            DomainName(suffix: text[text.utf8.index(after: $0)...])
        }
    }

    /// Whether it has more than one label.
    package var hasDot: Bool { text.utf8.contains(UInt8(ascii: ".")) }

    /// Whether anybody may register names directly below it, so that those have different owners.
    ///
    /// A name of one label (`localhost`, a machine of the local network) counts as one.
    package var isPublicSuffix: Bool { PublicSuffixList.contains(self) }

    /// The public suffix and one label more, or nil if there is none.
    package var registrable: DomainName? {
        guard !isPublicSuffix, var name = Optional(self) else { return nil }
        while let parent = name.parent, !parent.isPublicSuffix { name = parent }
        return name
    }

    private static func lowercased(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        bytes.map { (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) ? $0 | 0x20 : $0 }
    }

    /// The A-labels of a name with other letters in it, as browsers make them (UTS #46, nontransitional).
    private static func mapped(_ bytes: ArraySlice<UInt8>) -> [UInt8]? {
        let text = String(decoding: bytes, as: UTF8.self)
        guard !bytes.contains(0) else { return nil }
        var output: UnsafeMutablePointer<CChar>?
        let flags = CInt(bitPattern: IDN2_NONTRANSITIONAL.rawValue | IDN2_NFC_INPUT.rawValue)
        guard unsafe idn2_to_ascii_8z(text, &output, flags) == IDN2_OK.rawValue, let result = unsafe output
        else {
            return nil
        }
        defer { unsafe idn2_free(result) }
        return unsafe lowercased(Array(String(cString: result).utf8)[...])
    }

    /// The last of a name's labels, or nil if any of them isn't valid: letters, digits, hyphens and underscores.
    ///
    /// Browsers let more through, but no such name can be registered.
    private static func lastLabel(of name: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        var start = name.startIndex
        for index in name.indices {
            switch name[index] {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): continue
            case UInt8(ascii: "-"), UInt8(ascii: "_"): continue
            case UInt8(ascii: ".") where (1...63).contains(index - start): start = index + 1
            default: return nil
            }
        }
        let last = name[start...]
        return (1...63).contains(last.count) ? last : nil
    }

    /// Whether a browser would read a name that ends in this label as an IPv4 address (`127.1`, `0x7f.1`).
    private static func isNumber(_ label: ArraySlice<UInt8>) -> Bool {
        let isDecimal = label.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        guard !isDecimal, label.starts(with: "0x".utf8) else { return isDecimal }
        return label.dropFirst(2).allSatisfy { byte in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
        }
    }
}

extension DomainName: CustomStringConvertible {
    /// The name as text.
    package var description: String { text }
}
