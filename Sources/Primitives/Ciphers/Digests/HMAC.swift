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
        let code =
            switch algorithm {
            case .sha1: HMACContext.sha1.code(of: bytes, key: key)
            case .sha256: HMACContext.sha256.code(of: bytes, key: key)
            case .sha512: HMACContext.sha512.code(of: bytes, key: key)
            }
        // See Digest: a code of zeros would be a code that everybody knows.
        guard let code else { preconditionFailure("libcrypto could not compute an HMAC") }
        return code
    }
}

/// What every HMAC of a hash function begins with; each computation has a context of its own, so that none waits for
/// another's data.
@safe struct HMACContext: Sendable {
    static let sha1 = HMACContext("SHA1", length: 20)
    static let sha256 = HMACContext("SHA256", length: 32)
    static let sha512 = HMACContext("SHA512", length: 64)

    /// The length of a code.
    let length: Int
    /// Where libcrypto's own is, under a key that everybody knows; it is never changed or freed, and all threads copy it.
    private let address: UInt

    private init(_ digest: String, length: Int) {
        self.length = length
        guard let algorithm = unsafe FetchedAlgorithm.hmac.raw,
            let prepared = unsafe EVP_MAC_CTX_new(algorithm)
        else {
            preconditionFailure("libcrypto has no HMAC")
        }
        address = UInt(bitPattern: prepared)
        var name = Array(digest.utf8CString)
        let isReady = unsafe OSSL_MAC_PARAM_DIGEST.withCString { parameter in
            unsafe name.withUnsafeMutableBufferPointer { name in
                let parameters = unsafe [
                    OSSL_PARAM_construct_utf8_string(parameter, name.baseAddress, 0),
                    OSSL_PARAM_construct_end(),
                ]
                return unsafe EVP_MAC_init(prepared, [0], 1, parameters) == 1
            }
        }
        precondition(isReady, "libcrypto has no HMAC of \(digest)")
    }

    /// The code of some bytes, after which nothing of the key is left; nil if libcrypto can't.
    func code(of bytes: [UInt8], key: SecretBytes) -> [UInt8]? {
        guard let context = unsafe keyed(with: key) else { return nil }
        // Wipes what it frees.
        defer { unsafe EVP_MAC_CTX_free(context) }
        return unsafe Self.code(of: bytes, with: context, length: length)
    }

    /// A context of libcrypto's under a key of any length, which the caller frees; nil if libcrypto can't.
    @unsafe func keyed(with key: SecretBytes) -> OpaquePointer? {
        guard let context = unsafe EVP_MAC_CTX_dup(OpaquePointer(bitPattern: address)) else { return nil }
        let isKeyed = unsafe key.withUnsafeBytes { key in
            // A missing key would mean "the one from before" to libcrypto; an empty one needs an address.
            var none: UInt8 = 0
            return unsafe withUnsafePointer(to: &none) { none in
                let start = unsafe key.bindMemory(to: UInt8.self).baseAddress ?? none
                return unsafe EVP_MAC_init(context, start, key.count, nil) == 1
            }
        }
        guard !isKeyed else { return unsafe context }
        unsafe EVP_MAC_CTX_free(context)
        return nil
    }

    /// The code of some bytes by a context that was just given its key, or begun anew under it.
    @unsafe static func code(of bytes: [UInt8], with context: OpaquePointer, length: Int) -> [UInt8]? {
        var written = 0
        var isDone = false
        let code = unsafe [UInt8](unsafeUninitializedCapacity: length) { code, count in
            isDone =
                unsafe EVP_MAC_update(context, bytes, bytes.count) == 1
                && EVP_MAC_final(context, code.baseAddress, &written, length) == 1
            count = isDone ? written : 0
        }
        return isDone && written == length ? code : nil
    }
}

/// Whether two are equal, in a time that depends on their lengths alone.
package func constantTimeEquals(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    guard left.count == right.count else { return false }
    return unsafe CRYPTO_memcmp(left, right, left.count) == 0
}
