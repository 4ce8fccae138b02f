// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import SecureMemory

/// A key pair on the curve P-256, wiped by libcrypto at the end of its scope.
@safe struct KeyPair: ~Copyable {
    let raw: OpaquePointer

    /// Makes a new one.
    /// - Throws: `failed`.
    init() throws(CipherError) {
        guard let context = unsafe EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nil) else { throw .afterwards() }
        defer { unsafe EVP_PKEY_CTX_free(context) }
        var made: OpaquePointer?
        guard unsafe EVP_PKEY_keygen_init(context) == 1,
            unsafe EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1) == 1,
            unsafe EVP_PKEY_keygen(context, &made) == 1,
            let made = unsafe made
        else { throw .afterwards() }
        unsafe raw = made
    }

    deinit { unsafe EVP_PKEY_free(raw) }

    /// The private key as PEM (PKCS #8), without a password.
    func pem() throws(CipherError) -> SecretBytes {
        let memory = try MemoryFile(isSecret: true)
        guard unsafe PEM_write_bio_PKCS8PrivateKey(memory.raw, raw, nil, nil, 0, nil, nil) == 1 else {
            throw .afterwards()
        }
        let length = memory.count
        return try unsafe SecretBytes(count: length) { (buffer) throws(CipherError) in
            try unsafe memory.read(into: buffer)
        }
    }
}

/// One of libcrypto's in-memory files.
@safe struct MemoryFile: ~Copyable {
    let raw: OpaquePointer

    /// Makes an empty one.
    /// - Parameter isSecret: Whether it is to be in guarded memory and wiped.
    /// - Throws: `failed`.
    init(isSecret: Bool = false) throws(CipherError) {
        guard let made = unsafe BIO_new(isSecret ? BIO_s_secmem() : BIO_s_mem()) else {
            throw .afterwards()
        }
        unsafe raw = made
    }

    deinit { unsafe BIO_free(raw) }

    /// How much there is to be read.
    var count: Int { unsafe BIO_ctrl_pending(raw) }

    /// Reads what there is, as much as the buffer takes.
    @unsafe func read(into buffer: UnsafeMutableRawBufferPointer) throws(CipherError) -> Int {
        let count = unsafe BIO_read(raw, buffer.baseAddress, Int32(buffer.count))
        guard count >= 0 else { throw .afterwards() }
        return Int(count)
    }

    /// Reads everything.
    func bytes() throws(CipherError) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        let count = unsafe BIO_read(raw, &bytes, Int32(bytes.count))
        guard count >= 0 else { throw .afterwards() }
        return Array(bytes.prefix(Int(count)))
    }
}

extension CipherError {
    /// A failure of libcrypto's; its thread's error queue is emptied for whoever uses it next.
    static func afterwards() -> CipherError {
        ERR_clear_error()
        return .failed
    }
}
