// SPDX-License-Identifier: Apache-2.0

import Callers
import ConcurrencyTools
import Foundation
import Linux
import Logging
import Operations
import Synchronization
import Testing

@testable import HTTPServer

@Suite struct ConnectionTests {
    static let head = "POST / HTTP/1.1\r\nHost: localhost\r\n"
    static let whole = head + "Content-Length: 2\r\n\r\n{}"

    @Test(arguments: ["", "POST / HT", head])
    func `a peer that doesn't end its head is dropped`(text: String) async throws {
        var options = ListenerOptions()
        options.headDeadline = .milliseconds(50)
        try await withListener(options: options) { port async throws in
            #expect(try await exchange(port, text) == "")
        }
    }

    @Test func `a peer whose head drips is dropped all the same`() async throws {
        var options = ListenerOptions()
        options.headDeadline = .milliseconds(60)
        try await withListener(options: options) { port async throws in
            let sent = try await TestPeer.with(port: port) { peer in
                var sent = 0
                // Far more bytes than fit into the deadline; writing fails once the connection is gone.
                do {
                    for _ in 0..<1000 {
                        try await peer.send("x")
                        sent += 1
                        try await pause(.milliseconds(10))
                    }
                } catch {}  // the drop that is waited for
                return sent
            }
            #expect(sent < 1000)
        }
    }

    @Test func `a peer that doesn't end its body is dropped`() async throws {
        var options = ListenerOptions()
        options.bodyDeadline = .milliseconds(50)
        try await withListener(options: options) { port async throws in
            #expect(try await exchange(port, Self.head + "Content-Length: 100\r\n\r\nabc") == "")
        }
    }

    @Test func `a peer that doesn't read its answer is dropped`() async throws {
        var options = ListenerOptions()
        options.bodyDeadline = .seconds(2)
        let long = String(repeating: "x", count: 32 << 20)
        let echo = Echo { _, _ in long }
        try await withListener(echo, options: options) { port async throws in
            try await TestPeer.with(port: port) { peer in
                try await peer.send(Self.whole)
                // Reading nothing: the listener's side ends by itself.
                #expect(await echo.delivery() == .uncertain)
            }
        }
    }

    @Test func `whoever sends requests without end has some answered, and is closed behind the last`()
        async throws
    {
        let head = "GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n"
        let (most, version) = (HTTPLimits.pipelinedRequests, "HTTP/1.1 200")
        try await withListener { port async throws in
            for flood in [head, "nothing that is HTTP\r\n\r\n"] {
                let answers = try await TestPeer.with(port: port) { peer in
                    // The connection may be closed before all is sent.
                    try? await peer.send(
                        String(repeating: head, count: most) + String(repeating: flood, count: 50_000)
                    )
                    return try await peer.rest()
                }
                #expect(answers.components(separatedBy: version).count - 1 == most)
                #expect(answers.lowercased().components(separatedBy: "connection: close").count - 1 == 1)
            }
            // As many as there may be at once, again and again.
            try await TestPeer.with(port: port) { peer in
                for _ in 0..<3 {
                    try await peer.send(String(repeating: head, count: most - 1))
                    var answers = ""
                    while answers.components(separatedBy: version).count < most {
                        let part = try await peer.until(version)
                        guard !part.isEmpty else { break }
                        answers += part
                    }
                    #expect(!answers.lowercased().contains("connection: close"))
                }
            }
        }
    }

    @Test func `requests that come at once are counted with those that wait`() {
        var limit = PipelineLimit()
        limit.readBegan(waiting: 0)
        for _ in 1..<HTTPLimits.pipelinedRequests { limit.head() }
        #expect(!limit.isReached)
        limit.readBegan(waiting: 1)
        limit.head()
        #expect(!limit.isReached)
        limit.readBegan(waiting: HTTPLimits.pipelinedRequests - 1)
        limit.head()
        #expect(limit.isReached)
    }

    @Test(arguments: ["P", "POST / HTTP/1.1\r\nHost: localho", head + "Content-Length: 2\r\n\r\n{"])
    func `a request that begins in the same read as another ends is waited for like any`(
        beginning: String
    ) async throws {
        var options = ListenerOptions()
        (options.headDeadline, options.bodyDeadline) = (.milliseconds(50), .milliseconds(50))
        options.idleDeadline = .seconds(600)
        try await withListener(options: options) { port async throws in
            let answers = try await TestPeer.with(port: port) { peer in
                try await peer.send(Self.whole + beginning)
                return try await peer.rest()
            }
            #expect(answers.components(separatedBy: "HTTP/1.1 200").count == 2)
        }
    }

