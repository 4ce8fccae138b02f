// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import Linux

@Suite struct SocketTableTests {
    @Test(arguments: ["127.0.0.1", "::1"])
    func `the owner of the other end of a connection is found by its addresses`(host: String) throws {
        let pair = try Loopback(host)
        let owner = try #require(try SocketTable.owner(local: pair.client, remote: pair.server))
        #expect(owner.uid == getuid())
        #expect(SocketHolder.find([owner.inode]).holders.map(\.pid) == [getpid()])
        #expect(try SocketQuery(local: pair.client, remote: pair.server).ask() == owner)
    }

    @Test func `a search that has no more time says that it isn't complete`() throws {
        let pair = try Loopback("127.0.0.1")
        let owner = try #require(try SocketTable.owner(local: pair.client, remote: pair.server))
        #expect(SocketHolder.find([owner.inode]).isComplete)
        let cut = SocketHolder.find([owner.inode], within: .zero)
        #expect(!cut.isComplete && cut.holders.isEmpty)
    }

    @Test func `a client on a mapped IPv6 socket is found by the IPv4 addresses`() throws {
        let pair = try Loopback("127.0.0.1", mapped: true)
        let owner = try #require(
            try SocketTable.owner(local: pair.client.unmapped, remote: pair.server.unmapped)
        )
        #expect(SocketHolder.find([owner.inode]).holders.map(\.pid) == [getpid()])
    }

    @Test func `a pair of addresses that nobody has is nobody's`() throws {
        let pair = try Loopback("127.0.0.1")
        let other = try #require(InternetAddress("127.0.0.1", port: 1))
        #expect(try SocketTable.owner(local: other, remote: pair.server) == nil)
        #expect(try SocketTable.owner(local: pair.server, remote: other) == nil, "a listener is no peer")
    }

    @Test(arguments: ["127.0.0.1", "::1"])
    func `where the kernel answers, its tables aren't read for a peer that has gone`(host: String) throws {
        let pair = try Loopback(host)
        #expect(try SocketQuery(local: pair.client, remote: pair.server).ask().uid == getuid())
        let other = try #require(InternetAddress(host, port: 1))
        let found = try SocketTable.owner(local: other, remote: pair.server) { () throws(SystemCallError) in
            Issue.record("they may be long")
            return nil
        }
        #expect(found == nil)
    }

    @Test func `a peer that has closed is nobody's`() throws {
        let (client, server) = try addressesOfClosedPair()
        // A program that another test starts has a copy until it is what it is to be.
        let end = ContinuousClock.now + .seconds(20)
        while try SocketTable.owner(local: client, remote: server) != nil, ContinuousClock.now < end {
            usleep(1000)
        }
        #expect(try SocketTable.owner(local: client, remote: server) == nil)
    }

    private func addressesOfClosedPair() throws -> (InternetAddress, InternetAddress) {
        let pair = try Loopback("127.0.0.1")
        return (pair.client, pair.server)
    }

    @Test func `who listens on a port is found, also on all addresses`() throws {
        let pair = try Loopback("127.0.0.1")
        let mine = try #require(try SocketTable.listener(on: pair.server))
        #expect(SocketHolder.find([mine.inode]).holders.map(\.pid) == [getpid()])
        let free = try #require(InternetAddress("127.0.0.1", port: 1))
        #expect(try SocketTable.listener(on: free) == nil)
    }

    @Test func `a line of the kernel's table is read in host byte order`() throws {
        let line =
            "   0: 0100007F:4BFF 0200007F:D431 01 00000000:00000000 00:00000000 00000000  1000        0 77 1"
        let parsed = try #require(SocketLine(Array(line.utf8)))
        #expect(parsed.local == InternetAddress("127.0.0.1", port: 19455))
        #expect(parsed.remote == InternetAddress("127.0.0.2", port: 54321))
        #expect(parsed.uid == 1000)
        #expect(parsed.inode == 77)
        let six =
            "1: 00000000000000000000000001000000:4BFF 0000000000000000FFFF00000100007F:0001 0A 0:0 0:0 0 0 0 5"
        let other = try #require(SocketLine(Array(six.utf8)))
        #expect(other.local == InternetAddress("::1", port: 19455))
        #expect(other.remote.unmapped == InternetAddress("127.0.0.1", port: 1))
        #expect(other.isListening)
        #expect(SocketLine(Array("  sl  local_address rem_address   st".utf8)) == nil)
    }

    @Test func `the tables of proc know the same owner as the exact query`() throws {
        let pair = try Loopback("127.0.0.1", mapped: true)
        let lines = try FileBytes.read("/proc/net/tcp6", limit: 64 << 20)
            .split(separator: UInt8(ascii: "\n")).compactMap { SocketLine($0) }
        let line = lines.first {
            $0.local.unmapped == pair.client.unmapped && $0.remote.unmapped == pair.server.unmapped
        }
        let owner = try SocketTable.owner(local: pair.client, remote: pair.server)
        #expect(line?.inode == owner?.inode)
    }

    @Test(arguments: [
        ("127.0.0.1", true), ("127.8.9.1", true), ("::1", true), ("::ffff:127.0.0.1", true),
        ("0.0.0.0", false),
        ("::", false), ("10.0.0.1", false), ("fe80::1", false), ("::ffff:10.0.0.1", false),
    ])
    func `only loopback addresses are loopback`(host: String, isLoopback: Bool) throws {
        let address = try #require(InternetAddress(host, port: 1))
        #expect(address.isLoopback == isLoopback)
    }

    @Test(arguments: ["", "localhost", "127.1", "[::1]", "::1%lo", "1.2.3.4:5"])
    func `what is not an address is none`(text: String) {
        #expect(InternetAddress(text, port: 1) == nil)
    }
}

/// A listener, a client and the accepted connection, all in this process.
struct Loopback: ~Copyable {
    let listener: Descriptor
    let connection: Descriptor
    let accepted: Descriptor
    let client: InternetAddress
    let server: InternetAddress

    init(_ host: String, mapped: Bool = false) throws {
        let bare = try #require(InternetAddress(host, port: 0))
        let socket = try ListeningSocket(binding: bare)
        let listener = Descriptor(adopting: try #require(socket.take()))
        let server = socket.address
        let connection = try Self.socket(isIPv6: bare.isIPv6 || mapped)
        unsafe try Self.call(connect, on: connection.number, with: mapped ? Self.mapped(server) : server)
        let accepted = try Descriptor("accept", accept(listener.number, nil, nil))
        self.client = try #require(InternetAddress(ofSocket: connection.number))
        self.server = server
        self.listener = listener
        self.connection = connection
        self.accepted = accepted
    }

    private static func socket(isIPv6: Bool) throws -> Descriptor {
        try Descriptor("socket", Glibc.socket(isIPv6 ? AF_INET6 : AF_INET, Int32(SOCK_STREAM.rawValue), 0))
    }

    /// An IPv4 address as `::ffff:a.b.c.d`.
    private static func mapped(_ address: InternetAddress) throws -> InternetAddress {
        let bytes = [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF] + address.bytes
        return try #require(InternetAddress(bytes: bytes, port: address.port))
    }

    private static func call(
        _ function: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32,
        on number: Int32,
        with address: InternetAddress
    ) throws {
        let bytes = address.socketAddress
        let result = unsafe bytes.withUnsafeBytes { buffer -> Int32 in
            guard let base = unsafe buffer.baseAddress?.assumingMemoryBound(to: sockaddr.self) else {
                return -1
            }
            return unsafe function(number, base, socklen_t(bytes.count))
        }
        try #require(result == 0)
    }
}
