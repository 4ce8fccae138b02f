// SPDX-License-Identifier: Apache-2.0

import Ciphers
import Foundation
import SecureMemory
import TestSupport
import Testing

/// OpenSSL's own tool is the judge.
@Suite(.enabled(if: InstalledProgram.isThere("openssl"), "openssl is not installed"))
struct LocalCertificateTests {
    private let folder = FileManager.default.temporaryDirectory
        .appending(path: "keybell-" + UUID().uuidString)

    /// Runs `openssl` in a folder with a fresh certificate's files.
    private func openssl(_ arguments: [String]...) throws -> [String] {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // temporary anyway
        let made = try LocalCertificate(days: 10)
        try Data(made.chain).write(to: folder.appending(path: "chain.pem"))
        try Data(made.authority).write(to: folder.appending(path: "authority.pem"))
        let key = try #require(made.privateKey.exposedText())
        try Data(key.utf8).write(to: folder.appending(path: "key.pem"))
        return try arguments.map { arguments in
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/openssl")
            process.arguments = arguments
            process.currentDirectoryURL = folder
            let output = Pipe()
            process.standardOutput = output
            process.standardError = output
            try process.run()
            let bytes = output.fileHandleForReading.readDataToEndOfFile()
            process.waitUntilExit()
            return String(decoding: bytes, as: UTF8.self)
        }
    }

    @Test func `the certificate is good for this computer's names, and for no others`() throws {
        let verify = ["verify", "-purpose", "sslserver", "-CAfile", "authority.pem"]
        let said = try openssl(
            verify + ["-verify_hostname", "localhost", "chain.pem"],
            verify + ["-verify_ip", "127.0.0.1", "chain.pem"],
            verify + ["-verify_ip", "::1", "chain.pem"],
            verify + ["-verify_hostname", "example.org", "chain.pem"],
            ["verify", "-purpose", "sslserver", "chain.pem"]
        )
        #expect(said[..<3].allSatisfy { $0 == "chain.pem: OK\n" }, "\(said)")
        #expect(said[3...].allSatisfy { $0.contains("verification failed") }, "\(said)")
    }

    @Test func `the authority can sign nothing but these names, and the key is the certificate's`() throws {
        let said = try openssl(
            ["x509", "-in", "authority.pem", "-noout", "-text"],
            ["x509", "-in", "chain.pem", "-noout", "-pubkey"],
            ["pkey", "-in", "key.pem", "-pubout"],
            ["x509", "-in", "chain.pem", "-noout", "-checkend", "\(9 * 86_400)"],
            ["x509", "-in", "chain.pem", "-noout", "-checkend", "\(11 * 86_400)"]
        )
        #expect(said[0].contains("X509v3 Name Constraints: critical"))
        #expect(said[0].contains("CA:TRUE, pathlen:0"))
        #expect(said[1] == said[2])
        #expect(said[3].contains("will not expire") && said[4].contains("will expire"))
    }

    @Test func `a key that a password guards can't be used`() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }  // temporary anyway
        let made = try LocalCertificate()
        let (plain, guarded) = (folder.appending(path: "key.pem"), folder.appending(path: "guarded.pem"))
        try Data(try #require(made.privateKey.exposedText()).utf8).write(to: plain)
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/openssl")
        process.arguments = [
            "pkey", "-in", plain.path, "-aes256", "-passout", "pass:secret", "-out", guarded.path,
        ]
        try process.run()
        process.waitUntilExit()
        let now = Int64(Date().timeIntervalSince1970) + 60
        func faults(_ key: URL) -> [CertificateFault]? {
            CertificateReview.faults(ofPEM: made.chain, privateKey: key.path, now: now)
        }
        #expect(faults(plain) == [])
        #expect(faults(guarded) == [.unusableKey])
        let broken = made.chain + Array("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n".utf8)
        #expect(CertificateReview.faults(ofPEM: broken, privateKey: nil, now: now) == nil)
    }

    @Test func `no two are alike`() throws {
        let (first, second) = (try LocalCertificate(), try LocalCertificate())
        #expect(first.chain != second.chain)
        #expect(first.privateKey != second.privateKey)
    }
}
