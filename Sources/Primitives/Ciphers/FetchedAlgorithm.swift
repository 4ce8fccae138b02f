// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// An algorithm of libcrypto, looked up once: that takes longer than to use it.
@safe struct FetchedAlgorithm: Sendable {
    /// libcrypto's; nil if it doesn't have it.
    nonisolated(unsafe) let raw: OpaquePointer?  // never changed or freed; libcrypto lets all threads use it

    static let sha1 = unsafe FetchedAlgorithm(raw: EVP_MD_fetch(nil, "SHA1", nil))
    static let sha256 = unsafe FetchedAlgorithm(raw: EVP_MD_fetch(nil, "SHA256", nil))
    static let sha512 = unsafe FetchedAlgorithm(raw: EVP_MD_fetch(nil, "SHA512", nil))
    static let aes128CBC = unsafe FetchedAlgorithm(raw: EVP_CIPHER_fetch(nil, "AES-128-CBC", nil))
    static let aes192CBC = unsafe FetchedAlgorithm(raw: EVP_CIPHER_fetch(nil, "AES-192-CBC", nil))
    static let aes256CBC = unsafe FetchedAlgorithm(raw: EVP_CIPHER_fetch(nil, "AES-256-CBC", nil))
    static let hmac = unsafe FetchedAlgorithm(raw: EVP_MAC_fetch(nil, "HMAC", nil))
}
