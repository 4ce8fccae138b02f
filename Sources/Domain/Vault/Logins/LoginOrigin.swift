// SPDX-License-Identifier: Apache-2.0

/// Another program that keeps logins in the keyring; Keybell hands them out, and never writes to them.
///
/// The raw values are the words of the configuration.
package enum LoginOrigin: String, Hashable, Sendable, CaseIterable {
    /// GNOME Web: the passwords of forms.
    case epiphany
    /// git's own helper, `git-credential-libsecret`.
    case git
    /// Whatever keeps a password of a server, such as GNOME's file manager.
    case network
    /// KeePassXC, which shows others the entries of a group.
    case keepassxc

    /// What a person calls it.
    package var name: String {
        switch self {
        case .epiphany: "GNOME Web"
        case .git: "git"
        case .network: "network passwords"
        case .keepassxc: "KeePassXC"
        }
    }

    /// The group that its logins are in.
    package var group: String {
        switch self {
        case .network: "Network passwords"
        case .epiphany, .git, .keepassxc: name
        }
    }

    /// Whether it knows placeholders, so that the person may have meant one; with the others, text in braces is just that,
    /// and a page may have chosen it.
    package var hasPlaceholders: Bool { self == .keepassxc }
}
