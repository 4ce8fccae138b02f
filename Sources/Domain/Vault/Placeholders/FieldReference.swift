// SPDX-License-Identifier: Apache-2.0

import SecureMemory
import UnicodeText

/// `{REF:P@I:46C9B1FFBD4ABC4BBB260C6190BAD20C}`: a field of another entry.
package struct FieldReference: Hashable, Sendable {
    /// A field that a reference names.
    package enum Field: Hashable, Sendable {
        /// A standard field.
        case part(PlaceholderEntry.Part)
        /// The uuid (`I`).
        case id
        /// The value of any string field (`O`), where entries are looked for only.
        case anyString

        init?(_ letter: Character) {
            switch letter {
            case "I": self = .id
            case "O": self = .anyString
            default:
                guard let part = PlaceholderEntry.Part(rawValue: letter) else { return nil }
                self = .part(part)
            }
        }
    }

    /// The field that is wanted, never `anyString`.
    package let wanted: Field
    /// The field by which the entry is found.
    package let searched: Field
    /// What stands in that field; for the uuid, its hex digits.
    package let text: String

    /// Reads what stands between `{REF:` and `}`.
    package init?(_ inner: String) {
        guard let at = inner.firstIndex(of: "@"), let colon = inner[at...].firstIndex(of: ":"),
            let wanted = Self.field(inner[..<at]), wanted != .anyString,
            let searched = Self.field(inner[inner.index(after: at)..<colon])
        else { return nil }
        self.wanted = wanted
        self.searched = searched
        text = String(inner[inner.index(after: colon)...])
        guard !text.isEmpty else { return nil }
    }

    /// Whether it means an entry: the field is exactly the text, ignoring case.
    ///
    /// A vault takes the first such entry, and for the uuid had better look it up.
    package func means(_ entry: PlaceholderEntry) -> Bool {
        switch searched {
        case .id: LoginID(hex: text) == entry.id
        case .part(.password): entry[.password] == SecretBytes(utf8: text)
        case .part(let part): isText(entry[part])
        case .anyString: entry.fields.values.contains(where: isText)
        }
    }

    /// Whether the public part of a login is enough to tell if it is meant.
    package var isPublic: Bool {
        switch searched {
        case .id, .part(.title), .part(.username), .part(.url): true
        case .part(.password), .part(.notes), .anyString: false
        }
    }

    /// The same by the public part of a login; nil if that doesn't tell.
    package func means(_ login: Login) -> Bool? {
        switch searched {
        case .id: LoginID(hex: text) == login.id
        case .part(.title): isText(login.title)
        case .part(.username): isText(login.username)
        case .part(.url): isText(login.url)
        case .part(.password), .part(.notes), .anyString: nil
        }
    }

    private func isText(_ field: SecretBytes) -> Bool {
        guard mayBeText(field.count) else { return false }
        return field.exposedText().map(isText) ?? false
    }

    private func isText(_ field: String) -> Bool {
        guard mayBeText(field.utf8.count) else { return false }
        for (left, right) in zip(field.utf8, text.utf8) {
            guard left < 0x80, right < 0x80 else { return isSameText(field) }
            guard Self.lowercased(left) == Self.lowercased(right) else { return false }
        }
        return field.utf8.count == text.utf8.count
    }

    /// As titles are looked up: a long one by its bytes, since comparing marks takes the square of their number.
    private func isSameText(_ field: String) -> Bool {
        let (left, right) = (field.lowercased(), text.lowercased())
        guard max(left.utf8.count, right.utf8.count) <= TitleKey.longest else {
            return left.hasSameBytes(as: right)
        }
        return left == right
    }

    private static func lowercased(_ byte: UInt8) -> UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) ? byte | 0x20 : byte
    }

    /// Whether a field of this many bytes may be the text in some spelling, so that a long one isn't even read.
    private func mayBeText(_ count: Int) -> Bool { count <= 4 * text.utf8.count }

    private static func field(_ text: Substring) -> Field? {
        guard text.utf8.count == 1, let first = text.utf8.first else { return nil }
        let isLower = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first)
        return Field(Character(Unicode.Scalar(isLower ? first & 0xDF : first)))
    }
}
