// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// An algorithm of libcrypto, looked up once: that takes longer than to use it.
@safe struct FetchedAlgorithm: Sendable {
    /// Where it is, 0 if libcrypto doesn't have it; it is never changed or freed, and all threads may use it.
    private let address: UInt

    private init(_ raw: OpaquePointer?) {
        address = UInt(bitPattern: raw)
    }

    /// libcrypto's own; nil if it doesn't have it.
    var raw: OpaquePointer? { unsafe OpaquePointer(bitPattern: address) }

    static let sha1 = unsafe FetchedAlgorithm(EVP_MD_fetch(nil, "SHA1", nil))
    static let sha256 = unsafe FetchedAlgorithm(EVP_MD_fetch(nil, "SHA256", nil))
    static let sha512 = unsafe FetchedAlgorithm(EVP_MD_fetch(nil, "SHA512", nil))
    static let aes128CBC = unsafe FetchedAlgorithm(EVP_CIPHER_fetch(nil, "AES-128-CBC", nil))
    static let aes192CBC = unsafe FetchedAlgorithm(EVP_CIPHER_fetch(nil, "AES-192-CBC", nil))
    static let aes256CBC = unsafe FetchedAlgorithm(EVP_CIPHER_fetch(nil, "AES-256-CBC", nil))
    static let hmac = unsafe FetchedAlgorithm(EVP_MAC_fetch(nil, "HMAC", nil))
}
