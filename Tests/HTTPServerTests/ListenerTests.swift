// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import Synchronization
import Testing

@testable import HTTPServer

@Suite struct ListenerTests {
    @Test func `a POST gets its answer, with its length and no chunks`() async throws {
        let echo = Echo { _, _ in #"{"Success":true}"# }
        try await withListener(echo) { port async throws in
            let answer = try await exchange(
                port,
                request("POST /", body: #"{"RequestType":"test-associate"}"#)
            )
            #expect(answer.status == "200")
            #expect(answer.field("Content-Length") == "16")
            #expect(answer.field("Content-Type") == "application/json")
            #expect(answer.field("Transfer-Encoding") == nil)
            #expect(answer.field("Access-Control-Allow-Origin") == nil)
            #expect(answer.content == #"{"Success":true}"#)
        }
        #expect(echo.bodies.withLock { $0 } == [#"{"RequestType":"test-associate"}"#])
    }

    @Test func `a GET with a body is a message, on any path`() async throws {
        let echo = Echo()
        try await withListener(echo) { port async throws in
            #expect(try await exchange(port, request("GET /", body: "{}")).content == "\"2\"")
            #expect(try await exchange(port, request("GET /version", body: "{ }")).content == "\"3\"")
        }
        #expect(echo.bodies.withLock { $0 } == ["{}", "{ }"])
    }

    @Test func `a body in chunks arrives whole, an HTTP 1.0 one too`() async throws {
        let echo = Echo()
        try await withListener(echo) { port async throws in
            let chunks = "2\r\n{}\r\n3\r\nabc\r\n0\r\n\r\n"
            let answer = try await exchange(port, request("POST /", ["Transfer-Encoding: chunked"]) + chunks)
            #expect(answer.content == "\"5\"")
            let old = try await exchange(
                port,
                "POST / HTTP/1.0\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"
            )
            #expect(old.content == "\"2\"", "and the connection closes without being asked to")
        }
        #expect(echo.bodies.withLock { $0 } == ["{}abc", "{}"])
    }

    @Test(arguments: [
        (
            "GET /", "200",
            "This is Keybell, a KeePassHttp service for this desktop session, version 2.3.1.0.\n"
        ),
        ("GET /version", "200", "2.3.1.0"),
        ("GET /version?format=keepass", "200", ":\nKeePassHttp:2.3.1.0\n:\n"),
        ("HEAD /", "405", ""),
        ("GET http://localhost:19455/version", "200", "2.3.1.0"),
    ])
    func `pages without a body`(line: String, status: String, content: String) async throws {
        try await withListener { port async throws in
            let answer = try await exchange(port, request(line))
            #expect(answer.status == status)
            #expect(answer.content == content)
            #expect(answer.field("Content-Length") != nil)
        }
    }

    @Test(arguments: [
        (request("GET /nothing"), "404", true),
        (request("PUT /", body: "{}"), "405", true),
        (request("PATCH /"), "405", true),
        (request("CONNECT localhost:1"), "405", true),
        (request("OPTIONS *"), "405", true),
        (request("POST /", ["Host: localhost"], body: "{}"), "403", false),
        (request("POST http://evil.example/", body: "{}"), "403", false),
        (request("POST /", ["Origin: https://evil.example"], body: "{}"), "403", false),
        (request("GET /version", ["Sec-Fetch-Site: cross-site"]), "403", false),
        (request("OPTIONS /", ["Origin: https://evil.example"]), "403", false),
        ("POST / HTTP/1.1\r\nConnection: close\r\n\r\n", "400", false),
        ("POST / HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", "403", false),
    ])
    func `who is turned away is told why in JSON`(text: String, status: String, tellsHash: Bool) async throws
    {
        let echo = Echo()
        try await withListener(echo) { port async throws in
            let answer = try await exchange(port, text)
            #expect(answer.status == status)
            #expect(answer.content.hasPrefix(#"{"Success":false,"Error":""#))
            #expect(answer.content.contains(#""Version":"2.3.1.0""#))
            #expect(answer.content.contains(#""Hash":"0123""#) == tellsHash)
            #expect(answer.field("Content-Length") == "\(answer.content.utf8.count)")
            #expect(answer.field("Access-Control-Allow-Origin") == nil)
        }
        #expect(echo.bodies.withLock { $0 }.isEmpty)
    }

    @Test func `an extension's preflight and request name it, never everybody`() async throws {
        let fox = "moz-extension://0b5f-11"
        try await withListener { port async throws in
            let preflight = try await exchange(
                port,
                request(
                    "OPTIONS /",
                    [
                        "Origin: \(fox)", "Access-Control-Request-Method: POST",
                        "Access-Control-Request-Headers: content-type",
                        "Access-Control-Request-Private-Network: true",
                    ]
                )
            )
            #expect(preflight.status == "200")
            #expect(preflight.field("Content-Length") == "0")
            #expect(preflight.field("Access-Control-Allow-Origin") == fox)
            #expect(preflight.field("Access-Control-Allow-Headers") == "content-type")
            #expect(preflight.field("Access-Control-Allow-Methods") == "POST, GET")
            #expect(preflight.field("Access-Control-Allow-Private-Network") == "true")
            #expect(preflight.field("Vary") == "Origin")
            let answer = try await exchange(port, request("POST /", ["Origin: \(fox)"], body: "{}"))
            #expect(answer.field("Access-Control-Allow-Origin") == fox)
            let error = try await exchange(port, request("GET /nothing", ["Origin: \(fox)"]))
            #expect(error.field("Access-Control-Allow-Origin") == fox, "the extension shows the error")
        }
    }

    @Test func `a client that expects a 100 gets it before its body`() async throws {
        try await withListener { port async throws in
            let answer = try await TestPeer.with(port: port) { peer in
                try await peer.send(request("POST /", ["Expect: 100-continue", "Content-Length: 2"]))
                #expect(try await peer.until("\r\n\r\n") == "HTTP/1.1 100 Continue\r\n\r\n")
                try await peer.send("{}")
                return try await peer.rest()
            }
            #expect(answer.content == "\"2\"")
        }
    }

    @Test func `who is turned away gets no 100`() async throws {
        try await withListener { port async throws in
            let fields = ["Expect: 100-continue", "Content-Length: 2", "Origin: null"]
            let answer = try await exchange(port, request("POST /", fields))
            #expect(answer.status == "403")
        }
    }

    @Test func `a body above the limit is refused, announced or not, while it is still being sent`()
        async throws
    {
        var options = ListenerOptions()
        options.maximumBody = 1000
        try await withListener(options: options) { port async throws in
            let announced = try await exchange(port, request("POST /", ["Content-Length: 1001"]))
            #expect(announced.status == "413")
            let chunk = "200\r\n" + String(repeating: "a", count: 512) + "\r\n"
            let text = request("POST /", ["Transfer-Encoding: chunked"]) + chunk + chunk
            #expect(try await exchange(port, text).status == "413")
            let whole = try await exchange(port, request("POST /", body: String(repeating: "a", count: 1000)))
            #expect(whole.content == "\"1000\"")
        }
    }

    @Test(arguments: [
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{FC}", "GET\r\n\r\n",
        "POST / HTTP/1.1\r\nHost localhost\r\n\r\n",
        "POST / HTTP/9.9\r\nHost: localhost\r\n\r\n", "{\"RequestType\":\"test-associate\"}\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
        "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ])
    func `what isn't HTTP gets a 400 in JSON`(text: String) async throws {
        try await withListener { port async throws in
            let answer = try await exchange(port, text)
            #expect(answer.status == "400")
            #expect(
                answer.content
                    == String(decoding: HTTPRefusal.notHTTP.body(version: "2.3.1.0"), as: UTF8.self)
            )
            #expect(answer.field("Content-Length") == "\(answer.content.utf8.count)")
        }
    }

    @Test(arguments: [
        "GET / HTTP/1.1\r\nHost: localhost\r\nX: \(String(repeating: "a", count: 70_000))\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: localhost\r\n" + String(repeating: "X: a\r\n", count: 101) + "\r\n",
        "GET /\(String(repeating: "a", count: 70_000)) HTTP/1.1\r\nHost: localhost\r\n\r\n",
    ])
    func `a head that is too large gets a 400 that says so`(text: String) async throws {
        try await withListener { port async throws in
            let answer = try await exchange(port, text)
            #expect(answer.status == "400")
            #expect(
                answer.content
                    == String(decoding: HTTPRefusal.headTooLarge.body(version: "2.3.1.0"), as: UTF8.self)
            )
        }
    }

    @Test func `no control character gets into a head`() {
        let fields = [("X\r\nA", "a\r\nSet-Cookie: b\u{0}\u{7F}\t, ü")]
        let head = String(decoding: ServerResponse.head(.ok, fields), as: UTF8.self)
        #expect(head == "HTTP/1.1 200 OK\r\nXA: aSet-Cookie: b, ü\r\n\r\n")
    }

    @Test func `a request that breaks off gets a 400`() async throws {
        let echo = Echo()
        try await withListener(echo) { port async throws in
            let answer = try await TestPeer.with(port: port) { peer in
                try await peer.send(request("POST /", ["Content-Length: 10"]) + "{}")
                peer.finish()
                return try await peer.rest()
            }
            #expect(answer.status == "400")
            #expect(
                answer.content
                    == String(decoding: HTTPRefusal.brokenOff.body(version: "2.3.1.0"), as: UTF8.self)
            )
        }
        #expect(echo.bodies.withLock { $0 }.isEmpty)
    }

    @Test func `what follows a good request and isn't HTTP doesn't take its answer away`() async throws {
        try await withListener { port async throws in
            let good = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}"
            let answer = try await exchange(port, good + "nonsense\r\n\r\n")
            #expect(answer.status == "200")
            #expect(answer.contains("HTTP/1.1 400 Bad Request"))
        }
    }

