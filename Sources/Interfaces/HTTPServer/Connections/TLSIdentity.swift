// SPDX-License-Identifier: Apache-2.0

import Linux
import NIOCore
import NIOSSL

/// Why HTTPS can't be served; ready to be shown to the person.
package enum TLSIdentityError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The file can't be read; why.
    case unreadable(file: String, reason: String)
    /// The file holds no certificate.
    case noCertificate(file: String)
    /// The file holds no private key, or one with a password.
    case noPrivateKey(file: String)
    /// The key isn't the certificate's.
    case mismatch(certificate: String, privateKey: String)

    /// Which file it is, and what is wrong with it.
    package var description: String {
        switch self {
        case .unreadable(let file, let reason): "\(file) can't be read: \(reason)"
        case .noCertificate(let file): "\(file) has no certificate in it (PEM is expected)"
        case .noPrivateKey(let file):
            "\(file) has no private key in it that can be used (PEM without a password is expected)"
        case .mismatch(let certificate, let privateKey):
            "the private key in \(privateKey) isn't that of the certificate in \(certificate)"
        }
    }
}

/// What HTTPS is served with: a certificate and its private key, read once.
package struct TLSIdentity: Sendable {
    private let context: NIOSSLContext
    /// The certificates, each in DER.
    package let chain: [[UInt8]]

    /// Reads them.
    ///
    /// - Parameters:
    ///   - certificate: A PEM file of the certificate and those that lead to its authority.
    ///   - privateKey: A PEM file of its key.
    /// - Throws: What is wrong with which file.
    package init(certificate: String, privateKey: String) throws(TLSIdentityError) {
        try Self.checkReadable(certificate)
        guard let chain = try? NIOSSLCertificate.fromPEMFile(certificate), !chain.isEmpty else {
            throw .noCertificate(file: certificate)  // its error says no more
        }
        // Read by the library alone, so that no other copy of the key is left in memory.
        try Self.checkReadable(privateKey)
        guard let key = try? NIOSSLPrivateKey(file: privateKey, format: .pem) else {
            throw .noPrivateKey(file: privateKey)  // nor does this
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) },
            privateKey: .privateKey(key)
        )
        configuration.minimumTLSVersion = .tlsv12
        configuration.applicationProtocols = ["http/1.1"]
        configuration.shutdownTimeout = .seconds(1)
        guard let context = try? NIOSSLContext(configuration: configuration) else {
            throw .mismatch(certificate: certificate, privateKey: privateKey)  // what else is checked here
        }
        self.context = context
        // It is only compared: all that can't be serialized count as the same.
        self.chain = chain.map { (try? $0.toDERBytes()) ?? [] }
    }

    /// What encrypts one connection; the context is the same for all.
    func handler() -> NIOSSLServerHandler {
        NIOSSLServerHandler(context: context)
    }

    private static func checkReadable(_ file: String) throws(TLSIdentityError) {
        do throws(SystemCallError) {
            try FileBytes.checkReadable(file)
        } catch {
            throw .unreadable(file: file, reason: "\(error)")
        }
    }
}

extension NIOSSLError {
    /// Whether a peer has closed its end without close_notify: HTTP itself says where a message ends.
    static func isUncleanShutdown(_ error: any Error) -> Bool {
        if case .uncleanShutdown? = error as? NIOSSLError { true } else { false }
    }

    /// Whether an error comes from the encryption rather than from what was encrypted.
    static func isTLS(_ error: any Error) -> Bool {
        error is NIOSSLError || error is BoringSSLError || error is NIOSSLExtraError
    }
}
