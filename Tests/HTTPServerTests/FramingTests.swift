// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import HTTPServer

/// Bodies in chunks, and what comes with them that is none of the body.
@Suite(.timeLimit(.minutes(1))) struct FramingTests {
    static let head = request("POST /", ["Transfer-Encoding: chunked"])

    /// Some text, and what is repeated after it.
    @Test(arguments: [
        ("1;", "x", 300_000), ("1;a=\"", "x", 300_000), ("", "1\r\nx\r\n", 100_000),
        ("1\r\nx\r\n", "0", 100_000),
    ])
    func `a body with more framing than body is refused before it ends`(
        beginning: String,
        piece: String,
        count: Int
    ) async throws {
        let chunks = beginning + String(repeating: piece, count: count)
        // Its deadline is far off: an answer comes now or never.
        var options = ListenerOptions()
        options.bodyDeadline = .seconds(600)
        try await withListener(options: options) { port async throws in
            let answer = try await TestPeer.with(port: port) { peer in
                // The connection may be closed before all is sent.
                try? await peer.send(Self.head + chunks)
                return try await peer.rest()
            }
            #expect(answer.status == "400")
            #expect(answer.content.hasPrefix(#"{"Success":false,"Error":"The body"#))
            #expect(answer.field("Content-Length") == "\(answer.content.utf8.count)")
        }
    }

    @Test func `a body in small chunks is taken, and one of ordinary chunks up to its limit`() async throws {
        try await withListener { port async throws in
            let small = String(repeating: "1\r\nx\r\n", count: 2000) + "0\r\n\r\n"
            #expect(try await exchange(port, Self.head + small).content == "\"2000\"")
            let chunk = "40\r\n" + String(repeating: "x", count: 64) + "\r\n"
            let large = String(repeating: chunk, count: 16_000) + "0\r\n\r\n"
            #expect(try await exchange(port, Self.head + large).content == "\"1024000\"")
        }
    }

    @Test func `what is counted is what comes beside the body`() {
        var meter = FramingOverhead()
        meter.head()
        meter.body(100)
        let withHead = meter.endRead(of: 1 << 20)
        #expect(!withHead, "the head may be in there")
        meter.body(1000)
        let most = meter.endRead(of: 1000 + HTTPLimits.framing + 1100)
        #expect(!most)
        let more = meter.endRead(of: 1)
        #expect(more)
        meter.end()
        let after = meter.endRead(of: 1 << 20)
        #expect(!after, "nothing is being read")
    }
}
