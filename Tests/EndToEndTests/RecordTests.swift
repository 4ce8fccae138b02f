// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import TestSupport
import Testing

/// What `keybell log` and the lists of grants tell, and that what failed isn't told as done.
struct RecordTests {
    private let page = [(name: "Url", value: "https://example.org/")]

    @Test func `the log has each allow and each delivery once, and which decision was forgotten`()
        async throws
    {
        let session = try await DaemonSession()
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        _ = try await client.save("https://example.org/", login: "alice", password: "geheim")
        let asking = Task { try await client.ask(.getLogins, page) }
        let question = try await BusAnswerer(session).question()
        #expect(try await session.keybell("allow", question.code, "--scope", "always").status == 0)
        #expect(try await asking.value.entries.count == 1)
        _ = try await client.ask(.getLogins, [("Url", "https://nothing.example/")])
        #expect(try await session.keybell("rename", "firefox", "Work").status == 0)
        let grants = try await session.keybell("grants")
        #expect(grants.output.hasPrefix("firefox "), "\(grants)")
        #expect(try await session.keybell("grants", "Work").output.contains("example.org"))
        #expect(try await session.keybell("forget", "--all").output.contains("1 grant"))
        #expect(try await session.keybell("grants").output.contains("asked about each time"))

        let log = try await session.keybell("log", "--since", "1h").output.split(separator: "\n").map(
            String.init
        )
        #expect(log.count { $0.contains("got 1 login") } == 1, "\(log)")
        #expect(log.count { $0.contains("\(question.code) was allowed") } == 1, "\(log)")
        #expect(log.contains { $0.contains("nothing.example") && $0.contains("there is none") }, "\(log)")
        #expect(log.contains { $0.contains("decision to allow logins for example.org") }, "\(log)")

        #expect(try await session.keybell("revoke", "--all").status == 0)
        #expect(try await session.keybell("clients").output.contains("No client"))
    }

    /// Sends each line of its input as a request, one on each connection, and resets it once so many bytes of the answer
    /// have come; small segments and a small window keep most of a long answer with the daemon.
    private static let resetting = #"""
        import socket, struct, sys

        port, wanted = int(sys.argv[1]), int(sys.argv[2])
        for body in sys.stdin.buffer.read().splitlines():
            s = socket.socket()
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            if wanted > 1:
                s.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 88)
                s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
            s.connect(("127.0.0.1", port))
            s.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
            s.setblocking(wanted > 1)
            count = 0
            while count < wanted:
                try:
                    part = s.recv(200 if wanted > 1 else 1 << 16)
                    if not part: sys.exit("closed")
                    count += len(part)
                except BlockingIOError:
                    pass
            s.close()
        """#

    @Test func `a client that reads its answer and resets the connection stands in the log each time`()
        async throws
    {
        let session = try await DaemonSession.trusting("[[client]]\nid = \"firefox\"\nany_program = true")
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        func save(_ host: String, _ login: String, _ password: String) async throws {
            let fields = [("Url", "https://\(host)/"), ("Login", login), ("Password", password)]
            let reply = try await client.ask(.setLogin, fields)
            #expect(reply.success, "\(reply)")
        }
        for number in 0..<12 {
            try await save("long.example", "\(number)", String(repeating: "x", count: 8000))
        }
        try await save("short.example", "alice", "geheim")
        func reset(_ host: String, times: Int, after bytes: Int) async throws {
            let bodies = try (0..<times).map { _ in
                String(decoding: try client.body(.getLogins, [("Url", "https://\(host)/")]), as: UTF8.self)
            }
            let input = bodies.joined(separator: "\n")
            let arguments = ("\(session.port)", "\(bytes)")
            let report = try await session.run(
                "python3",
                "-c",
                Self.resetting,
                arguments.0,
                arguments.1,
                input: input
            )
            #expect(report.status == 0, "\(report)")
        }
        try await reset("long.example", times: 3, after: 3000)
        try await reset("short.example", times: 100, after: 1)
        // What the daemon has to add to its records stands there when it has ended.
        _ = try await session.stop()
        let log = try await session.keybell("log", "--since", "1h").output.split(separator: "\n")
        #expect(log.count { $0.contains("got 12 logins for long.example") } == 3, "\(log)")
        #expect(log.count { $0.contains("got 1 login for short.example") } == 100)
    }
}
