// SPDX-License-Identifier: Apache-2.0

package import SecureMemory

/// What a login guards, opened at the moment it is handed out.
package struct LoginSecrets: Equatable, Sendable {
    /// The password, empty if there is none.
    package var password: SecretBytes
    /// Its own string fields by name, among them none of the standard ones and never `KeePassHttp Settings`.
    package var fields: [String: SecretBytes]
    /// The notes, empty if there are none.
    package var notes: SecretBytes

    /// Holds a password, string fields and notes.
    package init(
        password: SecretBytes,
        fields: [String: SecretBytes] = [:],
        notes: SecretBytes = SecretBytes(utf8: "")
    ) {
        self.password = password
        self.fields = fields
        self.notes = notes
    }
}

/// What a login once was: looked at by searches, never handed out.
package struct FormerLogin: Sendable {
    /// What it was, except for its secrets.
    package let login: Login
    /// What it guarded.
    package let secrets: LoginSecrets

    /// Describes a former state.
    package init(login: Login, secrets: LoginSecrets) {
        self.login = login
        self.secrets = secrets
    }
}
