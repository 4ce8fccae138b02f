// SPDX-License-Identifier: Apache-2.0

package import SecureMemory

/// The ciphers that a whole file goes through at once, each with a key of 32 bytes.
///
/// What goes in and comes out is ordinary memory, since a file is far larger than the secure heap; `[UInt8].wipe` is
/// for what must not stay there. None of them authenticates anything.
package enum BulkCipher: Hashable, Sendable, CaseIterable {
    /// AES-256 in cipher-block chaining with PKCS#7 padding.
    case aes256
    /// Twofish with a key of 256 bits, chained and padded in the same way.
    case twofish256
    /// ChaCha20 (RFC 8439), counting from zero.
    case chaCha20

    /// How many bytes the initialization vector or nonce has.
    package var nonceCount: Int { self == .chaCha20 ? 12 : 16 }

    /// Encrypts, after padding where the cipher has blocks.
    /// - Parameters:
    ///   - plain: What to encrypt.
    ///   - key: 32 bytes.
    ///   - nonce: `nonceCount` bytes, never used before with this key.
    /// - Returns: The encrypted bytes, without the nonce.
    /// - Throws: `badKeyLength`, `badLength` for a wrong nonce or for more than the libraries count, `failed`.
    package func encrypt(
        _ plain: [UInt8],
        key: SecretBytes,
        nonce: [UInt8]
    ) throws(CipherError) -> [UInt8] {
        var bytes = plain
        if self != .chaCha20 {
            let padding = Self.blockSize - bytes.count % Self.blockSize
            bytes.append(contentsOf: repeatElement(UInt8(padding), count: padding))
        }
        try run(.encrypting, &bytes, key: key, nonce: nonce)
        return bytes
    }

    /// Decrypts, and takes the padding off where the cipher has blocks.
    /// - Parameters:
    ///   - bytes: What was encrypted.
    ///   - key: 32 bytes.
    ///   - nonce: What it was encrypted with.
    /// - Returns: The plain bytes.
    /// - Throws: `badPadding` and what `encrypt` throws.
    package func decrypt(
        _ bytes: [UInt8],
        key: SecretBytes,
        nonce: [UInt8]
    ) throws(CipherError) -> [UInt8] {
        var bytes = bytes
        guard self == .chaCha20 || !bytes.isEmpty && bytes.count % Self.blockSize == 0 else {
            throw .badLength
        }
        try run(.decrypting, &bytes, key: key, nonce: nonce)
        guard self != .chaCha20 else { return bytes }
        guard let last = bytes.last, Self.endsWithPadding(bytes) else {
            bytes.wipe()
            throw .badPadding
        }
        bytes.removeLast(Int(last))
        return bytes
    }

    /// Whether what follows content whose end is known is padding: by PKCS#7, or the zeros of old programs.
    ///
    /// A cipher without blocks has no padding to look at.
    package func isPadding(_ bytes: some Collection<UInt8>) -> Bool {
        guard self != .chaCha20 else { return true }
        guard bytes.count <= Self.blockSize else { return false }
        return bytes.allSatisfy { $0 == 0 } || bytes.allSatisfy { Int($0) == bytes.count }
    }

    /// Whether plain bytes end with padding by PKCS#7.
    package static func endsWithPadding(_ bytes: [UInt8]) -> Bool {
        guard let last = bytes.last, (1...blockSize).contains(Int(last)) else { return false }
        return bytes.suffix(Int(last)).allSatisfy { $0 == last }
    }

    /// Decrypts the beginning of something longer, or all of something whose end is known, with its padding; nil if it
    /// can't be done.
    /// - Parameters:
    ///   - bytes: Whole blocks.
    ///   - key: 32 bytes.
    ///   - nonce: What it was encrypted with.
    /// - Returns: As many plain bytes.
    package func decryptBeginning(_ bytes: [UInt8], key: SecretBytes, nonce: [UInt8]) -> [UInt8]? {
        guard self == .chaCha20 || bytes.count.isMultiple(of: Self.blockSize) else { return nil }
        var bytes = bytes
        do throws(CipherError) { try run(.decrypting, &bytes, key: key, nonce: nonce) } catch { return nil }
        return bytes
    }

    private func run(
        _ direction: CipherContext.Direction,
        _ bytes: inout [UInt8],
        key: SecretBytes,
        nonce: [UInt8]
    ) throws(CipherError) {
        guard key.count == 32 else { throw .badKeyLength }
        guard nonce.count == nonceCount, bytes.count <= Self.longest else { throw .badLength }
        switch self {
        case .aes256:
            guard let iv = InitializationVector(nonce) else { throw .badLength }
            let context = try CipherContext(direction, key: key, iv: iv)
            unsafe try bytes.inPlace { (buffer) throws(CipherError) in
                unsafe try context.run(UnsafeRawBufferPointer(buffer), into: buffer)
            }
        case .twofish256:
            let cipher = try GcryptCipher(.twofishCBC, key: key, nonce: nonce)
            unsafe try bytes.inPlace { (buffer) throws(CipherError) in
                unsafe try cipher.run(direction, buffer)
            }
        case .chaCha20:
            let cipher = try StreamCipher(.chaCha20, key: key, nonce: nonce)
            try cipher.apply(to: &bytes)
        }
    }

    private static let blockSize = 16
    // libcrypto counts in Int32.
    private static let longest = Int(Int32.max) - 2 * blockSize
}

extension [UInt8] {
    /// Lends the array's memory as C wants it.
    @unsafe mutating func inPlace(
        _ body: (UnsafeMutableRawBufferPointer) throws(CipherError) -> Void
    ) throws(CipherError) {
        var failure: CipherError?
        // The standard library's own is not yet typed in what it throws.
        unsafe withUnsafeMutableBytes { buffer in
            do throws(CipherError) { unsafe try body(buffer) } catch { failure = error }
        }
        if let failure { throw failure }
    }
}
