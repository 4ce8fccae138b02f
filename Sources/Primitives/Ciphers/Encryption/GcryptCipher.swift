// SPDX-License-Identifier: Apache-2.0

import CGcrypt
import SecureMemory

/// One run of a cipher that OpenSSL lacks, closed and wiped at the end of its scope.
@safe struct GcryptCipher: ~Copyable {
    enum Algorithm {
        case twofishCBC
        case salsa20
    }

    private let raw: OpaquePointer

    init(_ algorithm: Algorithm, key: SecretBytes, nonce: [UInt8]) throws(CipherError) {
        guard Self.isReady else { throw .failed }
        var handle: OpaquePointer?
        let opened =
            switch algorithm {
            case .twofishCBC:
                unsafe gcry_cipher_open(
                    &handle,
                    Int32(GCRY_CIPHER_TWOFISH.rawValue),
                    Int32(GCRY_CIPHER_MODE_CBC.rawValue),
                    0
                )
            case .salsa20:
                unsafe gcry_cipher_open(
                    &handle,
                    Int32(GCRY_CIPHER_SALSA20.rawValue),
                    Int32(GCRY_CIPHER_MODE_STREAM.rawValue),
                    0
                )
            }
        guard opened == 0, let handle = unsafe handle else { throw .failed }
        let isKeyed =
            unsafe key.withUnsafeBytes { unsafe gcry_cipher_setkey(handle, $0.baseAddress, $0.count) } == 0
        guard unsafe isKeyed && gcry_cipher_setiv(handle, nonce, nonce.count) == 0 else {
            unsafe gcry_cipher_close(handle)
            throw .failed
        }
        unsafe raw = handle
    }

    deinit { unsafe gcry_cipher_close(raw) }

    /// Encrypts or decrypts in place; whole blocks where the cipher has blocks.
    @unsafe func run(
        _ direction: CipherContext.Direction,
        _ bytes: UnsafeMutableRawBufferPointer
    ) throws(CipherError) {
        guard unsafe !bytes.isEmpty else { return }
        let status =
            switch direction {
            case .encrypting: unsafe gcry_cipher_encrypt(raw, bytes.baseAddress, bytes.count, nil, 0)
            case .decrypting: unsafe gcry_cipher_decrypt(raw, bytes.baseAddress, bytes.count, nil, 0)
            }
        guard status == 0 else { throw .failed }
    }

    // A static is initialized once, whichever thread comes first. libsecret does the same for itself.
    private static let isReady: Bool = {
        if keybell_gcrypt_is_ready() != 0 { return true }
        guard unsafe gcry_check_version(nil) != nil else { return false }
        keybell_gcrypt_finish()
        return true
    }()
}
