// SPDX-License-Identifier: Apache-2.0

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
    /// How long a group's path may be.
    static let longestGroup = 1024
    /// How many groups a path may name.
    static let mostGroupLevels = 32
    /// How many hosts one save may make a login match, or be allowed, at: as many as a person reads in a question.
    package static let mostNewHosts = 8

    /// The sentence for a text with a character that a store might leave out or can't keep.
    package static let unstorableRefusal =
        "Control characters other than tabs and line breaks, and code points that are no characters, can't be saved."

    /// The sentence for more new hosts than one save may bring.
    package static let hostsRefusal =
        "At most \(mostNewHosts) hosts can be added to an entry at once. Save it in several steps."

    /// The sentence for a text that has the form of a placeholder or a reference, which no client may write.
    package static let placeholderRefusal =
        "Text such as {TOTP}, {S:…} or {REF:…} stands for something else in a vault, so that no client may save it."
}
