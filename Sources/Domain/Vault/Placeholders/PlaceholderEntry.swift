// SPDX-License-Identifier: Apache-2.0

package import SecureMemory

/// An entry as placeholders see it: its texts as they are stored, nothing resolved.
package struct PlaceholderEntry: Sendable {
    /// A standard field, by the letter that references give it.
    package enum Part: Character, Hashable, Sendable, CaseIterable {
        /// The title.
        case title = "T"
        /// The user name.
        case username = "U"
        /// The password.
        case password = "P"
        /// The URL.
        case url = "A"
        /// The notes.
        case notes = "N"
    }

    /// Its permanent name.
    package let id: LoginID
    /// The standard fields; one that is missing is empty.
    package let parts: [Part: SecretBytes]
    /// Its own string fields by name.
    package let fields: [String: SecretBytes]
    /// Whether text in braces stands for nothing but itself in it.
    let isLiteral: Bool

    /// Describes an entry.
    package init(
        id: LoginID,
        parts: [Part: SecretBytes],
        fields: [String: SecretBytes] = [:],
        isLiteral: Bool = false
    ) {
        self.id = id
        self.parts = parts
        self.fields = fields
        self.isLiteral = isLiteral
    }

    /// A standard field, empty if it is missing.
    package subscript(part: Part) -> SecretBytes { parts[part] ?? SecretBytes(utf8: "") }
}
