// SPDX-License-Identifier: Apache-2.0

import COpenSSL
package import SecureMemory

/// The hash functions.
package enum Digest {
    /// SHA-1, where a protocol wants it as a name for something; not for anything that must withstand forgery.
    package static func sha1(_ bytes: [UInt8]) -> [UInt8] {
        unsafe bytes.withUnsafeBytes { unsafe hash($0, FetchedAlgorithm.sha1.raw, 20) }
    }

    /// SHA-256.
    package static func sha256(_ bytes: [UInt8]) -> [UInt8] {
        unsafe bytes.withUnsafeBytes { unsafe hash($0, FetchedAlgorithm.sha256.raw, 32) }
    }

    /// SHA-256 of a secret, for where the hash may be seen.
    package static func sha256(_ secret: SecretBytes) -> [UInt8] {
        unsafe secret.withUnsafeBytes { unsafe hash($0, FetchedAlgorithm.sha256.raw, 32) }
    }

    @unsafe private static func hash(
        _ input: UnsafeRawBufferPointer,
        _ algorithm: OpaquePointer?,
        _ length: Int
    ) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: length)
        let isDone = unsafe EVP_Digest(input.baseAddress, input.count, &digest, nil, algorithm, nil)
        // Only a libcrypto without memory or without SHA gets here. As with any allocation that fails, there is no
        // value to continue with: a made-up digest would let strangers in.
        precondition(isDone == 1, "libcrypto could not compute a digest")
        return digest
    }
}
