// SPDX-License-Identifier: Apache-2.0

package import SecureMemory

// Beside SHA-256, which is used most.

extension HMAC {
    /// HMAC-SHA-1, as one-time passwords and hardware keys use it.
    package static func sha1(key: SecretBytes, _ bytes: [UInt8]) -> [UInt8] {
        code(.sha1, key: key, bytes)
    }

    /// HMAC-SHA-512.
    package static func sha512(key: SecretBytes, _ bytes: [UInt8]) -> [UInt8] {
        code(.sha512, key: key, bytes)
    }
}
