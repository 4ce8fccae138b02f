// SPDX-License-Identifier: Apache-2.0

package import Ciphers
package import SecureMemory

/// Signs and encrypts a message of ours, by a key and the nonce of this one message.
///
/// What comes in is decrypted by `VerifiedMessage`.
package final class OutgoingCipher {
    /// The nonce, fresh for every cipher unless a test says otherwise.
    package let nonce: Nonce
    private let key: ClientKey
    /// Nil where there is no memory for it.
    private let encryptor: AESCBCEncryptor?

    /// Makes a cipher for one message.
    package init(key: ClientKey, nonce: Nonce = .random()) {
        self.key = key
        self.nonce = nonce
        encryptor = try? AESCBCEncryptor(key: key.bytes, iv: nonce.iv)  // told by what needs it
    }

    /// Makes a cipher for the reply to a message: under its key, with a nonce that is never a request's.
    package convenience init(replyingTo message: VerifiedMessage) {
        self.init(
            key: message.key,
            nonce: .replying(to: message.nonce, under: message.key)
        )
    }

    /// The signature that proves the key: Nonce, Verifier and Hmac.
    /// - Returns: The three texts; the Hmac is never nil.
    /// - Throws: What the cipher throws, which is `failed` if there is no memory.
    package func signature() throws(CipherError) -> RequestSignature {
        let text = nonce.text
        let verifier = try encrypted(text)
        let hmac = key.hmac.code(of: nonce.iv.bytes + verifier)
        return RequestSignature(nonce: text, verifier: Base64.encode(verifier), hmac: Base64.encode(hmac))
    }

    /// A field's text, encrypted and in base64.
    /// - Parameter plain: The text as UTF-8.
    /// - Returns: What stands in the message.
    /// - Throws: What the cipher throws.
    package func field(_ plain: SecretBytes) throws(CipherError) -> String {
        Base64.encode(try encrypted(plain))
    }

    /// A text that isn't secret to us, encrypted and in base64.
    /// - Parameter plain: The text.
    /// - Returns: What stands in the message.
    /// - Throws: What the cipher throws.
    package func field(_ plain: String) throws(CipherError) -> String {
        Base64.encode(try encrypted(plain))
    }

    /// The same before it becomes base64.
    func encrypted(_ plain: SecretBytes) throws(CipherError) -> [UInt8] {
        guard let blocks = try encryptor?.encrypt(plain) else { throw .failed }
        return blocks
    }

    func encrypted(_ plain: String) throws(CipherError) -> [UInt8] {
        guard let blocks = try encryptor?.encrypt(plain) else { throw .failed }
        return blocks
    }
}
