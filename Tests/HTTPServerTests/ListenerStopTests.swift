// SPDX-License-Identifier: Apache-2.0

import Foundation
import Operations
import Synchronization
import TestSupport
import Testing

@testable import HTTPServer

/// The listener's end while connections are open.
@Suite struct ListenerStopTests {
    /// What a peer sends and waits for before the stop, and what it has read by then.
    private static let states: [(text: String, shown: String)] = [
        ("", ""),
        ("POST / HT", ""),
        (ConnectionTests.head + "Expect: 100-continue\r\nContent-Length: 9\r\n\r\n", "100 Continue"),
        ("GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n", "2.3.1.0"),
        (request("GET /version"), "2.3.1.0"),
        ("nonsense\r\n\r\n", "400"),
        (ConnectionTests.whole, ""),
    ]

    /// Opens connections in each state, without and with TLS, and keeps them until it is told to end.
    private static let crowd = #"""
        import json, socket, ssl, sys

        port, tls, each, states = int(sys.argv[1]), sys.argv[2] == "tls", int(sys.argv[3]), json.loads(sys.argv[4])
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        kept = []
        for text, shown in states:
            for _ in range(each):
                s = socket.create_connection(("127.0.0.1", port), 20)
                kept.append(s)
                if tls and text == "POST / HT":
                    s.sendall(b"\x16\x03\x01")
                    continue
                if tls and text:
                    s = context.wrap_socket(s)
                    kept.append(s)
                if text: s.sendall(text.encode())
                got = b""
                while shown.encode() not in got: got += s.recv(10000)
        print("open", flush=True)
        sys.stdin.read()
        """#

    @Test(arguments: [false, true])
    func `no open connection holds up the stop, whatever it is at`(isEncrypted: Bool) async throws {
        let identity = try isEncrypted ? testIdentity(in: TemporaryFolder()) : nil
        let gate = Gate()
        // Its answer is more than any socket takes, and its peer reads nothing.
        let long = String(repeating: "x", count: 32 << 20)
        let echo = Echo { _, _ in
            await gate.pass()
            return long
        }
        var options = ListenerOptions()
        (options.headDeadline, options.bodyDeadline) = (.seconds(600), .seconds(600))
        options.idleDeadline = .seconds(600)
        let child = Mutex<ChildProcess?>(nil)
        let each = 2
        var start = ContinuousClock.now
        try await withListener(echo, options: options, tls: identity) { port async throws in
            let states = try JSONEncoder().encode(Self.states.map { [$0.text, $0.shown] })
            let crowd = try ChildProcess(
                "python3",
                ["-c", Self.crowd, "\(port)", isEncrypted ? "tls" : "plain", "\(each)"]
                    + [String(decoding: states, as: UTF8.self)],
                input: nil
            )
            child.withLock { $0 = crowd }
            #expect(try await crowd.firstLine() == "open")
            for _ in 0..<each { await gate.arrival() }
            start = .now
        }
        // A second or so for whoever is to read a last answer, and for TLS's close_notify; else it would be ten minutes.
        #expect(ContinuousClock.now - start < .seconds(60))
        child.withLock { $0 }?.closeInput()
    }
}
