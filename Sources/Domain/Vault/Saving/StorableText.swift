// SPDX-License-Identifier: Apache-2.0

package import SecureMemory

/// Whether a text comes back from every store, and from whatever else writes the same file, as it was given.
///
/// XML 1.0 has no control characters but tab, line feed and carriage return, no surrogates, no U+FFFE and U+FFFF.
/// Programs that write KDBX files leave them out, and KeePassXC also DEL and most of U+0080 to U+009F: then a text
/// other than the one that was checked, shown and allowed is stored, possibly `KeePassHttp Settings` or a reference.
package enum StorableText {
    /// Whether anything in a text might be left out.
    package static func isBroken(_ text: String) -> Bool {
        text.unicodeScalars.contains(where: isUnstorable)
    }

    /// Whether anything in a secret might be left out; bytes that aren't UTF-8, surrogates among them, count as that.
    package static func isBroken(_ secret: SecretBytes) -> Bool {
        // Where it is wrong doesn't matter.
        let isText = secret.withSpan { (try? UTF8Span(validating: $0)) != nil }
        return !isText || secret.hasScalar(isUnstorable)
    }

    private static func isUnstorable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09, 0x0A, 0x0D: false
        case ..<0x20, 0x7F...0x9F: true
        // The permanent noncharacters: a row of 32, and the last two of each plane.
        case 0xFDD0...0xFDEF: true
        default: scalar.value & 0xFFFE == 0xFFFE
        }
    }
}
