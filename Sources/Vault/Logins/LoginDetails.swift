// SPDX-License-Identifier: Apache-2.0

package import Secrecy

/// What a vault has of a login beyond what is ever handed out: only searches and references look at it.
package struct LoginDetails: Sendable {
    /// What the person wrote beside it; as secret as a password, for many put their recovery codes there.
    package var notes: SecretBytes
    /// Its tags.
    package var tags: [String]
    /// Its former states.
    package var former: [FormerLogin]

    /// Describes a login; what is left out is empty.
    package init(
        notes: SecretBytes = SecretBytes(utf8: ""),
        tags: [String] = [],
        former: [FormerLogin] = []
    ) {
        self.notes = notes
        self.tags = tags
        self.former = former
    }
}

/// A login as it once was.
package struct FormerLogin: Sendable {
    /// What it was called.
    package var title: String
    /// Its user name.
    package var username: String
    /// Where it belonged.
    package var url: String
    /// What it guarded.
    package var secrets: LoginSecrets
    /// Its notes and tags.
    package var details: LoginDetails

    /// Describes a former state.
    package init(
        title: String,
        username: String,
        url: String,
        secrets: LoginSecrets,
        details: LoginDetails = LoginDetails()
    ) {
        self.title = title
        self.username = username
        self.url = url
        self.secrets = secrets
        self.details = details
    }
}
