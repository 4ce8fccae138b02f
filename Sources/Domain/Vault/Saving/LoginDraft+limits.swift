// SPDX-License-Identifier: Apache-2.0

import SecureMemory

// What one save may bring, far above what anybody keeps in a login and far below what would make the next answer, or
// the vault's file, a burden.
extension LoginDraft {
    /// How many string fields.
    package static let mostFields = 100
    /// How long a title, user name, URL or realm may be, in bytes of UTF-8.
    package static let longestText = 8192
    /// How long the name of a string field may be.
    package static let longestName = 256
    /// How long a password, or the value of a string field, may be.
    package static let longestSecret = 65536
    /// How much all of it may be together.
    package static let most = 262_144
    /// How many hosts one save may make a login match, or be allowed, at: as many as a person reads in a question.
    package static let mostNewHosts = 8

    /// What of it is more than one save may bring, as a sentence; nil if nothing is.
    package var excess: String? {
        let texts = [title, username, url, realm].compactMap { $0?.utf8.count }
        let values = fields.values.compactMap { $0?.count }
        if fields.count > Self.mostFields {
            return "At most \(Self.mostFields) string fields can be saved at once."
        }
        if texts.contains(where: { $0 > Self.longestText }) {
            return "A title, user name, URL or realm may have at most \(Self.longestText) bytes."
        }
        if fields.keys.contains(where: { $0.utf8.count > Self.longestName }) {
            return "A string field's name may have at most \(Self.longestName) bytes."
        }
        if (values + [password?.count ?? 0]).contains(where: { $0 > Self.longestSecret }) {
            return "A password or a string field may have at most \(Self.longestSecret) bytes."
        }
        let names = fields.keys.map(\.utf8.count)
        guard (texts + values + names).reduce(password?.count ?? 0, +) <= Self.most else {
            return "At most \(Self.most) bytes can be saved at once."
        }
        return nil
    }

    /// Whether one of its texts holds a character that a store might leave out or can't keep.
    package var holdsUnstorable: Bool {
        [title, username, url, realm, group].contains { $0.map { StorableText.isBroken($0) } ?? false }
            || password.map { StorableText.isBroken($0) } ?? false
            || fields.contains { name, value in
                StorableText.isBroken(name) || value.map { StorableText.isBroken($0) } ?? false
            }
    }

    /// The sentence for that.
    package static let unstorableRefusal =
        "Control characters other than tabs and line breaks, and code points that are no characters, can't be saved."

    /// The sentence for more new hosts than one save may bring.
    package static let hostsRefusal =
        "At most \(mostNewHosts) hosts can be added to an entry at once. Save it in several steps."

    /// Whether one of its texts has the form of a placeholder or a reference, which no client may write.
    package var holdsPlaceholder: Bool {
        [title, username, url, realm].contains { $0.map { PlaceholderForm.stands(in: $0) } ?? false }
            || password.map { PlaceholderForm.stands(in: $0) } ?? false
            || fields.contains { name, value in
                PlaceholderForm.stands(in: name) || value.map { PlaceholderForm.stands(in: $0) } ?? false
            }
    }

    /// The sentence for that.
    package static let placeholderRefusal =
        "Text such as {TOTP}, {S:…} or {REF:…} stands for something else in a vault, so that no client may save it."
}
