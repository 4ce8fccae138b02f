// SPDX-License-Identifier: Apache-2.0

package import Ciphers
import SecureMemory

/// The 16 random bytes of a message: what its fields are encrypted with, and what its verifier shows.
package struct Nonce: Hashable, Sendable {
    /// The bytes, as the ciphers want them.
    package let iv: InitializationVector

    /// The base64 text without any white space: the same for every way of writing the same bytes.
    package var text: String { Base64.encode(iv.bytes) }

    /// Reads base64 text of 16 bytes, white space allowed.
    package init?(base64 text: String) {
        guard text.utf8.count <= Self.longestText, let bytes = Base64.decode(text),
            let iv = InitializationVector(bytes)
        else { return nil }
        self.iv = iv
    }

    /// Takes these bytes.
    package init(_ iv: InitializationVector) { self.iv = iv }

    /// A fresh one.
    package static func random() -> Nonce { Nonce(.random()) }

    // 24 characters and as many line breaks as anyone could put between them.
    private static let longestText = 80
}
