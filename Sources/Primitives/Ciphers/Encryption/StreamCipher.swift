// SPDX-License-Identifier: Apache-2.0

import COpenSSL
package import SecureMemory

/// A key stream that goes on from call to call: the same bytes in pieces or at once give the same.
package struct StreamCipher: ~Copyable {
    /// Which key stream.
    package enum Algorithm: Hashable, Sendable, CaseIterable {
        /// ChaCha20 (RFC 8439), counting from zero; a nonce of 12 bytes.
        case chaCha20
        /// Salsa20 with a key of 256 bits, counting from zero; a nonce of 8 bytes.
        case salsa20
    }

    // Not private: the compiler (6.3.1) crashes on a noncopyable private enum that another file of the module drops.
    enum Engine: ~Copyable {
        case chaCha20(ChaCha20Context)
        case salsa20(GcryptCipher)
    }

    private let engine: Engine

    /// Starts a key stream.
    /// - Parameters:
    ///   - algorithm: Which one.
    ///   - key: 32 bytes.
    ///   - nonce: 12 or 8 bytes, as the algorithm has it.
    /// - Throws: `badKeyLength`, `badLength` for a wrong nonce, `failed`.
    package init(_ algorithm: Algorithm, key: SecretBytes, nonce: [UInt8]) throws(CipherError) {
        guard key.count == 32 else { throw .badKeyLength }
        switch algorithm {
        case .chaCha20:
            guard nonce.count == 12 else { throw .badLength }
            engine = .chaCha20(try ChaCha20Context(key: key, nonce: nonce))
        case .salsa20:
            guard nonce.count == 8 else { throw .badLength }
            engine = .salsa20(try GcryptCipher(.salsa20, key: key, nonce: nonce))
        }
    }

    /// Encrypts or decrypts, which is the same, in place.
    package func apply(to bytes: inout [UInt8]) throws(CipherError) {
        guard !bytes.isEmpty else { return }
        switch engine {
        case .chaCha20(let context):
            unsafe try bytes.inPlace { (buffer) throws(CipherError) in
                unsafe try context.run(buffer)
            }
        case .salsa20(let cipher):
            unsafe try bytes.inPlace { (buffer) throws(CipherError) in
                unsafe try cipher.run(.encrypting, buffer)
            }
        }
    }
}

/// ChaCha20 of libcrypto, freed and wiped at the end of its scope.
@safe struct ChaCha20Context: ~Copyable {
    private let raw: OpaquePointer

    init(key: SecretBytes, nonce: [UInt8]) throws(CipherError) {
        guard let raw = unsafe EVP_CIPHER_CTX_new() else { throw .failed }
        // To libcrypto the block counter, 32 bits from zero, is the beginning of the nonce.
        let counterAndNonce = [0, 0, 0, 0] + nonce
        let isReady = unsafe key.withUnsafeBytes { key in
            unsafe EVP_EncryptInit_ex(
                raw,
                EVP_chacha20(),
                nil,
                key.bindMemory(to: UInt8.self).baseAddress,
                counterAndNonce
            ) == 1
        }
        guard isReady else {
            ERR_clear_error()
            unsafe EVP_CIPHER_CTX_free(raw)
            throw .failed
        }
        unsafe self.raw = raw
    }

    deinit { unsafe EVP_CIPHER_CTX_free(raw) }

    @unsafe func run(_ bytes: UnsafeMutableRawBufferPointer) throws(CipherError) {
        guard let length = Int32(exactly: bytes.count) else { throw .badLength }
        let address = unsafe bytes.bindMemory(to: UInt8.self).baseAddress
        var written: Int32 = 0
        guard unsafe EVP_EncryptUpdate(raw, address, &written, address, length) == 1, written == length else {
            ERR_clear_error()
            throw .failed
        }
    }
}
