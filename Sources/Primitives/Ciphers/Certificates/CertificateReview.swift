// SPDX-License-Identifier: Apache-2.0

import COpenSSL
import Glibc

/// What is wrong, or soon will be, with the certificates of a file and the key that goes with them.
package enum CertificateFault: Hashable, Sendable {
    /// It is no longer valid; since when, in seconds since 1970.
    case expired(Int64)
    /// It will soon expire; when.
    case expiresSoon(Int64)
    /// It isn't valid yet; from when.
    case notYetValid(Int64)
    /// Its key can be broken, such as RSA below 2048 bits; how many bits it has.
    case weakKey(bits: Int)
    /// Its signature can be forged, such as one with SHA-1 or MD5; the algorithm's name.
    case weakSignature(String)
    /// The private key isn't the first certificate's.
    case otherKey
    /// The private key can't be used: it isn't one, a password guards it, or it is of a kind that HTTPS isn't served with.
    case unusableKey
    /// The first certificate is for none of this computer's own names, as clients see it.
    case otherNames
}

/// Looks a server's certificates through, as libcrypto reads them.
package enum CertificateReview {
    /// How long before its expiry a certificate is reported.
    package static let notice: Int64 = 30 * 86_400

    /// Fewer bits of security than this can be broken: RSA of 2048 bits and SHA-224 have 112.
    private static let leastStrength: Int32 = 112

    /// Finds what is wrong with the certificates of a PEM file.
    ///
    /// - Parameters:
    ///   - pem: The server's certificate, then those that lead to its authority.
    ///   - privateKey: The file of its key, which libcrypto reads; nil where it isn't to be looked at. One that can't be
    ///     opened isn't judged.
    ///   - now: Seconds since 1970.
    /// - Returns: The faults, each once, those of the first certificate first; nil if there is no certificate in it, or
    ///   one that can't be read.
    package static func faults(ofPEM pem: [UInt8], privateKey: String?, now: Int64) -> [CertificateFault]? {
        guard let memory = unsafe BIO_new_mem_buf(pem, Int32(clamping: pem.count)) else { return nil }
        defer {
            unsafe BIO_free(memory)
            // The end of the file counts as an error.
            ERR_clear_error()
        }
        var faults: [CertificateFault] = []
        var isFirst = true
        while let certificate = unsafe PEM_read_bio_X509(memory, nil, nil, nil) {
            defer { unsafe X509_free(certificate) }
            faults += unsafe Self.faults(of: certificate, isFirst: isFirst, now: now)
            if isFirst {
                if let privateKey {
                    faults += unsafe [fault(of: privateKey, for: certificate)].compactMap(\.self)
                }
                if unsafe !isForLocalhost(certificate) { faults.append(.otherNames) }
            }
            isFirst = false
        }
        let end = ERR_peek_last_error()
        guard end == 0 || Int32(truncatingIfNeeded: end & 0x7FFFFF) == PEM_R_NO_START_LINE else { return nil }
        var seen: Set<CertificateFault> = []
        return isFirst ? nil : faults.filter { seen.insert($0).inserted }
    }

    @unsafe private static func faults(
        of certificate: OpaquePointer,
        isFirst: Bool,
        now: Int64
    ) -> [CertificateFault] {
        var faults: [CertificateFault] = []
        if let start = unsafe seconds(X509_get0_notBefore(certificate)), start > now {
            faults.append(.notYetValid(start))
        }
        if let end = unsafe seconds(X509_get0_notAfter(certificate)) {
            if end <= now {
                faults.append(.expired(end))
            } else if end - now <= notice {
                faults.append(.expiresSoon(end))
            }
        }
        if let key = unsafe X509_get0_pubkey(certificate),
            unsafe EVP_PKEY_get_security_bits(key) < leastStrength
        {
            faults.append(.weakKey(bits: unsafe Int(EVP_PKEY_get_bits(key))))
        }
        var (digest, strength): (Int32, Int32) = (0, 0)
        // Nobody relies on the signature of an authority that signed itself; on a server's certificate it is a sign of
        // age.
        let isAuthority = unsafe !isFirst && X509_get_extension_flags(certificate) & UInt32(EXFLAG_SS) != 0
        if !isAuthority, unsafe X509_get_signature_info(certificate, &digest, nil, &strength, nil) == 1,
            strength < leastStrength
        {
            let name = unsafe OBJ_nid2sn(digest).map { unsafe String(cString: $0) }
            faults.append(.weakSignature(name ?? "an old digest"))
        }
        return faults
    }

    @unsafe private static func fault(of keyFile: String, for certificate: OpaquePointer) -> CertificateFault?
    {
        // What is left in the queue would count as the end of the certificates.
        defer { ERR_clear_error() }
        guard let file = unsafe BIO_new_file(keyFile, "r") else { return nil }
        defer { unsafe BIO_free(file) }
        // A password is never asked for.
        guard let key = unsafe PEM_read_bio_PrivateKey(file, nil, { _, _, _, _ in -1 }, nil) else {
            return .unusableKey
        }
        defer { unsafe EVP_PKEY_free(key) }
        let kind = unsafe EVP_PKEY_get_base_id(key)
        guard [EVP_PKEY_RSA, EVP_PKEY_EC, EVP_PKEY_ED25519].contains(kind) else { return .unusableKey }
        return unsafe X509_check_private_key(certificate, key) == 1 ? nil : .otherKey
    }

    /// Whether a client that asks for localhost, by name or by address, takes it: none goes by the subject any more.
    @unsafe private static func isForLocalhost(_ certificate: OpaquePointer) -> Bool {
        let flags = UInt32(X509_CHECK_FLAG_NEVER_CHECK_SUBJECT)
        return unsafe X509_check_host(certificate, "localhost", 0, flags, nil) == 1
            || X509_check_ip_asc(certificate, "127.0.0.1", 0) == 1
            || X509_check_ip_asc(certificate, "::1", 0) == 1
    }

    @unsafe private static func seconds(_ time: UnsafePointer<ASN1_TIME>?) -> Int64? {
        var parts = unsafe tm()
        guard unsafe ASN1_TIME_to_tm(time, &parts) == 1 else { return nil }
        return unsafe Int64(timegm(&parts))
    }
}
