// SPDX-License-Identifier: Apache-2.0

import UnicodeText

/// What a vault knows about one login without opening a secret.
package struct Login: Hashable, Sendable, Identifiable {
    /// Its permanent name.
    package var id: LoginID
    /// What people call it.
    package var title: String
    /// The user name, or nothing.
    package var username: String
    /// Where it belongs, as the person wrote it: a URL, a host, or nothing.
    package var url: String
    /// The group that holds it, if it is in one.
    package var group: LoginGroup?
    /// The other places where it belongs (`KP2A_URL`, `URL 1`).
    package var furtherURLs: [String]
    /// Its own `KeePassHttp Settings`: allowed and denied hosts, and the realm.
    package var settings: EntrySettings
    /// What the groups around it say about hosts and the realm, if anything.
    package var inherited: InheritedSettings?
    /// When it expires, in seconds since 1970, or nil for never.
    package var expires: Int64?
    /// Whether its group lets itself be searched.
    package var isSearchable: Bool
    /// Whether it lies in the recycle bin.
    package var isRecycled: Bool
    /// The names of its own string fields.
    package var fieldNames: [String]
    /// Its tags.
    package var tags: [String]
    /// Whether there is something in its notes.
    package var hasNotes: Bool
    /// When pages get it, as KeePassXC lets its owner say.
    package var pages: PageUse
    /// Those of its own string fields, unprotected ones, that its URLs name as `{S:name}`: part of the URL.
    package var urlFields: [String: String]
    /// The other program that keeps it; nil for a vault's own.
    package var origin: LoginOrigin?
    /// Its URLs with their placeholders resolved; nil if there are no placeholders in them.
    ///
    /// A ``LoginIndex`` resolves them.
    package internal(set) var resolved: ResolvedURLs?

    /// Describes a login; what is left out is empty.
    package init(
        id: LoginID,
        title: String,
        username: String = "",
        url: String = "",
        group: LoginGroup? = nil,
        furtherURLs: [String] = [],
        settings: EntrySettings = EntrySettings(),
        inherited: InheritedSettings? = nil,
        expires: Int64? = nil,
        isSearchable: Bool = true,
        isRecycled: Bool = false,
        fieldNames: [String] = [],
        tags: [String] = [],
        hasNotes: Bool = false,
        pages: PageUse = PageUse(),
        urlFields: [String: String] = [:],
        origin: LoginOrigin? = nil
    ) {
        self.id = id
        self.title = title
        self.username = username
        self.url = url
        self.group = group
        self.furtherURLs = furtherURLs
        self.settings = settings
        self.inherited = inherited
        self.expires = expires
        self.isSearchable = isSearchable
        self.isRecycled = isRecycled
        self.fieldNames = fieldNames
        self.tags = tags
        self.hasNotes = hasNotes
        self.pages = pages
        self.urlFields = urlFields
        self.origin = origin
    }

    /// Whether text in braces stands for nothing but itself in it.
    package var isLiteral: Bool { origin.map { !$0.hasPlaceholders } ?? false }

    /// The URL by which it is matched.
    package var matchedURL: String { resolved?.url ?? url }

    /// The realm that it is for, if it says so.
    package var realm: String? { settings.realm ?? inherited?.realm }
    /// The hosts that, by its own settings, get it without a question.
    package var allow: Set<String> { settings.allow }
    /// The hosts that, by its own settings, never get it.
    package var deny: Set<String> { settings.deny }

    /// Whether it has expired at a time in seconds since 1970.
    package func isExpired(at now: Int64) -> Bool {
        expires.map { $0 <= now } ?? false
    }

    /// Whether it is anybody's login: what lies in the recycle bin is not, nor is the plugin's own entry.
    package var isServed: Bool { !isRecycled && !isPluginSettings }

    /// Whether it is the entry in which the KeePassHttp plugin keeps keys, which is nobody's login.
    package var isPluginSettings: Bool {
        // By bytes: a title may be a mebibyte of combining marks.
        id == .keePassHttpSettings || title.utf8.elementsEqual(EntrySettings.fieldName.utf8)
    }
}