    @Test func `a connection serves one request after the other`() async throws {
        let echo = Echo()
        try await withListener(echo) { port async throws in
            let text = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n"
            try await TestPeer.with(port: port) { peer in
                try await peer.send(text + "{}")
                #expect(try await peer.until("\"2\"").status == "200")
                try await peer.send("GET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n")
                #expect(try await peer.until("}").status == "404")
                try await peer.send(text + "[]" + text + "()")
                #expect(try await peer.until("\"2\"").status == "200")
            }
        }
        #expect(echo.bodies.withLock { $0.prefix(2) } == ["{}", "[]"])
    }

    @Test func `an offer to change the protocol is passed over`() async throws {
        try await withListener { port async throws in
            let fields = ["Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__"]
            let text = request("POST /", fields, body: "{}").split(separator: "Connection: close")
                .joined(separator: "Connection: Upgrade, HTTP2-Settings, close")
            #expect(try await exchange(port, text).content == "\"2\"")
        }
    }

    @Test(arguments: [
        "POST / HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade", "CONNECT localhost:1 HTTP/1.1",
    ])
    func `nothing is taken in behind an offer to change the protocol`(line: String) async throws {
        try await withListener { port async throws in
            let answers = try await TestPeer.with(port: port) { peer in
                try await peer.send("\(line)\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}")
                let first = try await peer.until("\r\n\r\n")
                // The connection may be closed before all is sent.
                try? await peer.send(String(repeating: "x", count: 8 << 20))
                return first + (try await peer.rest())
            }
            #expect(answers.hasPrefix("HTTP/1.1 "))
            #expect(answers.lowercased().contains("connection: close"))
        }
    }
}
