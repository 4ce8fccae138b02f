// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import SecureMemory

/// AES-CBC over whole blocks under one key, freed and wiped at the end of its scope.
@safe struct CipherContext: ~Copyable {
    enum Direction: Int32 {
        case decrypting = 0
        case encrypting = 1
    }

    private let raw: OpaquePointer

    init(_ direction: Direction, key: SecretBytes, iv: InitializationVector) throws(CipherError) {
        let cipher: OpaquePointer?
        switch key.count {
        case 16: unsafe cipher = FetchedAlgorithm.aes128CBC.raw
        case 24: unsafe cipher = FetchedAlgorithm.aes192CBC.raw
        case 32: unsafe cipher = FetchedAlgorithm.aes256CBC.raw
        default: throw .badKeyLength
        }
        guard let raw = unsafe EVP_CIPHER_CTX_new() else { throw Self.failure() }
        var isReady = unsafe key.withUnsafeBytes { key in
            unsafe iv.bytes.withUnsafeBytes { iv in
                unsafe EVP_CipherInit_ex(
                    raw,
                    cipher,
                    nil,
                    key.bindMemory(to: UInt8.self).baseAddress,
                    iv.bindMemory(to: UInt8.self).baseAddress,
                    direction.rawValue
                ) == 1
            }
        }
        // Without libcrypto's padding: its check returns early, ours doesn't.
        isReady = unsafe isReady && EVP_CIPHER_CTX_set_padding(raw, 0) == 1
        guard isReady else {
            unsafe EVP_CIPHER_CTX_free(raw)
            throw Self.failure()
        }
        unsafe self.raw = raw
    }

    deinit { unsafe EVP_CIPHER_CTX_free(raw) }

    /// Begins again under the same key.
    func restart(_ iv: InitializationVector) throws(CipherError) {
        guard unsafe EVP_CipherInit_ex(raw, nil, nil, nil, iv.bytes, -1) == 1 else { throw Self.failure() }
    }

    /// Encrypts or decrypts whole blocks into a buffer of the same size, going on where the last ones ended.
    @unsafe func run(
        _ input: UnsafeRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer
    ) throws(CipherError) {
        var written: Int32 = 0
        let isDone = unsafe EVP_CipherUpdate(
            raw,
            output.bindMemory(to: UInt8.self).baseAddress,
            &written,
            input.bindMemory(to: UInt8.self).baseAddress,
            Int32(input.count)
        )
        guard isDone == 1, Int(written) == input.count else { throw Self.failure() }
    }

    /// The error, after what libcrypto left in this thread's error queue is thrown away: the next user of the thread
    /// would take it for its own.
    private static func failure() -> CipherError {
        ERR_clear_error()
        return .failed
    }
}
