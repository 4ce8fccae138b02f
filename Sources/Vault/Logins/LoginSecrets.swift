// SPDX-License-Identifier: Apache-2.0

package import Secrecy

/// What a login guards, opened at the moment it is handed out.
package struct LoginSecrets: Equatable, Sendable {
    /// The password, empty if there is none.
    package var password: SecretBytes
    /// Its own string fields by name, among them none of the standard ones and never `KeePassHttp Settings`.
    package var fields: [String: SecretBytes]

    /// Holds a password and string fields.
    package init(password: SecretBytes, fields: [String: SecretBytes] = [:]) {
        self.password = password
        self.fields = fields
    }
}