    @Test func `whoever reads no answers is read no further`() async throws {
        var options = ListenerOptions()
        options.bodyDeadline = .seconds(600)
        let long = String(repeating: "x", count: 8 << 20)
        let count = Mutex(0)
        let echo = Echo { _, _ in
            count.withLock { $0 += 1 }
            return long
        }
        try await withListener(echo, options: options) { port async throws in
            try await TestPeer.with(port: port) { peer in
                try await peer.send(Self.whole)
                while count.withLock({ $0 }) < 1 { try await pause(.milliseconds(5)) }
                // Each in a read of its own, if they were read.
                for _ in 0..<8 {
                    try await peer.send(Self.whole)
                    try await pause(.milliseconds(20))
                }
                #expect(count.withLock { $0 } <= 2)
            }
        }
    }

    @Test(arguments: [false, true])
    func `behind a request that waits no more is taken from a peer that sends no more`(inBodies: Bool)
        async throws
    {
        let gate = Gate()
        let echo = Echo { _, _ in
            await gate.pass()
            return "\"late\""
        }
        let later =
            inBodies
            ? Self.head + "Content-Length: 500000\r\n\r\n" + String(repeating: "x", count: 500_000)
            : String(repeating: "GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n", count: 5000)
        try await withListener(echo) { port async throws in
            async let answers = TestPeer.with(port: port) { peer in
                try await peer.send(Self.whole)
                await gate.arrival()
                try await peer.send(later)
                peer.finish()
                gate.open()
                return try await peer.rest()
            }
            let count = try await answers.components(separatedBy: "HTTP/1.1 ").count - 1
            #expect(count >= 1 && count <= HTTPLimits.pipelinedRequests + 1)
            #expect(try await answers.contains("\"late\""))
        }
    }

    @Test func `what came before a peer ended is answered as far as there is room, and then refused`()
        async throws
    {
        let gate = Gate()
        let echo = Echo { body, _ in
            if body.count == 2 { await gate.pass() }
            return "\"\(body.count)\""
        }
        @Sendable func whole(_ count: Int) -> String {
            Self.head + "Content-Length: \(count)\r\n\r\n" + String(repeating: "x", count: count)
        }
        let share = HTTPLimits.bodyShare
        try await withListener(echo) { port async throws in
            async let answers = TestPeer.with(port: port) { peer in
                try await peer.send(Self.whole)
                await gate.arrival()
                try await peer.send(whole(share) + whole(share - 1) + whole(share) + whole(3))
                peer.finish()
                // Mostly all of it has come by then; otherwise there is room for what comes later, one after the other.
                try await pause(.milliseconds(200))
                gate.open()
                return try await peer.rest()
            }
            let parts = try await answers.components(separatedBy: "HTTP/1.1 ").dropFirst()
            let contents = parts.map(\.content)
            #expect(contents.prefix(3) == ["\"2\"", "\"\(share)\"", "\"\(share - 1)\""])
            guard contents != contents.prefix(3) + ["\"\(share)\"", "\"3\""] else { return }
            #expect(contents.count == 4)
            #expect(parts.last?.hasPrefix("413 ") == true)
            #expect(contents.last?.contains("so much at once") == true)
            #expect(parts.last?.field("Connection") == "close")
        }
    }

    @Test func `a connection that rests too long is closed`() async throws {
        var options = ListenerOptions()
        options.idleDeadline = .milliseconds(50)
        try await withListener(options: options) { port async throws in
            #expect(try await exchange(port, Self.whole).content == "\"2\"")
        }
    }

    @Test func `a connection that waits for our answer is left alone`() async throws {
        var options = ListenerOptions()
        options.idleDeadline = .milliseconds(20)
        let gate = Gate()
        let echo = Echo { _, _ in
            await gate.pass()
            return "\"late\""
        }
        try await withListener(echo, options: options) { port async throws in
            async let answer = exchange(port, Self.whole)
            await gate.arrival()
            try await pause(.milliseconds(150))
            gate.open()
            #expect(try await answer.content == "\"late\"")
        }
    }

