// SPDX-License-Identifier: Apache-2.0

package import SecureMemory

/// A place in an entry where a search may look, by the name of the flag that says so.
package enum SearchPlace: String, Hashable, Sendable, CaseIterable {
    /// The title.
    case titles = "SearchInTitles"
    /// The user name.
    case userNames = "SearchInUserNames"
    /// The password.
    case passwords = "SearchInPasswords"
    /// The URL.
    case urls = "SearchInUrls"
    /// The notes.
    case notes = "SearchInNotes"
    /// The values of its own string fields.
    case other = "SearchInOther"
    /// The names of its own string fields.
    case stringNames = "SearchInStringNames"
    /// The tags.
    case tags = "SearchInTags"
    /// The uuid, as hex digits.
    case uuids = "SearchInUuids"
    /// The path of its group.
    case groupPaths = "SearchInGroupPaths"
    /// The name of its group.
    case groupNames = "SearchInGroupNames"
    /// All of these in its former states, too.
    case history = "SearchInHistory"

    /// Where a search may look without the person's word: what is public of entries.
    package static let publicPlaces: Set<SearchPlace> = [
        .titles, .userNames, .urls, .tags, .groupPaths, .groupNames,
    ]

    /// The word for it in a question.
    package var word: String {
        switch self {
        case .titles: "titles"
        case .userNames: "user-names"
        case .passwords: "passwords"
        case .urls: "urls"
        case .notes: "notes"
        case .other: "other-fields"
        case .stringNames: "field-names"
        case .tags: "tags"
        case .uuids: "uuids"
        case .groupPaths: "group-paths"
        case .groupNames: "group-names"
        case .history: "history"
        }
    }

    /// Whether a search looks there unless told otherwise.
    package var isUsual: Bool {
        switch self {
        case .titles, .userNames, .urls, .notes, .other, .tags: true
        case .passwords, .stringNames, .uuids, .groupPaths, .groupNames, .history: false
        }
    }
}

/// A text of an entry as a search sees it; a secret one is opened only while it is looked at.
package enum SearchableText: Sendable {
    /// A text that anyone may see who sees the entry.
    case plain(String)
    /// A password, or a string field.
    case secret(SecretBytes)

    /// The text, or nil if it isn't one.
    var text: String? {
        switch self {
        case .plain(let text): text
        case .secret(let secret): secret.exposedText()
        }
    }
}

/// An entry as a search sees it.
package struct SearchableEntry: Sendable {
    /// What the entry is.
    package let login: Login
    /// Its texts, by where they stand.
    package let texts: [SearchPlace: [SearchableText]]
    /// Those of its former states.
    package let history: [[SearchPlace: [SearchableText]]]

    /// Describes an entry.
    package init(
        login: Login,
        texts: [SearchPlace: [SearchableText]],
        history: [[SearchPlace: [SearchableText]]] = []
    ) {
        self.login = login
        self.texts = texts
        self.history = history
    }
}
