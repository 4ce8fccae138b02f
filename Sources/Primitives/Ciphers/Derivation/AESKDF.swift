// SPDX-License-Identifier: Apache-2.0

package import SecureMemory

/// KeePass's older key derivation: 32 bytes encrypted over and over with AES-256, then hashed.
package enum AESKDF {
    /// Does the rounds.
    ///
    /// A round is AES in ECB mode on each half. A chain (CBC) over zeros is the same: every block is the encryption of
    /// the one before. It needs one call for thousands of rounds, which makes it about ten times as fast.
    /// - Parameters:
    ///   - key: The 32 bytes to transform.
    ///   - seed: The AES key, 32 bytes.
    ///   - rounds: How many rounds; zero leaves just the hash.
    ///   - isCancelled: Asked every few milliseconds whether to give up.
    /// - Returns: SHA-256 of what the rounds gave, 32 bytes; nil if cancelled.
    /// - Throws: `badKeyLength`, `failed`.
    package static func transform(
        _ key: SecretBytes,
        seed: [UInt8],
        rounds: UInt64,
        isCancelled: () -> Bool = { Task.isCancelled }
    ) throws(CipherError) -> SecretBytes? {
        guard key.count == 32, seed.count == 32 else { throw .badKeyLength }
        let seed = SecretBytes(copying: seed)
        var halves: [SecretBytes] = []
        for start in [0, blockSize] {
            let half = try transform(key, from: start, seed: seed, rounds: rounds, isCancelled: isCancelled)
            guard let half else { return nil }
            halves.append(half)
        }
        return Digest.secretSHA256(SecretBytes.joining(halves))
    }

    private static func transform(
        _ key: SecretBytes,
        from start: Int,
        seed: SecretBytes,
        rounds: UInt64,
        isCancelled: () -> Bool
    ) throws(CipherError) -> SecretBytes? {
        let context = try CipherContext(.encrypting, key: seed, iv: .zero)
        var left = rounds
        var block = SecretBytes(capacity: blockSize) { output in
            key.withSpan { span in
                for index in start..<start + blockSize { output.append(span[index]) }
            }
        }
        // The first link of the chain is the half itself, all further ones are zeros.
        var isFirst = true
        while left > 0 {
            guard !isCancelled() else { return nil }
            let count = Int(min(left, blocksAtOnce)) * blockSize
            block = try unsafe SecretBytes(count: count) { (buffer) throws(CipherError) in
                unsafe buffer.initializeMemory(as: UInt8.self, repeating: 0)
                if isFirst { unsafe block.withUnsafeBytes { unsafe buffer.copyMemory(from: $0) } }
                unsafe try context.run(UnsafeRawBufferPointer(buffer), into: buffer)
                unsafe buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer.suffix(blockSize)))
                return blockSize
            }
            isFirst = false
            left -= UInt64(count / blockSize)
        }
        return block
    }

    private static let blockSize = 16
    private static let blocksAtOnce: UInt64 = 4096
}
