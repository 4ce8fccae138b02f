// SPDX-License-Identifier: Apache-2.0

import Ciphers
package import SecureMemory

extension VerifiedMessage {
    /// Decrypts a field of the message.
    /// - Parameter field: The field.
    /// - Returns: Its text as UTF-8, or whatever else was encrypted.
    /// - Throws: `VerificationFailure`.
    package func decrypt(_ field: EncryptedField) throws(VerificationFailure) -> SecretBytes {
        let plain = try Self.checked { () throws(CipherError) in
            try AESCBC.decrypt(field.ciphertext, key: key.bytes, iv: nonce.iv)
        }
        guard field.isReadable else { throw VerificationFailure() }
        return plain
    }

    /// Decrypts a field that isn't secret to us: a URL, a title.
    /// - Parameter field: The field.
    /// - Returns: Its text.
    /// - Throws: `VerificationFailure`, also if it is not UTF-8 or has a NUL in it: damaged blocks can end in a right
    ///   padding, and to the C libraries that it goes to, what stands after a NUL would not be there.
    package func decryptText(_ field: EncryptedField) throws(VerificationFailure) -> String {
        guard let text = try decrypt(field).exposedText(), !text.utf8.contains(0) else {
            throw VerificationFailure()
        }
        return text
    }
}
