// SPDX-License-Identifier: Apache-2.0

import COpenSSL
package import SecureMemory

/// AES in cipher-block chaining with PKCS#7 padding, by keys of 16, 24 or 32 bytes.
///
/// It authenticates nothing: whoever decrypts what a stranger sent checks a MAC first, or tells nobody why it failed.
package enum AESCBC {
    /// How many bytes a block has; encrypting adds between one and this many.
    package static let blockSize = 16

    /// Pads and encrypts a secret.
    /// - Parameters:
    ///   - plain: What to encrypt; nothing at all becomes one block of padding.
    ///   - key: 16, 24 or 32 bytes.
    ///   - iv: Must not be predictable to whoever chooses `plain`.
    /// - Returns: The blocks, without the initialization vector.
    /// - Throws: `badKeyLength`, `badLength` for more than libcrypto takes at once, `failed`.
    package static func encrypt(
        _ plain: SecretBytes,
        key: SecretBytes,
        iv: InitializationVector
    ) throws(CipherError) -> [UInt8] {
        try AESCBCEncryptor(key: key, iv: iv).encrypt(plain)
    }

    /// Decrypts blocks and takes the padding off.
    ///
    /// Takes the same time whatever the padding looks like; it is up to the caller not to reveal which error it was.
    /// - Parameters:
    ///   - blocks: One block or more.
    ///   - key: 16, 24 or 32 bytes.
    ///   - iv: What the blocks were encrypted with.
    /// - Returns: What was encrypted.
    /// - Throws: `badKeyLength`, `badLength` for what is not whole blocks, `badPadding`, `failed`.
    package static func decrypt(
        _ blocks: [UInt8],
        key: SecretBytes,
        iv: InitializationVector
    ) throws(CipherError) -> SecretBytes {
        let context = try CipherContext(.decrypting, key: key, iv: iv)
        guard !blocks.isEmpty, blocks.count % blockSize == 0, blocks.count <= longest else {
            throw .badLength
        }
        return try unsafe SecretBytes(count: blocks.count) { output throws(CipherError) in
            try unsafe blocks.withUnsafeBufferPointer { input throws(CipherError) in
                try unsafe context.run(UnsafeRawBufferPointer(input), into: output)
            }
            guard let padding = unsafe paddingLength(UnsafeRawBufferPointer(output)) else {
                throw .badPadding
            }
            return blocks.count - padding
        }
    }

    /// How long the PKCS#7 padding at the end of whole blocks is, or nil if it isn't valid; without a branch on a byte.
    @unsafe private static func paddingLength(_ bytes: UnsafeRawBufferPointer) -> Int? {
        let length = unsafe Int(bytes[bytes.count - 1])
        // All ones where the claim holds, else zero: `length - 1` and `16 - length` must both be 0 or more.
        var wrong = (length - 1) >> (Int.bitWidth - 1) | (blockSize - length) >> (Int.bitWidth - 1)
        for back in 1...blockSize {
            let counts = ~((length - back) >> (Int.bitWidth - 1))
            let byte = unsafe Int(bytes[bytes.count - back])
            wrong |= counts & (byte ^ length)
        }
        return wrong == 0 ? length : nil
    }

    // libcrypto counts in Int32.
    static let longest = Int(Int32.max) - 2 * blockSize
}
