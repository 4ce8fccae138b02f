// SPDX-License-Identifier: Apache-2.0

import COpenSSL
package import Secrecy

// Named as the RFC names it. In C the name is a function, which is why it is called through its module below.

/// Hash-based message authentication codes (RFC 2104).
package enum HMAC {
    /// HMAC-SHA-256 of some bytes.
    package static func sha256(key: SecretBytes, _ bytes: [UInt8]) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: 32)
        let isDone = unsafe key.withUnsafeBytes { key in
            // A missing key would mean "the one from before" to libcrypto; an empty one needs an address.
            var none: UInt8 = 0
            return unsafe withUnsafePointer(to: &none) { none in
                unsafe COpenSSL.HMAC(
                    EVP_sha256(),
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
}

/// Whether two are equal, in a time that depends on their lengths alone.
package func constantTimeEquals(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return unsafe CRYPTO_memcmp(left, right, left.count) == 0
}
