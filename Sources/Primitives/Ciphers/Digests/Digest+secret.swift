// SPDX-License-Identifier: Apache-2.0

import COpenSSL
package import SecureMemory

extension Digest {
    /// SHA-256 of a secret, itself a secret: a step on the way to a key.
    package static func secretSHA256(_ secret: SecretBytes) -> SecretBytes {
        unsafe hash(secret, FetchedAlgorithm.sha256.raw, length: 32)
    }

    /// SHA-512 of a secret, itself a secret: a step on the way to a key.
    package static func secretSHA512(_ secret: SecretBytes) -> SecretBytes {
        unsafe hash(secret, FetchedAlgorithm.sha512.raw, length: 64)
    }

    @unsafe private static func hash(
        _ secret: SecretBytes,
        _ algorithm: OpaquePointer?,
        length: Int
    ) -> SecretBytes {
        unsafe secret.withUnsafeBytes { input in
            unsafe SecretBytes(count: length) { output in
                let digest = unsafe output.bindMemory(to: UInt8.self).baseAddress
                let isDone = unsafe EVP_Digest(input.baseAddress, input.count, digest, nil, algorithm, nil)
                // See Digest: there is no value to continue with.
                precondition(isDone == 1, "libcrypto could not compute a digest")
                return length
            }
        }
    }
}