    @Test func `a peer that has shut its sending side gets its answer`() async throws {
        let gate = Gate()
        let echo = Echo { _, _ in
            await gate.pass()
            return "\"late\""
        }
        try await withListener(echo) { port async throws in
            async let answer = TestPeer.with(port: port) { peer in
                try await peer.send(Self.whole)
                peer.finish()
                return try await peer.rest()
            }
            await gate.arrival()
            gate.open()
            #expect(try await answer.content == "\"late\"")
            #expect(await echo.delivery() == .arrived)
        }
    }

    @Test func `an answer to a peer that has gone is not delivered`() async throws {
        let gate = Gate()
        let echo = Echo { _, _ in
            await gate.pass()
            return "\"late\""
        }
        try await withListener(echo) { port async throws in
            try await TestPeer.with(port: port) { peer in
                try await peer.send(Self.whole)
                await gate.arrival()
            }
            gate.open()
            #expect(await echo.delivery() == .notSent)
        }
    }

    @Test func `an answer that went out is delivered`() async throws {
        let echo = Echo()
        try await withListener(echo) { port async throws in
            #expect(try await exchange(port, request("POST /", body: "{}")).status == "200")
            #expect(await echo.delivery() == .arrived)
        }
    }

    @Test func `the connection that is one too many is told so, and served when there is room again`()
        async throws
    {
        let limit = ConnectionLimit(2, refused: 1)
        try await withListener(limit: limit) { port async throws in
            try await TestPeer.with(port: port) { first in
                try await first.send(Self.whole)
                _ = try await first.until("\"2\"")
                try await TestPeer.with(port: port) { second in
                    try await second.send(Self.whole)
                    _ = try await second.until("\"2\"")
                    let third = try await exchange(port, Self.whole)
                    #expect(third.status == "429")
                    #expect(third.content.hasPrefix(#"{"Success":false,"Error":"Too many"#))
                    #expect(third.field("Content-Length") == "\(third.content.utf8.count)")
                }
                // The freed place is free when the listener has seen the end of its connection.
                var answer = ""
                while !answer.hasPrefix("HTTP/1.1 200") {
                    answer = try await exchange(port, request("POST /", body: "{}"))
                }
            }
        }
    }

    @Test func `another user's connection is closed before a byte is read`() async throws {
        try #require(getuid() == 0, "this test takes another user's part, so it must be root")
        let echo = Echo()
        try await withListener(echo) { port async throws in
            #expect(try await Self.python(uid: 65534, port: port) == "b''")
            #expect(try await Self.python(uid: 0, port: port).contains("200 OK"))
        }
        #expect(echo.bodies.withLock { $0.count } == 1)
    }

    @Test(arguments: ["127.0.0.1", "::1"])
    func `who asks is identified once that is wanted`(host: String) async throws {
        let callers = Mutex<[Caller]>([])
        let echo = Echo { _, requester in
            let caller = await requester.caller()
            callers.withLock { $0.append(caller) }
            return "{}"
        }
        try await withListener(echo, host: host) { port async throws in
            let fields = ["Origin: moz-extension://1", "User-Agent: test/1"]
            _ = try await exchange(port, request("POST /", fields, body: "{}"), host: host)
        }
        let caller = try #require(callers.withLock { $0.first })
        #expect(caller.pid == getpid())
        #expect(caller.uid == getuid())
        #expect(caller.origin == "moz-extension://1")
        #expect(caller.userAgent == "test/1")
    }

    @Test func `a request that is refused by its head is answered also behind one that waits`() async throws {
        let gate = Gate()
        let echo = Echo { _, _ in
            await gate.pass()
            return "\"late\""
        }
        let refused = Self.head + "Origin: https://evil.example\r\nContent-Length: 9\r\n\r\n"
        try await withListener(echo) { port async throws in
            async let answers = TestPeer.with(port: port) { peer in
                try await peer.send(Self.head + "Content-Length: 2\r\n\r\n{}" + refused)
                return try await peer.rest()
            }
            await gate.arrival()
            gate.open()
            #expect(try await answers.contains("\"late\""))
            #expect(try await answers.contains("HTTP/1.1 403"))
        }
    }

