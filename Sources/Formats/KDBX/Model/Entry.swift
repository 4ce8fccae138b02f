// SPDX-License-Identifier: Apache-2.0

package import SecureMemory
import XMLTree

/// An entry as it was when it was asked for: a view into the database of that moment.
package struct Entry: Sendable {
    /// A string of an entry, without its value.
    package struct Field: Hashable, Sendable {
        /// Its name: `Title`, `UserName`, `Password`, `URL`, `Notes`, or any other.
        package let name: String
        /// Whether its value is kept encrypted.
        package let isProtected: Bool
    }

    let database: Database
    let element: Element

    /// What it is known by; nil in a file that a program has broken.
    package var id: Identifier? { database.identifier(of: element) }

    /// The group that it is in; nil for a former state in a history.
    package var group: Group? {
        guard let parent = database.document.parent(of: element),
            database.document.name(of: parent) == "Group"
        else { return nil }
        return Group(database: database, element: parent)
    }

    /// All its strings in their order.
    package var fields: [Field] { strings.map(\.field) }

    /// A string of an entry as it was found, through which its value is read without looking for it again.
    package struct NamedString: Sendable {
        /// What it is called, and whether the file protects it.
        package let field: Field
        /// Whether it has a value that isn't empty; the length of one is not treated as a secret.
        package let hasValue: Bool
        fileprivate let value: Element?
    }

    /// All its strings in their order, in one go, with their values left where they are.
    package var strings: [NamedString] {
        let (document, names) = (database.document, database.names)
        return document.children(of: element, named: names.string).compactMap { string in
            guard let key = document.child(of: string, named: names.key) else { return nil }
            let value = document.child(of: string, named: names.value)
            let isProtected = value.map { ProtectedValues.isProtected($0, in: document) } ?? false
            return NamedString(
                field: Field(name: document.text(of: key), isProtected: isProtected),
                hasValue: value.map { database.holdsSomething($0) } ?? false,
                value: value
            )
        }
    }

    /// The value of one of its strings as ordinary text, opened if it is sealed.
    package func text(of string: NamedString) -> String { string.value.map { database.text(of: $0) } ?? "" }

    /// The value of one of its strings, opened at this moment.
    package func secret(of string: NamedString) -> SecretBytes? {
        string.value.flatMap { database.secret(in: $0) }
    }

    /// A string's value as ordinary text, opened if it is sealed; nil if there is no such string.
    ///
    /// Not for passwords: those travel as `secret`.
    package func text(_ name: String) -> String? {
        database.value(name, of: element).map { database.text(of: $0) }
    }

    /// A string's value, opened at this moment; nil if there is no such string.
    package func secret(_ name: String) -> SecretBytes? {
        database.value(name, of: element).flatMap { database.secret(in: $0) }
    }

    /// When it was last changed; nil if it doesn't say.
    package var modified: Timestamp? { database.time(database.names.modified, of: element) }
    /// When it was made.
    package var created: Timestamp? { database.time(database.names.created, of: element) }
    /// When it expires, if it does.
    package var expires: Timestamp? {
        let (document, names) = (database.document, database.names)
        guard let times = document.child(of: element, named: names.times),
            let expires = document.child(of: times, named: names.expires), database.isTrue(expires)
        else { return nil }
        return database.time(names.expiry, of: element)
    }

    /// Its former states, usually the oldest first.
    package var history: [Entry] {
        guard let history = database.document.child(of: element, named: "History") else { return [] }
        return database.document.children(of: history, named: "Entry").map {
            Entry(database: database, element: $0)
        }
    }

    /// Its tags.
    package var tags: [String] {
        let (document, names) = (database.document, database.names)
        guard let tags = document.child(of: element, named: names.tags) else { return [] }
        return document.text(of: tags).split { ",;".contains($0) }.map(String.init)
    }

    /// The names of its attachments.
    package var attachments: [String] {
        database.document.children(of: element, named: "Binary").map {
            database.document.text(of: $0, child: "Key") ?? ""
        }
    }

    /// What an attachment holds; nil if there is none of that name.
    package func attachment(_ name: String) -> [UInt8]? {
        let document = database.document
        let binary = document.children(of: element, named: "Binary").first {
            document.text(of: $0, child: "Key") == name
        }
        guard let value = binary.flatMap({ document.child(of: $0, named: "Value") }) else { return nil }
        var budget = database.inflationBudget
        let attachment = database.attachment(at: value, &budget)
        return attachment.flatMap { $0.isCompressed ? nil : $0.bytes }
    }
}
