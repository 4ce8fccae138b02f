// SPDX-License-Identifier: Apache-2.0

package import SecureMemory

/// A login as another program has kept it; what it doesn't say is empty.
package struct ExportedLogin: Sendable {
    /// What people call it.
    package var title = ""
    /// The user name.
    package var username = ""
    /// The password.
    package var password = SecretBytes(utf8: "")
    /// Where it belongs: the first is the URL, the others are further ones.
    package var urls: [String] = []
    /// The notes.
    package var notes = SecretBytes(utf8: "")
    /// What one-time codes are made of: an `otpauth:` URI, or the bare secret.
    package var otp = SecretBytes(utf8: "")
    /// The realm of HTTP authentication that it is for.
    package var realm = ""
    /// The path of its group, with slashes.
    package var group = ""
    /// Its own string fields; a name may be there more than once.
    package var fields: [(name: String, value: SecretBytes)] = []

    /// A login that says nothing yet.
    package init() {}

    /// Whether it says nothing that anybody would look for.
    package var isEmpty: Bool {
        title.isEmpty && username.isEmpty && urls.isEmpty && fields.isEmpty
            && [password, notes, otp].allSatisfy(\.isEmpty)
    }

    /// Whether all secrets in it are text.
    package var isUTF8: Bool {
        ([password, notes, otp] + fields.map(\.value)).allSatisfy { secret in
            // Where it is wrong doesn't matter.
            secret.withSpan { (try? UTF8Span(validating: $0)) != nil }
        }
    }
}