    @Test func `at shutdown who is still sending is closed`() async throws {
        let sending = Mutex<Task<String, any Error>?>(nil)
        var options = ListenerOptions()
        options.bodyDeadline = .seconds(600)
        try await withListener(options: options) { port async throws in
            let continued = Gate()
            sending.withLock {
                $0 = Task {
                    try await TestPeer.with(port: port) { peer in
                        try await peer.send(Self.head + "Expect: 100-continue\r\nContent-Length: 9\r\n\r\n")
                        _ = try await peer.until("100 Continue")
                        await continued.pass()
                        return try await peer.rest()
                    }
                }
            }
            continued.open()
            await continued.arrival()
        }
        let rest = try await sending.withLock { $0 }?.value
        #expect(rest?.contains("HTTP/1.1 2") == false)
    }

    @Test func `at shutdown who waits is answered, and who rests is closed`() async throws {
        let gate = Gate()
        let echo = Echo { _, _ in
            await gate.pass()
            return Task.isCancelled ? "\"stopped\"" : "\"late\""
        }
        let waiting = Mutex<Task<String, any Error>?>(nil)
        let resting = Mutex<Task<String, any Error>?>(nil)
        try await withListener(echo) { port async throws in
            let connected = Gate()
            resting.withLock {
                $0 = Task {
                    try await TestPeer.with(port: port) { peer in
                        try await peer.send("GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n")
                        _ = try await peer.until("2.3.1.0")
                        await connected.pass()
                        return try await peer.rest()
                    }
                }
            }
            connected.open()
            await connected.arrival()
            waiting.withLock { $0 = Task { try await exchange(port, Self.whole) } }
            await gate.arrival()
        }
        #expect(try await waiting.withLock { $0 }?.value.content == "\"stopped\"")
        #expect(try await resting.withLock { $0 }?.value == "")
    }

    @Test func `a port that is taken names its holder`() throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        let held = try ListeningSocket.open(port: 0, hosts: ["127.0.0.1"], logger: logger)
        let address = try #require(held.first?.address)
        let error = #expect(throws: ListenerError.self) {
            try ListeningSocket.open(port: address.port, hosts: ["127.0.0.1"], logger: logger)
        }
        guard case .portTaken(address, let holder) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(holder?.process?.identity.pid == getpid())
        #expect(error?.description.contains("is taken by") == true)
    }

    @Test(arguments: ["0.0.0.0", "::", "192.0.2.1", "localhost", ""])
    func `only loopback addresses are listened on`(host: String) {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        #expect(throws: ListenerError.notLoopback(host)) {
            try ListeningSocket.open(port: 0, hosts: [host], logger: logger)
        }
    }

    @Test func `an address that this computer lacks is left out`() throws {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        func bind(_ address: InternetAddress) throws(SystemCallError) -> ListeningSocket {
            guard !address.isIPv6 else { throw SystemCallError(call: "bind", code: EADDRNOTAVAIL) }
            return try ListeningSocket(binding: address)
        }
        let sockets = try ListeningSocket.open(
            port: 0,
            hosts: ["127.0.0.1", "::1"],
            logger: logger,
            bind: bind
        )
        #expect(sockets.map(\.address.host) == ["127.0.0.1"])
        #expect(throws: ListenerError.noAddress) {
            try ListeningSocket.open(port: 0, hosts: ["::1"], logger: logger, bind: bind)
        }
    }

    /// Connects as another user and prints what comes.
    private static func python(uid: UInt32, port: UInt16) async throws -> String {
        let script = """
            import os, socket, sys
            os.setgid(\(uid)); os.setuid(\(uid))
            s = socket.create_connection(("127.0.0.1", \(port)), 20)
            try:
                s.sendall(b"POST / HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\nContent-Length: 2\\r\\n\\r\\n{}")
                print(s.recv(1000))
            except (ConnectionResetError, BrokenPipeError):
                print(b"")
            """
        return try await withCheckedThrowingContinuation { continuation in
            let process = Process()
            let output = Pipe()
            process.executableURL = URL(filePath: "/usr/bin/python3")
            process.arguments = ["-c", script]
            process.standardOutput = output
            process.terminationHandler = { _ in
                let bytes = output.fileHandleForReading.readDataToEndOfFile()
                let text = String(decoding: bytes, as: UTF8.self)
                continuation.resume(returning: text.trimmingCharacters(in: .whitespacesAndNewlines))
            }
            do { try process.run() } catch { continuation.resume(throwing: error) }
        }
    }
}
