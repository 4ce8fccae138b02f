// SPDX-License-Identifier: Apache-2.0

import Foundation
import KeePassHTTP
import SecureMemory
import TestSupport
import Testing

/// An allow whose client has given up is for the login that the person saw.
struct StaleAllowTests {
    /// A client program that goes on running when it gives a request up; it asks once for each line that it reads.
    private struct PatientClient {
        private static let script = """
            import socket, sys, time
            drops = 0
            for line in sys.stdin:
                mode, body = line.split()
                body = bytes.fromhex(body)
                peer = socket.create_connection(("127.0.0.1", int(sys.argv[1])))
                head = "POST / HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\nContent-Length: %d\\r\\n\\r\\n"
                peer.sendall((head % len(body)).encode() + body)
                if mode == "drop":
                    time.sleep(1)
                    peer.close()
                    drops += 1
                    print(f"dropped {drops}.", flush=True)
                    continue
                answer = b""
                while chunk := peer.recv(65536):
                    answer += chunk
                print("answer " + answer.split(b"\\r\\n\\r\\n", 1)[1].hex() + ".", flush=True)
            """

        let process: ChildProcess

        init(_ session: DaemonSession) throws {
            process = try ChildProcess(
                "python3",
                ["-c", Self.script, "\(session.port)"],
                environment: session.bus.environment,
                input: nil
            )
        }

        func send(_ mode: String, _ body: [UInt8]) {
            let digits = body.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
            process.write("\(mode) \(digits.joined())\n")
        }
    }

    private let page = [(name: "Url", value: "https://example.org/")]

    @Test func `a retry collects it, unless the login has become another one meanwhile`() async throws {
        let session = try await DaemonSession()
        let client = try await ClientProgram.associated(with: session, as: "firefox")
        let uuid = try #require(
            try await client.save("https://example.org/", login: "alice", password: "geheim").uuid
        )
        let patient = try PatientClient(session)
        func allowUncollected(_ time: Int) async throws {
            patient.send("drop", try client.body(.getLogins, page))
            let question = try await BusAnswerer(session).question()
            try await patient.process.prints("dropped \(time).")
            let told = try await session.keybell("allow", question.code)
            #expect(told.status == 0)
            #expect(told.output.contains("ask again in the program"), "\(told)")
        }
        try await allowUncollected(1)
        patient.send("read", try client.body(.getLogins, page))
        try await patient.process.prints("answer ")
        #expect(try await BusAnswerer(session).questions().isEmpty)

        try await allowUncollected(2)
        let stored = try await session.run(
            "secret-tool",
            "store",
            "--label=Example",
            "xdg:schema",
            "org.keybell.Login",
            "username",
            "mallory",
            "url",
            "https://example.org/",
            "uuid",
            uuid,
            input: "other"
        )
        #expect(stored.status == 0, "\(stored)")
        patient.send("read", try client.body(.getLogins, page))
        let question = try await BusAnswerer(session).question()
        #expect(question.kind == "release")
        #expect(try await session.keybell("deny", question.code).status == 0)
    }
}
