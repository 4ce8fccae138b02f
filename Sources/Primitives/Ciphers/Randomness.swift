// SPDX-License-Identifier: Apache-2.0

import COpenSSL
package import SecureMemory
import Synchronization

/// What nobody can guess: from libcrypto's random generator, or the kernel's if that one fails.
package enum Randomness {
    /// Random bytes that may be seen: nonces, identifiers.
    ///
    /// Few of them come from what was drawn ahead: to draw eight takes as long as to draw hundreds.
    package static func bytes(_ count: Int) -> [UInt8] {
        guard count <= longestAhead else { return drawn(count) }
        return ahead.withLock { ahead in
            if ahead.count < count { ahead = drawn(countAhead) }
            defer { ahead.removeLast(count) }
            return Array(ahead.suffix(count))
        }
    }

    private static let (longestAhead, countAhead) = (32, 512)
    private static let ahead = Mutex<[UInt8]>([])

    private static func drawn(_ count: Int) -> [UInt8] {
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
