// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import TestSupport
import Testing

struct DaemonAccessPolicyTests {
    @Test func `another user's connection is closed before anything is said`() async throws {
        let session = try await DaemonSession()
        let script = """
            import os, socket
            os.setgid(65534); os.setuid(65534)
            s = socket.create_connection(("127.0.0.1", \(session.port)), 10)
            s.settimeout(10)
            try:
                s.sendall(b"GET /version HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n")
                print(repr(s.recv(100)))
            except ConnectionError:
                print("closed")
            """
        let report = try await ChildProcess.run("python3", ["-c", script])
        #expect(["b''\n", "closed\n"].contains(report.output), "\(report)")
        let own = try await session.run("curl", "-sS", "http://127.0.0.1:\(session.port)/version")
        #expect(own.output.contains("2.3.1.0"))
    }

    @Test(arguments: [
        (["Host: evil.example"], 403), (["Origin: https://evil.example"], 403), (["Origin: null"], 403),
        (["Sec-Fetch-Site: cross-site"], 403), (["Origin: chrome-extension://abcdef"], 200),
        (["Origin: moz-extension://0000", "Sec-Fetch-Site: same-origin"], 200), (["Content-Type:"], 200),
    ])
    func `Host and Origin are checked`(headers: [String], status: Int) async throws {
        let session = try await DaemonSession()
        let reply = try await session.send(OutgoingRequest.ping(), headers: headers)
        #expect(reply.status == status)
        #expect(try reply.json["Success"] as? Bool == false)
        #expect(!reply.head.contains("Access-Control-Allow-Origin: *"))
    }

    @Test(arguments: [
        ("{", 400), ("[]", 400), ("{}", 400), (#"{"RequestType":"no-such-thing"}"#, 400),
        (#"{"RequestType":"get-logins","Id":"x","Nonce":"AA","Verifier":"!"}"#, 200),
        (#"{"RequestType":"associate"}"#, 400),
        (#"{"RequestType":"test-associate","TriggerUnlock":"False"}"#, 200),
    ])
    func `bad input gets a sentence`(body: String, status: Int) async throws {
        let session = try await DaemonSession()
        let reply = try await session.send(Array(body.utf8))
        #expect(reply.status == status)
        #expect(try reply.json["Success"] as? Bool == false)
        #expect(reply.head.lowercased().contains("content-length"))
        if status != 200 { #expect(try (reply.json["Error"] as? String)?.isEmpty == false) }
    }

    @Test func `a body of more than a mebibyte is refused`() async throws {
        let session = try await DaemonSession()
        let body = Array(repeating: UInt8(ascii: " "), count: 1 << 20) + Array("{}".utf8)
        #expect(try await session.send(body).status == 413)
    }

    @Test func `a GET with a body is a request, as the Perl client sends it`() async throws {
        let session = try await DaemonSession()
        let report = try await ChildProcess.run(
            "curl",
            [
                "-sS", "-i", "-X", "GET", "--data-binary",
                String(decoding: OutgoingRequest.ping(), as: UTF8.self),
                "http://localhost:\(session.port)/",
            ]
        )
        let reply = try HTTPReply(report)
        #expect(reply.status == 200)
        #expect(try (reply.json["Hash"] as? String)?.count == 40)
    }

    @Test func `the person is told which program asks`() async throws {
        let session = try await DaemonSession()
        let client = ClientProgram(session)
        let executables = Executables()
        _ = try await BusAnswerer(session).answering(decision: "deny", seen: { executables.note($0) }) {
            try await client.ask(.associate)
        }
        #expect(executables.all == ["/usr/bin/curl"])
    }
}
