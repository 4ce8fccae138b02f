// SPDX-License-Identifier: Apache-2.0

import Callers
import Glibc
import Operations
import Synchronization
import TestSupport
import Testing

@testable import HTTPServer

/// Connections that another process goes on with.
@Suite struct PassedConnectionTests {
    /// Who is found to send each request.
    private final class Senders: Sendable {
        private let callers = Mutex<[Caller]>([])

        var all: [Caller] { callers.withLock { $0 } }

        func handler(_ find: @escaping @Sendable (any Requester) async -> Caller) -> Echo {
            Echo { _, requester in
                let caller = await find(requester)
                self.callers.withLock { $0.append(caller) }
                return "\"\""
            }
        }
    }

    /// Two processes that aren't one another's children.
    ///
    /// The second gets the socket when the first has sent so many requests and bytes of one more. Then it sends what is left
    /// and prints its number.
    private static let script = #"""
        import os, socket, sys, time

        port, whole, part, pause, keeps = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), sys.argv[5]
        request = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"

        def answer(s):
            text = b""
            while not text.endswith(b'""'): text += s.recv(1000)

        here, there = socket.socketpair()
        if os.fork() == 0:
            if os.fork(): os._exit(0)
            _, numbers, _, _ = socket.recv_fds(there, 1, 1)
            s = socket.socket(fileno=numbers[0])
            there.recv(1)
            s.sendall(request[part:])
            answer(s)
            print(os.getpid(), flush=True)
            sys.stdin.read()
            os._exit(0)
        os.wait()
        s = socket.create_connection(("127.0.0.1", port))
        for _ in range(whole):
            s.sendall(request)
            answer(s)
        s.sendall(request[:part])
        time.sleep(pause)
        socket.send_fds(here, [b"x"], [s.fileno()])
        if keeps == "no": s.close()
        here.send(b"y")
        sys.stdin.read()
        """#

    /// The numbers of the first and the second process.
    private func hand(
        on port: UInt16,
        after whole: Int = 0,
        and part: Int = 0,
        pausing pause: Double = 0,
        keeping: Bool = false
    ) async throws -> (first: Int32, second: Int32, running: ChildProcess) {
        let arguments = ["\(port)", "\(whole)", "\(part)", "\(pause)", keeping ? "yes" : "no"]
        let child = try ChildProcess("python3", ["-c", Self.script] + arguments, input: nil)
        return (child.pid, try #require(Int32(try await child.firstLine())), child)
    }

    @Test(arguments: [false, true])
    func `who goes on with a connection is the one who asks next`(isAnew: Bool) async throws {
        let senders = Senders()
        let handler = senders.handler { isAnew ? await $0.asker() : await $0.caller() }
        try await withListener(handler) { port async throws in
            let (first, second, child) = try await hand(on: port, after: 2)
            #expect(
                senders.all.map { $0.askers.map(\.process.identity.pid) } == [[first], [first], [second]]
            )
            #expect(senders.all.map { $0.holders.map(\.pid) } == [[first], [first], [second]])
            child.closeInput()
        }
    }

    @Test func `one who shares a connection with another is shown beside it`() async throws {
        let senders = Senders()
        try await withListener(senders.handler { await $0.asker() }) { port async throws in
            let (first, second, child) = try await hand(on: port, after: 1, keeping: true)
            #expect(senders.all.map { Set($0.holders.map(\.pid)) } == [[first], [first, second]])
            #expect(senders.all.last?.askers.count == 2)
            child.closeInput()
        }
    }

    @Test func `who hangs up while it is asked about is still known for the next question`() async throws {
        let senders = Senders()
        let gate = Gate()
        let handler = senders.handler { requester in
            let first = await requester.asker()
            await gate.pass()
            let second = await requester.asker()
            #expect(first == second)
            #expect(await requester.sender() == first)
            return second
        }
        try await withListener(handler) { port async throws in
            try await TestPeer.with(port: port) { peer in
                try await peer.send(ConnectionTests.whole)
                await gate.arrival()
            }
            gate.open()
            #expect(await handler.delivery() == .notSent)
        }
        #expect(senders.all.map { $0.askers.map(\.process.identity.pid) } == [[getpid()]])
        #expect(senders.all.allSatisfy { !$0.hasLeft })
    }

    @Test func `one who began a request and left the rest to another is among those who had it`() async throws
    {
        // It is looked at soon after the first byte: how soon, a busy machine decides.
        for pause in [0.1, 1, 5, 20] {
            let senders = Senders()
            try await withListener(senders.handler { await $0.asker() }) { port async throws in
                let (first, second, child) = try await hand(on: port, and: 30, pausing: pause)
                #expect(senders.all.last?.holders.contains { $0.pid == second } == true)
                if senders.all.last?.holders.contains(where: { $0.pid == first }) == true { return }
                child.closeInput()
                if pause == 20 { Issue.record("the first was never seen") }
            }
            if senders.all.last?.holders.count == 2 { return }
        }
    }

    /// Opens half-sent requests of a web page, then sends as many whole ones at once as it is told.
    private static let crowd = #"""
        import socket, sys

        port, halves, wholes = (int(x) for x in sys.argv[1:])
        kept = [socket.create_connection(("127.0.0.1", port)) for _ in range(halves)]
        for s in kept: s.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\n")
        asking = [socket.create_connection(("127.0.0.1", port)) for _ in range(wholes)]
        for s in asking: s.sendall(b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}")
        for s in asking:
            text = b""
            while not text.endswith(b'""'): text += s.recv(1000)
        print("done", flush=True)
        sys.stdin.read()
        """#

    @Test(arguments: [(0, 40), (0, 100), (80, 40)])
    func `many who ask at once are all known, also beside half-sent requests`(halves: Int, wholes: Int)
        async throws
    {
        for isAnew in [false, true] {
            let senders = Senders()
            let handler = senders.handler { isAnew ? await $0.asker() : await $0.caller() }
            try await withListener(handler) { port async throws in
                let child = try ChildProcess(
                    "python3",
                    ["-c", Self.crowd, "\(port)", "\(halves)", "\(wholes)"],
                    input: nil
                )
                #expect(try await child.firstLine() == "done")
                #expect(senders.all.count == wholes)
                #expect(
                    senders.all.allSatisfy {
                        $0.askers.map(\.process.identity.pid) == [child.pid] && $0.program.isKnown
                    }
                )
                child.closeInput()
            }
        }
    }
}
