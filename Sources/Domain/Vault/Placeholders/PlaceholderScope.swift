// SPDX-License-Identifier: Apache-2.0

/// What placeholders may fill in: no more of an entry than the client could be given.
///
/// - Title, user name, URL and uuid are public; they are always filled in, and so is the time. What a URL may hold of
///   secrets (user and password, query, fragment) goes where passwords do; where it doesn't, `{URL}` and `{REF:A@…}`
///   stand for the rest of it, and `{URL:QUERY}` and its like for nothing.
/// - A password, the entry's own or by `{REF:P@…}` another's, goes where passwords go out, and only into a password or
///   a string field: whoever set up the entry in KeePass meant it to be one. It never becomes part of a title or a
///   user name.
/// - `{S:name}` stands for a string field that goes out to this client itself.
/// - A one-time code is made of string fields, which it doesn't show. It goes where passwords do, into a password or a
///   string field that goes out: whoever gives an entry the password `{TOTP}`, or a field `KPH: code` with that value,
///   wants clients to have the code. Elsewhere it goes only where every string field goes out. One by a counter
///   (`{HMACOTP}`) is that of the entry that is handed out, never that of one that it refers to.
/// - Notes go where every string field does, and only into a string field, as `{NOTES}` or `{REF:N@…}`.
package struct PlaceholderScope: Sendable, Equatable {
    /// Which string fields go out.
    package enum Fields: Sendable, Equatable {
        /// None.
        case none
        /// Those whose names begin with this.
        case named(prefix: String)
        /// All.
        case all
    }

    /// Where the text to be resolved stands.
    package enum Place: Sendable {
        /// A title, a user name or a URL.
        case name
        /// A password.
        case password
        /// A string field that goes out.
        case field
    }

    /// Whether passwords go out.
    package var passwords: Bool
    /// Which string fields go out.
    package var fields: Fields

    /// Lets so much through.
    package init(passwords: Bool, fields: Fields) {
        self.passwords = passwords
        self.fields = fields
    }

    /// Whether a string field of this name goes out.
    package func gives(field name: String) -> Bool {
        switch fields {
        case .none: false
        case .named(let prefix): name.utf8.starts(with: prefix.utf8)
        case .all: true
        }
    }

    func admits(_ placeholder: Placeholder, in place: Place) -> Bool {
        switch placeholder {
        case .part(let part): admits(part, in: place)
        case .uuid, .date: true
        case .urlPart(let part): part.isPublic || givesWholeURL(in: place)
        case .field(let name): gives(field: name)
        case .oneTimeCode, .counterCode: place != .name || fields == .all
        case .reference(let reference):
            if case .part(let part) = reference.wanted { admits(part, in: place) } else { true }
        }
    }

    /// Whether what may be a secret in a URL goes along with it: as part of a password, or where the URL goes out itself.
    func givesWholeURL(in place: Place) -> Bool {
        place != .name && (passwords || fields == .all)
    }

    private func admits(_ part: PlaceholderEntry.Part, in place: Place) -> Bool {
        switch part {
        case .title, .username, .url: true
        case .password: passwords && place != .name
        case .notes: fields == .all && place == .field
        }
    }
}

/// What resolving the texts of one answer may cost; what leads nowhere counts like anything else.
package struct ExpansionBudget: Sendable {
    /// How many more placeholders are looked at.
    var placeholders: Int
    /// How many more bytes they fill in.
    var bytes: Int

    /// Allows ten thousand placeholders and 4 MiB: a vault of thousands of entries that each refer to a shared user
    /// name needs a fraction of it.
    package init(placeholders: Int = 10_000, bytes: Int = 4 << 20) {
        self.placeholders = placeholders
        self.bytes = bytes
    }
}
