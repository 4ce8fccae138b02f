// SPDX-License-Identifier: Apache-2.0

import Secrecy

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

    /// Whether an entry is one that it means: the field is exactly the text, upper and lower case alike.
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

    private func isText(_ field: SecretBytes) -> Bool {
        field.exposedText()?.lowercased() == text.lowercased()
    }

    private static func field(_ text: Substring) -> Field? {
        let letter = text.uppercased()
        guard letter.count == 1, let first = letter.first else { return nil }
        return Field(first)
    }
}
