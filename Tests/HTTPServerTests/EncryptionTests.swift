// SPDX-License-Identifier: Apache-2.0

import Ciphers
import Foundation
import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Operations
import SecureMemory
import TestSupport
import Testing

@testable import HTTPServer

/// What the peer of an encrypted connection may do, and for how long.
@Suite struct EncryptionTests {
    private let folder: TemporaryFolder
    private let identity: TLSIdentity

    init() throws {
        folder = try TemporaryFolder()
        identity = try Self.identity(in: folder)
    }

    private static func identity(in folder: TemporaryFolder) throws -> TLSIdentity {
        let made = try LocalCertificate()
        return try TLSIdentity(
            certificate: folder.write("chain.pem", String(decoding: made.chain, as: UTF8.self)),
            privateKey: folder.write("key.pem", try #require(made.privateKey.exposedText()))
        )
    }

    @Test(arguments: ["", "\u{16}\u{3}\u{1}"])
    func `a peer that doesn't end its handshake is dropped as one that doesn't end its head`(text: String)
        async throws
    {
        var options = ListenerOptions()
        options.headDeadline = .milliseconds(50)
        try await withListener(options: options, tls: identity) { port async throws in
            #expect(try await exchange(port, text) == "")
        }
    }

    @Test func `a peer that speaks plain HTTP is dropped, and the next is served`() async throws {
        try await withListener(tls: identity) { port async throws in
            let answer = try await exchange(port, request("GET /version"))
            #expect(!answer.contains("HTTP/1.1"))
            #expect(try await encrypted(port, request("POST /", body: "{}")).content == "\"2\"")
        }
    }

    @Test func `an answer that went out encrypted is delivered`() async throws {
        let echo = Echo()
        try await withListener(echo, tls: identity) { port async throws in
            #expect(try await encrypted(port, request("POST /", body: "{}")).status == "200")
            #expect(await echo.delivery() == .arrived)
        }
    }

    @Test func `a peer that ends after its handshake, or in its middle, takes nobody with it`() async throws {
        try await withListener(tls: identity) { port async throws in
            #expect(try await encrypted(port, "POST / HTTP/1.1\r\nHost: lo", ends: true) == "")
            try await TestPeer.with(port: port) { peer in try await peer.send("\u{16}\u{3}\u{1}") }
            #expect(try await encrypted(port, request("POST /", body: "{}")).status == "200")
        }
    }

    @Test func `the encrypted connection that is one too many is told so`() async throws {
        try await withListener(limit: ConnectionLimit(0), tls: identity) { port async throws in
            #expect(try await encrypted(port, "").status == "429")
        }
    }

    @Test func `a certificate that was renewed in place is told from the one before`() throws {
        let again = try TLSIdentity(certificate: folder.path("chain.pem"), privateKey: folder.path("key.pem"))
        #expect(again.chain == identity.chain && !identity.chain.contains([]) && !identity.chain.isEmpty)
        #expect(try Self.identity(in: folder).chain != identity.chain)
    }

    @Test func `what is wrong with which file is said`() throws {
        let chain = folder.path("chain.pem")
        let missing = folder.path("missing.pem")
        #expect(throws: TLSIdentityError.unreadable(file: missing, reason: "open: No such file or directory"))
        {
            try TLSIdentity(certificate: missing, privateKey: missing)
        }
        #expect(throws: TLSIdentityError.unreadable(file: folder.path, reason: "open: Is a directory")) {
            try TLSIdentity(certificate: chain, privateKey: folder.path)
        }
        #expect(throws: TLSIdentityError.noCertificate(file: folder.path("key.pem"))) {
            try TLSIdentity(certificate: folder.path("key.pem"), privateKey: chain)
        }
        #expect(throws: TLSIdentityError.noPrivateKey(file: chain)) {
            try TLSIdentity(certificate: chain, privateKey: chain)
        }
        let other = try LocalCertificate()
        let otherKey = try folder.write("other.pem", try #require(other.privateKey.exposedText()))
        #expect(throws: TLSIdentityError.mismatch(certificate: chain, privateKey: otherKey)) {
            try TLSIdentity(certificate: chain, privateKey: otherKey)
        }
    }
}

/// Sends text by TLS and gives all that comes back until the connection closes.
private func encrypted(_ port: UInt16, _ text: String, ends: Bool = false) async throws -> String {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.certificateVerification = .none
    configuration.shutdownTimeout = .milliseconds(10)
    let context = try NIOSSLContext(configuration: configuration)
    return try await TestPeer.with(port: port, tls: context) { peer in
        if !text.isEmpty { try await peer.send(text) }
        if ends { return "" }
        return try await peer.rest()
    }
}
