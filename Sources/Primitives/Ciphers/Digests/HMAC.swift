// SPDX-License-Identifier: Apache-2.0

import COpenSSL
package import SecureMemory

// Named as the RFC names it. In C the name is a function, which is why it is called through its module below.

/// Hash-based message authentication codes (RFC 2104).
package enum HMAC {
    /// The hash function beneath.
    package enum Algorithm: Hashable, Sendable, CaseIterable {
        /// SHA-1, which is good enough here: finding collisions doesn't forge a code.
        case sha1
        /// SHA-256.
        case sha256
        /// SHA-512.
        case sha512

        /// How many bytes a code has.
        package var length: Int {
            switch self {
            case .sha1: 20
            case .sha256: 32
            case .sha512: 64
            }
        }
    }

    /// HMAC-SHA-1, as hardware keys use it.
    package static func sha1(key: SecretBytes, _ bytes: [UInt8]) -> [UInt8] {
        code(.sha1, key: key, bytes)
    }

    /// HMAC-SHA-256 of some bytes.
    package static func sha256(key: SecretBytes, _ bytes: [UInt8]) -> [UInt8] {
        code(.sha256, key: key, bytes)
    }

    /// The code of some bytes under a key of any length.
    package static func code(_ algorithm: Algorithm, key: SecretBytes, _ bytes: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: algorithm.length)
        let isDone = unsafe key.withUnsafeBytes { key in
            // A missing key would mean "the one from before" to libcrypto; an empty one needs an address.
            var none: UInt8 = 0
            return unsafe withUnsafePointer(to: &none) { none in
                unsafe COpenSSL.HMAC(
                    hash(of: algorithm),
                    key.baseAddress ?? UnsafeRawPointer(none),
                    Int32(key.count),
                    bytes,
                    bytes.count,
                    &code,
                    nil
                ) != nil
            }
        }
        // See Digest: a code of zeros would be a code that everybody knows.
        precondition(isDone, "libcrypto could not compute an HMAC")
        return code
    }

    @unsafe private static func hash(of algorithm: Algorithm) -> OpaquePointer? {
        switch algorithm {
        case .sha1: unsafe EVP_sha1()
        case .sha256: unsafe EVP_sha256()
        case .sha512: unsafe EVP_sha512()
        }
    }
}

/// Whether two are equal, in a time that depends on their lengths alone.
package func constantTimeEquals(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return unsafe CRYPTO_memcmp(left, right, left.count) == 0
}
