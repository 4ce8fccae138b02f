// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Linux
import NIOCore
import NIOPosix
import NIOSSL

/// One connection to a listener, as bytes.
final class TestPeer {
    private var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    private let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>

    private init(
        inbound: NIOAsyncChannelInboundStream<ByteBuffer>,
        outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) {
        self.inbound = inbound.makeAsyncIterator()
        self.outbound = outbound
    }

    /// Connects, talks and closes.
    static func with<Result: Sendable>(
        port: UInt16,
        host: String = "127.0.0.1",
        tls: NIOSSLContext? = nil,
        talk: @Sendable @escaping (TestPeer) async throws -> Result
    ) async throws -> Result {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true)
            .connect(host: host, port: Int(port)) { channel in
                channel.eventLoop.makeCompletedFuture {
                    // A program that another test starts would keep the connection open.
                    try channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
                        of: NIOBSDSocket.Handle.self
                    ) { Descriptor.closeOnExec($0) }
                    if let tls {
                        let handler = try NIOSSLClientHandler(context: tls, serverHostname: nil)
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                    return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(isOutboundHalfClosureEnabled: true)
                    )
                }
            }
        // A test that waits for ever says nothing: this says where.
        return try await withDeadline(.seconds(20)) {
            try await channel.executeThenClose { inbound, outbound in
                try await talk(TestPeer(inbound: inbound, outbound: outbound))
            }
        }
    }

    func send(_ text: String) async throws {
        try await outbound.write(ByteBuffer(string: text))
    }

    /// Shuts the sending side alone.
    func finish() {
        outbound.finish()
    }

    /// Everything until the other side closes.
    func rest() async throws -> String {
        var text = ""
        do {
            while let part = try await inbound.next(isolation: #isolation) { text += String(buffer: part) }
        } catch is NIOSSLError {
            // Nobody waits for TLS's close_notify on a connection that is cut.
        } catch is IOError {
            // A connection that is dropped with something of ours unread is reset: an end as well.
        }
        return text
    }

    /// What comes until it contains a text, or the other side closes.
    func until(_ end: String) async throws -> String {
        var text = ""
        while let part = try await inbound.next(isolation: #isolation) {
            text += String(buffer: part)
            if text.contains(end) { break }
        }
        return text
    }
}

/// Sends one request and gives all that comes back until the connection closes.
func exchange(_ port: UInt16, _ text: String, host: String = "127.0.0.1") async throws -> String {
    try await TestPeer.with(port: port, host: host) { peer in
        try await peer.send(text)
        return try await peer.rest()
    }
}

/// A request with a Host, closing the connection after its answer.
func request(_ line: String, _ fields: [String] = [], body: String? = nil) -> String {
    let length = body.map { ["Content-Length: \($0.utf8.count)"] } ?? []
    let head = ["\(line) HTTP/1.1", "Host: localhost", "Connection: close"] + length + fields
    return head.joined(separator: "\r\n") + "\r\n\r\n" + (body ?? "")
}

extension String {
    /// The status of an HTTP answer.
    var status: String { split(separator: " ").dropFirst().first.map(String.init) ?? "" }

    /// What follows the head of an HTTP answer.
    var content: String {
        var lines = split(separator: "\r\n", omittingEmptySubsequences: false)[...]
        while let line = lines.popFirst(), !line.isEmpty {}
        return lines.joined(separator: "\r\n")
    }

    /// The value of a field of an HTTP answer.
    func field(_ name: String) -> String? {
        for line in split(separator: "\r\n", omittingEmptySubsequences: false) {
            if line.isEmpty { return nil }
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == name.lowercased() else { continue }
            return parts[1].split(separator: " ").joined(separator: " ")
        }
        return nil
    }
}
