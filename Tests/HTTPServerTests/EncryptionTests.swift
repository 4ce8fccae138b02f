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
        identity = try testIdentity(in: folder)
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

    @Test func `whoever doesn't speak HTTP within TLS isn't told to leave that out`() async throws {
        try await withListener(tls: identity) { port async throws in
            let answer = try await encrypted(port, "nonsense\r\n\r\n")
            #expect(answer.status == "400")
            #expect(answer.content.contains("not a valid HTTP request") && !answer.content.contains("TLS"))
            let long = "X: \(String(repeating: "a", count: 70_000))"
            #expect(try await encrypted(port, request("GET /", [long])).content.contains("too large"))
            let length = "Content-Length: \(2 << 20)"
            #expect(try await encrypted(port, request("POST /", [length])).status == "413")
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

    /// Sends a whole request, then so many bytes of one more, as encrypted, and says whether that was before the connection
    /// ended.
    private static let part = #"""
        import socket, ssl, sys

        request = b"GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n"
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
        inward, outward = ssl.MemoryBIO(), ssl.MemoryBIO()
        t = context.wrap_bio(inward, outward)
        while True:
            try:
                t.do_handshake()
                break
            except ssl.SSLWantReadError:
                s.sendall(outward.read())
                inward.write(s.recv(10000))
        t.write(request)
        whole = outward.read()
        t.write(request)
        part = outward.read()[:int(sys.argv[2])]
        if sys.argv[3] == "glued":
            s.sendall(whole + part)
        else:
            s.sendall(whole)
            text = b""
            while not text.partition(b"\r\n\r\n")[2]:
                try: text += t.read(10000)
                except ssl.SSLWantReadError: inward.write(s.recv(10000))
            s.sendall(part)
        try:
            while s.recv(10000): pass
        except ConnectionResetError: pass
        print("dropped", flush=True)
        """#

    @Test(arguments: [(1, "glued"), (40, "glued"), (1, "alone"), (40, "alone")])
    func `a request of which a part of a record has come is waited for like any`(count: Int, how: String)
        async throws
    {
        var options = ListenerOptions()
        (options.headDeadline, options.idleDeadline) = (.seconds(1), .seconds(600))
        try await withListener(options: options, tls: identity) { port async throws in
            let child = try ChildProcess("python3", ["-c", Self.part, "\(port)", "\(count)", how])
            #expect(try await child.firstLine() == "dropped")
        }
    }

    @Test func `records are told apart however they come`() {
        let records: [UInt8] =
            [22, 3, 1, 0, 3, 1, 2, 3] + [23, 3, 3, 0, 0] + [23, 3, 3, 1, 1]
            + [UInt8](repeating: 23, count: 257)
        let ends: Set = [0, 8, 13, records.count]
        for first in 0...records.count {
            for second in first...records.count {
                var framing = TLSRecordFraming()
                framing.take(ByteBuffer(bytes: records[..<first]).readableBytesView)
                #expect(framing.isWithinRecord == !ends.contains(first))
                framing.take(ByteBuffer(bytes: records[first..<second]).readableBytesView)
                #expect(framing.isWithinRecord == !ends.contains(second))
            }
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
        #expect(try testIdentity(in: folder).chain != identity.chain)
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

/// A new certificate and its key, from files of a folder.
func testIdentity(in folder: TemporaryFolder) throws -> TLSIdentity {
    let made = try LocalCertificate()
    return try TLSIdentity(
        certificate: folder.write("chain.pem", String(decoding: made.chain, as: UTF8.self)),
        privateKey: folder.write("key.pem", try #require(made.privateKey.exposedText()))
    )
}

/// Sends text by TLS and gives all that comes back until the connection closes.
func encrypted(_ port: UInt16, _ text: String, ends: Bool = false) async throws -> String {
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
