// SPDX-License-Identifier: Apache-2.0

import COpenSSL

/// An X.509 certificate in the making, freed at the end of its scope.
@safe struct Certificate: ~Copyable {
    /// The extensions that we set.
    enum Extension {
        case authorityKeyIdentifier
        case basicConstraints
        case extendedKeyUsage
        case keyUsage
        case nameConstraints
        case subjectAltName
        case subjectKeyIdentifier

        fileprivate var number: Int32 {
            switch self {
            case .authorityKeyIdentifier: NID_authority_key_identifier
            case .basicConstraints: NID_basic_constraints
            case .extendedKeyUsage: NID_ext_key_usage
            case .keyUsage: NID_key_usage
            case .nameConstraints: NID_name_constraints
            case .subjectAltName: NID_subject_alt_name
            case .subjectKeyIdentifier: NID_subject_key_identifier
            }
        }
    }

    private let raw: OpaquePointer

    /// Begins one for a key, with a random serial number, good from an hour ago.
    ///
    /// - Parameters:
    ///   - key: Whose it is.
    ///   - name: The common name.
    ///   - days: How long it is good for.
    /// - Throws: `failed`.
    init(key: borrowing KeyPair, name: String, days: Int) throws(CipherError) {
        guard let raw = unsafe X509_new() else { throw .afterwards() }
        guard unsafe Self.fill(raw, key: key, name: name, days: days) else {
            unsafe X509_free(raw)
            throw .afterwards()
        }
        unsafe self.raw = raw
    }

    deinit { unsafe X509_free(raw) }

    /// Adds an extension, its value as in OpenSSL's configuration files.
    func extend(_ kind: Extension, _ value: String) throws(CipherError) {
        try unsafe add(kind, value, issuer: raw)
    }

    /// Adds an extension whose value is drawn from the issuer.
    func extend(_ kind: Extension, _ value: String, issuer: borrowing Certificate) throws(CipherError) {
        try unsafe add(kind, value, issuer: issuer.raw)
    }

    /// Signs it, the last thing that is done to it.
    func sign(by issuer: borrowing Certificate, with key: borrowing KeyPair) throws(CipherError) {
        guard unsafe X509_set_issuer_name(raw, X509_get_subject_name(issuer.raw)) == 1,
            unsafe X509_sign(raw, key.raw, EVP_sha256()) > 0
        else { throw .afterwards() }
    }

    /// Its PEM text.
    func pem() throws(CipherError) -> [UInt8] {
        let memory = try MemoryFile()
        guard unsafe PEM_write_bio_X509(memory.raw, raw) == 1 else { throw .afterwards() }
        return try memory.bytes()
    }

    private func add(_ kind: Extension, _ value: String, issuer: OpaquePointer) throws(CipherError) {
        var context = unsafe X509V3_CTX()
        unsafe X509V3_set_ctx(&context, issuer, raw, nil, nil, 0)
        guard let made = unsafe X509V3_EXT_conf_nid(nil, &context, kind.number, value) else {
            throw .afterwards()
        }
        defer { unsafe X509_EXTENSION_free(made) }
        guard unsafe X509_add_ext(raw, made, -1) == 1 else { throw .afterwards() }
    }

    private static func fill(
        _ raw: OpaquePointer,
        key: borrowing KeyPair,
        name: String,
        days: Int
    ) -> Bool {
        let serial = Randomness.bytes(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        // 2 stands for version 3. Clocks differ a little, also between a host and its containers.
        return unsafe X509_set_version(raw, 2) == 1
            && ASN1_INTEGER_set_uint64(X509_get_serialNumber(raw), serial >> 1 | 1) == 1
            && X509_gmtime_adj(X509_getm_notBefore(raw), -3600) != nil
            && X509_gmtime_adj(X509_getm_notAfter(raw), days * 86_400) != nil
            && X509_set_pubkey(raw, key.raw) == 1
            && X509_NAME_add_entry_by_txt(
                X509_get_subject_name(raw),
                "CN",
                MBSTRING_UTF8,
                Array(name.utf8),
                Int32(name.utf8.count),
                -1,
                0
            ) == 1
    }
}
