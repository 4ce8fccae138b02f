// SPDX-License-Identifier: Apache-2.0

import Ciphers
import JSON
import SecureMemory

/// A field whose text is encrypted, not yet decrypted: that is done by `VerifiedMessage.decrypt`.
///
/// One that isn't even base64, or not a text at all, is kept as something that never decrypts: from outside, a
/// malformed field must look like one under the wrong key.
package struct EncryptedField: Hashable, Sendable {
    /// Whole blocks; for a field that can't be read, as many as its text is long, so that it takes as long to decrypt.
    let ciphertext: [UInt8]
    /// Whether it could be read.
    let isReadable: Bool

    /// Takes base64 text as it came in.
    package init(base64 text: String) {
        if let bytes = Base64.decode(text), bytes.count % AESCBC.blockSize == 0, !bytes.isEmpty {
            (ciphertext, isReadable) = (bytes, true)
        } else {
            let blocks = max(1, text.utf8.count * 3 / 4 / AESCBC.blockSize)
            (ciphertext, isReadable) = ([UInt8](repeating: 0, count: blocks * AESCBC.blockSize), false)
        }
    }

    /// A field that never decrypts.
    package static let unusable = EncryptedField(base64: "")

    /// The field of a value, or nil where the value stands for "none".
    init?(_ value: JSONValue?) {
        guard let value, !value.isAbsentText else { return nil }
        self = value.nonEmptyString.map(EncryptedField.init(base64:)) ?? .unusable
    }
}
