// SPDX-License-Identifier: Apache-2.0

import Secrecy

/// A field whose text is encrypted, not yet decrypted.
///
/// One that is not even base64, or no text at all, is kept as something that never decrypts: from outside a field of
/// the wrong form must look like one of the wrong key.
package struct EncryptedField: Hashable, Sendable {
    /// The blocks; empty if they could not be read.
    let ciphertext: [UInt8]

    /// Takes base64 text as it came in.
    package init(base64 text: String) {
        ciphertext = Base64.decode(text) ?? []
    }

    /// A field that never decrypts.
    package static let unusable = EncryptedField(base64: "")

    /// The field of a value, or nil where the value stands for "none".
    init?(_ value: JSONValue?) {
        guard let value, !value.isAbsentText else { return nil }
        self = value.nonEmptyString.map(EncryptedField.init(base64:)) ?? .unusable
    }
}
