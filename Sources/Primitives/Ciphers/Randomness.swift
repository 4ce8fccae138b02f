// SPDX-License-Identifier: Apache-2.0

import COpenSSL
package import SecureMemory

/// What nobody can guess: from libcrypto's random generator, or the kernel's if that one fails.
package enum Randomness {
    /// Random bytes that may be seen: nonces, identifiers.
    package static func bytes(_ count: Int) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        unsafe bytes.withUnsafeMutableBytes { buffer in
            unsafe fill(buffer, by: RAND_bytes)
        }
        return bytes
    }

    /// Random bytes that are a secret from the first: keys.
    ///
    /// They come from a generator of their own within libcrypto, so that no nonce tells anything about a key.
    package static func secret(_ count: Int) -> SecretBytes {
        unsafe SecretBytes(count: count) { buffer in
            unsafe fill(buffer, by: RAND_priv_bytes)
            return count
        }
    }

    /// A number from 0 up to, but without, `bound`, each as likely as the next.
    /// - Parameter bound: At least 1.
    /// - Returns: The number.
    package static func below(_ bound: Int) -> Int {
        var generator = Generator()
        return Int.random(in: 0..<bound, using: &generator)
    }

    /// A text of random letters.
    /// - Parameters:
    ///   - length: How many letters.
    ///   - alphabet: The letters to choose from, each as likely as the next; at least one.
    /// - Returns: The text.
    package static func token(_ length: Int, alphabet: String) -> String {
        let letters = Array(alphabet)
        var token = ""
        for _ in 0..<length { token.append(letters[below(letters.count)]) }
        return token
    }

    /// The same generator for what the standard library draws and shuffles.
    package struct Generator: RandomNumberGenerator, Sendable {
        /// Makes one; it has no state of its own.
        package init() {}

        /// Eight random bytes as a number.
        package mutating func next() -> UInt64 {
            var number: UInt64 = 0
            unsafe withUnsafeMutableBytes(of: &number) { buffer in
                unsafe fill(buffer, by: RAND_priv_bytes)
            }
            return number
        }
    }

    @unsafe private static func fill(
        _ buffer: UnsafeMutableRawBufferPointer,
        by draw: (UnsafeMutablePointer<UInt8>?, Int32) -> Int32
    ) {
        guard unsafe !buffer.isEmpty else { return }
        if let count = Int32(exactly: buffer.count),
            unsafe draw(buffer.bindMemory(to: UInt8.self).baseAddress, count) == 1
        {
            return
        }
        ERR_clear_error()
        var kernel = SystemRandomNumberGenerator()
        for index in buffer.indices { unsafe buffer[index] = kernel.next() }
    }
}
