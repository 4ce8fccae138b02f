// SPDX-License-Identifier: Apache-2.0

import Operations
import TestSupport
import Testing

@testable import HTTPServer

/// Peers that hang up without a word, having read some of their answer or all of it; those that have gone before are in
/// `ConnectionTests`.
@Suite(.timeLimit(.minutes(2))) struct DeliveryTests {
    /// Sends requests, one on each connection, and resets it once so many bytes of the answer have come.
    ///
    /// Small segments and a small window keep most of a long answer on the other side.
    private static let script = #"""
        import socket, struct, sys

        port, times, wanted = map(int, sys.argv[1:4])
        request = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"
        for _ in range(times):
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            if wanted > 1:
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 88)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            s.connect(("127.0.0.1", port))
            s.sendall(request)
            s.setblocking(wanted > 1)
            count = 0
            while count < wanted:
                try:
                    count += len(s.recv(200 if wanted > 1 else 1 << 16))
                except BlockingIOError:
                    pass
            s.close()
        """#

    private static func reset(_ port: UInt16, times: Int = 1, after bytes: Int) async throws {
        let report = try await ChildProcess.run("python3", ["-c", script, "\(port)", "\(times)", "\(bytes)"])
        #expect(report.status == 0, "\(report)")
    }

    @Test func `who has read some of a long answer may have all of it`() async throws {
        // More than two kernels' buffers take.
        let text = "\"" + String(repeating: "x", count: 16 << 20) + "\""
        let echo = Echo { _, _ in text }
        try await withListener(echo) { port async throws in
            try await Self.reset(port, after: 3000)
            #expect(await echo.delivery() == .uncertain)
        }
    }

    @Test func `who resets the connection the moment it has the answer has it`() async throws {
        let echo = Echo()
        try await withListener(echo) { port async throws in
            try await Self.reset(port, times: 300, after: 1)
            for _ in 0..<300 { #expect(await echo.delivery() != .notSent) }
        }
    }
}
