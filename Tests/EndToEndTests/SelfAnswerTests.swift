// SPDX-License-Identifier: Apache-2.0

import DBus
import KeePassHTTP
import TestSupport
import Testing

/// Programs that ask, and then try to answer themselves by all ways of holding a connection.
struct SelfAnswerTests {
    /// Sends what its first line says, waits for the code, does as its order says and runs `keybell allow CODE`.
    ///
    /// `child`: as it is. `passed`: in a process that isn't its child and was given a copy after the question came.
    /// `handed`: itself, after that process alone has one. `flight`: itself, when nobody has one. `parked`: itself, when just
    /// the bus has one. `joining`: once it is known that its question has joined one that waits.
    private static let script = #"""
        import os, socket, struct, subprocess, sys, time

        port, keybell, order, address = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
        body = sys.stdin.readline().strip().encode()

        def answer(code):
            run = subprocess.run([keybell, "allow", code], capture_output=True, text=True, stdin=subprocess.DEVNULL)
            print(f"status {run.returncode} {run.stderr!r}", flush=True)

        def joined(code):
            # An answer that is no good is refused to anybody else for that, and to who asks before it is looked at.
            call = ["gdbus", "call", "--session", "-d", "org.keybell.Keybell", "-o", "/org/keybell/Approval",
                "-m", "org.keybell.Approval1.Answer", code, "allow", "{'scope': <'always'>}"]
            for _ in range(300):
                run = subprocess.run(call, capture_output=True, text=True, stdin=subprocess.DEVNULL)
                if "NotAllowed" in run.stderr: return
                time.sleep(.05)

        def align(data, to): return data + b"\0" * (-len(data) % to)
        def string(text): return struct.pack("<I", len(text)) + text.encode() + b"\0"
        def call(serial, fields, body=b""):
            head = b""
            for code, type, value in fields:
                head = align(head, 8) + struct.pack("BB", code, len(type)) + type.encode() + b"\0"
                if type == "g": head += struct.pack("B", len(value)) + value.encode() + b"\0"
                elif type == "u": head = align(head, 4) + struct.pack("<I", value)
                else: head = align(head, 4) + string(value)
            return align(struct.pack("<cBBBIII", b"l", 1, 0, 1, len(body), serial, len(head)) + head, 8) + body

        here, there = socket.socketpair()
        if os.fork() == 0:
            if os.fork(): os._exit(0)
            here.close()
            try: _, numbers, _, _ = socket.recv_fds(there, 4, 1)
            except OSError: os._exit(0)
            if numbers: answer(there.recv(4).decode())
            there.recv(1)
            os._exit(0)
        os.wait()
        s = socket.create_connection(("127.0.0.1", port))
        s.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
        code = sys.stdin.readline().strip()
        if order in ("passed", "handed"):
            socket.send_fds(here, [b"copy"], [s.fileno()])
            if order == "passed": here.send(code.encode())
            else:
                s.close()
                answer(code)
        elif order == "flight":
            pair = socket.socketpair()
            socket.send_fds(pair[0], [b"x"], [s.fileno()])
            s.close()
            answer(code)
        elif order == "parked":
            bus = socket.socket(socket.AF_UNIX)
            bus.connect(address.split("path=")[1].split(",")[0])
            for line in (b"\0AUTH EXTERNAL " + str(os.geteuid()).encode().hex().encode(), b"NEGOTIATE_UNIX_FD"):
                bus.sendall(line + b"\r\n")
                bus.recv(1000)
            name = "org.freedesktop.DBus"
            bus.sendall(b"BEGIN\r\n" + call(1, [(1, "o", "/x"), (2, "s", name), (3, "s", "Hello"), (6, "s", name)]))
            bus.recv(1000)
            slow = "org.example.Slow"
            socket.send_fds(bus, [call(2, [(1, "o", "/x"), (2, "s", slow), (3, "s", "Keep"), (6, "s", slow),
                (8, "g", "h"), (9, "u", 1)], struct.pack("<I", 0))], [s.fileno()])
            s.close()
            answer(code)
        else:
            if order == "joining": joined(code)
            answer(code)
        sys.stdin.read()
        """#

    @Test(arguments: ["child", "passed", "handed", "flight", "parked"])
    func `a program can't answer itself, whatever it does with its connection`(order: String) async throws {
        let session = try await DaemonSession()
        // It is started and never comes: what is sent to it waits in the bus.
        _ = try session.bus.folder.write(
            "services/org.example.Slow.service",
            "[D-BUS Service]\nName=org.example.Slow\nExec=/bin/sleep 60\n"
        )
        let asker = try ChildProcess(
            "python3",
            [
                "-c", Self.script, "\(session.port)", DaemonSession.programs + "/keybell", order,
                session.bus.address,
            ],
            environment: session.bus.environment,
            input: nil
        )
        asker.write(String(decoding: try associateBody(), as: UTF8.self) + "\n")
        let question = try await BusAnswerer(session).question()
        #expect(question.caller["pid"]?.asUInt32 == UInt32(asker.pid))
        asker.write(question.code + "\n")
        try await asker.prints("status ")
        #expect(asker.soFar.output.hasPrefix("status 1 "), "\(asker.soFar.output)")
        #expect(asker.soFar.output.contains("can't answer"), "\(asker.soFar.output)")
        #expect(try await BusAnswerer(session).questions().map(\.code) == [question.code])
        let other = try await session.keybell("deny", question.code)
        #expect(other.status == 0, "\(other)")
        asker.closeInput()
    }

    @Test
    func `the second process that waits for the keyring can't answer, and is waited for after the first`()
        async throws
    {
        let session = try await DaemonSession()
        let client = try await ClientProgram.associated(with: session, as: "script")
        try await session.keyring?.lock()
        func asker(_ order: String) throws -> ChildProcess {
            let child = try ChildProcess(
                "python3",
                [
                    "-c", Self.script, "\(session.port)", DaemonSession.programs + "/keybell", order,
                    session.bus.address,
                ],
                environment: session.bus.environment,
                input: nil
            )
            let body = try client.body(.testAssociate, triggerUnlock: true)
            child.write(String(decoding: body, as: UTF8.self) + "\n")
            return child
        }
        let first = try asker("child")
        let question = try await BusAnswerer(session).question()
        #expect(question.kind == "unlock")
        let second = try asker("joining")
        second.write(question.code + "\n")
        try await second.prints("status ")
        #expect(second.soFar.output.contains("can't answer"), "\(second.soFar.output)")
        first.kill()
        _ = try await first.end(within: .seconds(10))
        #expect(try await BusAnswerer(session).questions().map(\.code) == [question.code])
        let other = try await session.keybell("deny", question.code)
        #expect(other.status == 0, "\(other)")
        second.closeInput()
    }
}
