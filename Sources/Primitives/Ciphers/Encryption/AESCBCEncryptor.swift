// SPDX-License-Identifier: Apache-2.0

import COpenSSL
package import SecureMemory

/// AES-CBC as ``AESCBC`` has it, for several texts under one key and initialization vector: the key is set up once.
package struct AESCBCEncryptor: ~Copyable {
    private let context: CipherContext
    private let iv: InitializationVector

    /// Sets up a key.
    /// - Parameters:
    ///   - key: 16, 24 or 32 bytes.
    ///   - iv: What each text begins from; must not be predictable to whoever chooses the texts.
    /// - Throws: `badKeyLength`, `failed`.
    package init(key: SecretBytes, iv: InitializationVector) throws(CipherError) {
        context = try CipherContext(.encrypting, key: key, iv: iv)
        self.iv = iv
    }

    /// Pads and encrypts a secret.
    /// - Returns: The blocks.
    /// - Throws: `badLength` for more than libcrypto takes at once, `failed`.
    package func encrypt(_ plain: SecretBytes) throws(CipherError) -> [UInt8] {
        unsafe try plain.withUnsafeBytes { (plain) throws(CipherError) in unsafe try encrypt(plain) }
    }

    /// Pads and encrypts a text that isn't secret to us.
    package func encrypt(_ plain: String) throws(CipherError) -> [UInt8] {
        let bytes = Array(plain.utf8)
        return unsafe try bytes.span.withUnsafeBytes { (plain) throws(CipherError) in
            unsafe try encrypt(plain)
        }
    }

    @unsafe private func encrypt(_ plain: UnsafeRawBufferPointer) throws(CipherError) -> [UInt8] {
        guard plain.count <= AESCBC.longest else { throw .badLength }
        try context.restart(iv)
        let blocks = plain.count / AESCBC.blockSize * AESCBC.blockSize
        let padded = blocks + AESCBC.blockSize
        return try [UInt8](capacity: padded) { output throws(CipherError) in
            unsafe try output.withUnsafeMutableBufferPointer { buffer, count throws(CipherError) in
                let output = UnsafeMutableRawBufferPointer(buffer)
                if blocks > 0 {
                    unsafe try context.run(
                        UnsafeRawBufferPointer(rebasing: plain[..<blocks]),
                        into: UnsafeMutableRawBufferPointer(rebasing: output[..<blocks])
                    )
                }
                let last = unsafe UnsafeMutableRawBufferPointer(rebasing: output[blocks..<padded])
                guard unsafe encryptLast(UnsafeRawBufferPointer(rebasing: plain[blocks...]), into: last)
                else {
                    throw .failed
                }
                count = padded
            }
        }
    }

    /// Pads and encrypts what is left after the whole blocks.
    ///
    /// On the stack, which is wiped, so that no part of a secret lies in the heap if it fails. The padding is taken off in
    /// `AESCBC.decrypt`.
    @unsafe private func encryptLast(
        _ rest: UnsafeRawBufferPointer,
        into output: UnsafeMutableRawBufferPointer
    ) -> Bool {
        let size = AESCBC.blockSize
        return unsafe withUnsafeTemporaryAllocation(byteCount: size, alignment: size) { block in
            defer { unsafe OPENSSL_cleanse(block.baseAddress, block.count) }
            unsafe block.initializeMemory(as: UInt8.self, repeating: UInt8(size - rest.count))
            unsafe block.copyMemory(from: rest)
            do throws(CipherError) {
                unsafe try context.run(UnsafeRawBufferPointer(block), into: output)
                return true
            } catch {
                return false
            }
        }
    }
}