/// When pages get a login; programs that ask for it by name, by uuid or in a search get it in any case.
package struct PageUse: Hashable, Sendable {
    /// Whether no page gets it.
    package var isHidden: Bool
    /// Whether only pages that ask for HTTP authentication, and so name a realm, get it.
    package var isForRealmsOnly: Bool
    /// Whether only pages that don't get it.
    package var isForFormsOnly: Bool

    /// Describes the use; without arguments every page gets it.
    package init(isHidden: Bool = false, isForRealmsOnly: Bool = false, isForFormsOnly: Bool = false) {
        self.isHidden = isHidden
        self.isForRealmsOnly = isForRealmsOnly
        self.isForFormsOnly = isForFormsOnly
    }

    /// Whether a page gets it that names this realm, or none.
    func admits(realm: String?) -> Bool {
        !isHidden && !(isForRealmsOnly && realm == nil) && !(isForFormsOnly && realm != nil)
    }
}

/// A login's URLs once what they refer to is filled in.
package struct ResolvedURLs: Hashable, Sendable {
    /// Its URL.
    let url: String
    /// Its further URLs, in their order.
    let further: [String]
    /// What of them comes from other logins; nil where nothing does.
    var references: References?

    /// What other logins fill in.
    struct References: Hashable, Sendable {
        /// The logins.
        let logins: Set<LoginID>
        /// The URLs without that.
        let url: String
        let further: [String]
    }

    /// The same with nothing of other logins.
    var byItself: ResolvedURLs {
        references.map { ResolvedURLs(url: $0.url, further: $0.further) } ?? self
    }
}

/// A group of logins, by its path.
package struct LoginGroup: Hashable, Sendable {
    /// The path from the root group down, separated by `/`, in NFC; a name in it may have a slash, too.
    package let name: String
    /// Its permanent name, if the vault has one.
    package let id: LoginID?
    /// The names of the groups around it and its own, in NFC, the root group's left out; nil where some are cut off.
    private let names: [String]?
    /// The root group's name, if the vault has such a group.
    private let root: String?

    /// Names a group.
    ///
    /// - Parameters:
    ///   - name: Its path as it is shown.
    ///   - id: Its permanent name.
    ///   - root: The root group's name, if the vault has such a group.
    ///   - names: The names from below the root group down to its own; nil where some are cut off.
    package init(name: String, id: LoginID? = nil, root: String?, names: [String]?) {
        self.name = name.composed
        self.id = id
        self.root = root?.composed
        self.names = names?.map(\.composed)
    }

    /// Names a group of a vault that has paths alone.
    package init(path: String, id: LoginID? = nil) {
        self.init(name: path, id: id, root: nil, names: Self.names(in: path))
    }

    /// The names in a path that somebody has written.
    package static func names(in path: String) -> [String] {
        // A mark behind a slash doesn't make another character of it.
        path.utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) }
    }

    /// Whether it is the group of a path, or lies in that or one of its groups; one whose path is cut off is in none.
    ///
    /// - Parameter path: The names of the path, in NFC, with or without the root group's; at least one.
    /// - Returns: Whether it is.
    func isWithin(_ path: [String]) -> Bool {
        guard let names else { return false }
        if Self.lies(names[...], within: path[...]) { return true }
        // The root's name alone would be the whole vault, where another group may be meant that is called so, too.
        guard let root, path.count > 1, path.first.map(root.hasSameBytes) ?? false else { return false }
        return Self.lies(names[...], within: path.dropFirst())
    }

    private static func lies(_ names: ArraySlice<String>, within path: ArraySlice<String>) -> Bool {
        names.count >= path.count && zip(names, path).allSatisfy { $0.hasSameBytes(as: $1) }
    }
}
