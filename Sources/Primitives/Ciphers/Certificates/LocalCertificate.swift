// SPDX-License-Identifier: Apache-2.0

package import SecureMemory

/// A certificate for this computer's own names, and an authority made for it alone.
///
/// The authority's key is thrown away once it has signed: whoever trusts the authority trusts this one certificate, and
/// nobody, not even its owner, can make another that browsers would take. It is limited to the names besides.
package struct LocalCertificate: Sendable {
    /// The names that it is for.
    package static let names = ["localhost", "127.0.0.1", "::1"]

    /// The certificate and its authority's, as PEM: what a server sends.
    package let chain: [UInt8]
    /// The authority's certificate as PEM: what browsers and tools are told to trust.
    package let authority: [UInt8]
    /// The certificate's private key as PEM.
    package let privateKey: SecretBytes

    /// Makes a new one, with a key on the curve P-256.
    /// - Parameters:
    ///   - days: How long it is good for.
    ///   - name: What the authority is called in lists of certificates.
    /// - Throws: `failed`, where libcrypto can't.
    package init(days: Int = 825, name: String = "Keybell on this computer") throws(CipherError) {
        let issuerKey = try KeyPair()
        let issuer = try Certificate(key: issuerKey, name: name, days: days)
        try issuer.extend(.basicConstraints, "critical,CA:TRUE,pathlen:0")
        try issuer.extend(.keyUsage, "critical,keyCertSign")
        try issuer.extend(
            .nameConstraints,
            "critical,permitted;DNS:localhost,permitted;IP:127.0.0.1/255.255.255.255,"
                + "permitted;IP:::1/ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"
        )
        try issuer.extend(.subjectKeyIdentifier, "hash")
        try issuer.sign(by: issuer, with: issuerKey)

        let key = try KeyPair()
        let leaf = try Certificate(key: key, name: "localhost", days: days)
        try leaf.extend(.basicConstraints, "critical,CA:FALSE")
        try leaf.extend(.keyUsage, "critical,digitalSignature")
        try leaf.extend(.extendedKeyUsage, "serverAuth")
        try leaf.extend(.subjectAltName, "DNS:localhost,IP:127.0.0.1,IP:::1")
        try leaf.extend(.subjectKeyIdentifier, "hash")
        try leaf.extend(.authorityKeyIdentifier, "keyid", issuer: issuer)
        try leaf.sign(by: issuer, with: issuerKey)

        authority = try issuer.pem()
        chain = try leaf.pem() + authority
        privateKey = try key.pem()
    }
}
