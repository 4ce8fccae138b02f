// SPDX-License-Identifier: Apache-2.0

import COpenSSL
package import Secrecy

// Beside SHA-256, which most of the house is about.

extension HMAC {
    /// HMAC-SHA-1, as one-time passwords and hardware keys use it.
    package static func sha1(key: SecretBytes, _ bytes: [UInt8]) -> [UInt8] {
        unsafe code(EVP_sha1(), length: 20, key: key, bytes)
    }

    /// HMAC-SHA-512.
    package static func sha512(key: SecretBytes, _ bytes: [UInt8]) -> [UInt8] {
        unsafe code(EVP_sha512(), length: 64, key: key, bytes)
    }

    @unsafe private static func code(
        _ algorithm: OpaquePointer?,
        length: Int,
        key: SecretBytes,
        _ bytes: [UInt8]
    ) -> [UInt8] {
        var code = [UInt8](repeating: 0, count: length)
        let isDone = unsafe key.withUnsafeBytes { key in
            // An empty key needs an address: see `sha256`.
            var none: UInt8 = 0
            return unsafe withUnsafePointer(to: &none) { none in
                let start = unsafe key.baseAddress ?? UnsafeRawPointer(none)
                return unsafe COpenSSL.HMAC(
                    algorithm,
                    start,
                    Int32(key.count),
                    bytes,
                    bytes.count,
                    &code,
                    nil
                ) != nil
            }
        }
        precondition(isDone, "libcrypto could not compute an HMAC")
        return code
    }
}
