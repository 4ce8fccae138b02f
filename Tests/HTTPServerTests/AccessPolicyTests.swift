// SPDX-License-Identifier: Apache-2.0

import NIOHTTP1
import Testing

@testable import HTTPServer

@Suite struct AccessPolicyTests {
    static let fox = "moz-extension://0b5f1c9e-8f0a-4a63-9d3c-1f2e3d4c5b6a"
    let policy = AccessPolicy(allowedOrigins: ["https://Example.org/"], maximumBody: 100)

    @Test(arguments: [
        "localhost", "LocalHost", "localhost:19455", "127.0.0.1", "127.0.0.1:1", "[::1]", "[::1]:65535",
    ])
    func `this computer's names are let in`(host: String) throws {
        #expect(policy.verdict(on: Self.head(host: host)).route == .success(.message))
    }

    @Test(arguments: [
        "", "evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "localhost:", "localhost:x",
        "127.0.0.2",
        "localhost:99999", "::1", "localhost, evil.example", "evil@localhost", "localhost:1:2",
        "0.0.0.0", "[::]", "localhost.",
    ])
    func `other names are not`(host: String) throws {
        #expect(policy.verdict(on: Self.head(host: host)).route == .failure(.foreignHost))
    }

    @Test func `the checks come in the documented order`() {
        let all = ["host": "evil.example", "origin": "null", "sec-fetch-site": "cross-site"]
        #expect(policy.verdict(on: Self.head(host: "evil.example", all)).route == .failure(.doubleHost))
        #expect(policy.verdict(on: Self.head(host: nil, ["origin": "null"])).route == .failure(.noHost))
        #expect(
            policy.verdict(on: Self.head(host: "evil.example", ["origin": "null"])).route
                == .failure(.foreignHost)
        )
        let rest = ["origin": "null", "sec-fetch-site": "cross-site"]
        #expect(policy.verdict(on: Self.head(method: .PUT, rest)).route == .failure(.nullOrigin))
        #expect(
            policy.verdict(on: Self.head(method: .PUT, ["sec-fetch-site": "cross-site"])).route
                == .failure(.crossSite)
        )
    }

    @Test(arguments: [
        fox, "chrome-extension://abcdefghijklmnopabcdefghijklmnop", "safari-web-extension://A1-b2",
        "https://example.org", "HTTPS://EXAMPLE.org",
    ])
    func `extensions and configured origins may ask and read`(origin: String) {
        let verdict = policy.verdict(on: Self.head(["origin": origin, "sec-fetch-site": "cross-site"]))
        #expect(verdict == .init(route: .success(.message), origin: origin))
    }

    @Test(arguments: [
        ("null", HTTPRefusal.nullOrigin), ("NULL", .nullOrigin), ("https://evil.example", .foreignOrigin),
        ("http://localhost", .foreignOrigin), ("http://localhost:19455", .foreignOrigin),
        ("", .foreignOrigin),
        ("moz-extension://", .foreignOrigin), ("moz-extension://a/b", .foreignOrigin),
        ("moz-extension://a evil", .foreignOrigin), ("moz-extensions://a", .foreignOrigin),
        ("https://example.org.evil.example", .foreignOrigin), ("http://example.org", .foreignOrigin),
        ("*", .foreignOrigin), ("file://", .foreignOrigin),
    ])
    func `other origins may not`(origin: String, refusal: HTTPRefusal) {
        let verdict = policy.verdict(on: Self.head(["origin": origin]))
        #expect(verdict == .init(route: .failure(refusal), origin: nil))
    }

    @Test func `two origins are none that may ask`() {
        var head = Self.head(["origin": Self.fox])
        head.headers.add(name: "Origin", value: Self.fox)
        #expect(policy.verdict(on: head).route == .failure(.foreignOrigin))
    }

    @Test(arguments: [
        ("none", true), ("same-origin", true), ("same-site", false), ("cross-site", false),
        ("Cross-Site", false),
        ("something-new", false),
    ])
    func `a page's fetch without an origin is turned away, the version included`(
        site: String,
        isAllowed: Bool
    ) {
        for path in ["/", "/version"] {
            let verdict = policy.verdict(on: Self.head(method: .GET, path: path, ["sec-fetch-site": site]))
            #expect((verdict.route == .failure(.crossSite)) == !isAllowed)
        }
    }

    @Test(arguments: [
        (HTTPMethod.POST, "/", Result<AccessPolicy.Route, HTTPRefusal>.success(.message)),
        (.POST, "/any/path?x", .success(.message)),
        (.POST, "/version", .success(.message)),
        (.GET, "/", .success(.page(.greeting))),
        (.GET, "/?x=1", .success(.page(.greeting))),
        (.GET, "/version", .success(.page(.version))),
        (.GET, "/version?format=keepass", .success(.page(.keepassVersion))),
        (.GET, "/version?format=empty", .success(.page(.version))),
        (.GET, "/version?a=b&format=keepass", .success(.page(.keepassVersion))),
        (.GET, "/VERSION", .success(.page(.version))),
        (.GET, "/version/", .success(.page(.version))),
        (.GET, "/Version/?format=keepass", .success(.page(.keepassVersion))),
        (.GET, "/versions", .success(.page(.none))),
        (.GET, "/favicon.ico", .success(.page(.none))),
        (.HEAD, "/", .failure(.badMethod)),
        (.PUT, "/", .failure(.badMethod)),
        (.DELETE, "/", .failure(.badMethod)),
        (.OPTIONS, "/", .failure(.badMethod)),
        (.CONNECT, "/", .failure(.badMethod)),
    ])
    func `method and path decide where a request goes`(
        method: HTTPMethod,
        path: String,
        route: Result<AccessPolicy.Route, HTTPRefusal>
    ) {
        #expect(policy.verdict(on: Self.head(method: method, path: path)).route == route)
    }

    @Test func `a preflight is for allowed origins only`() {
        #expect(
            policy.verdict(on: Self.head(method: .OPTIONS, ["origin": Self.fox])).route
                == .success(.preflight)
        )
        #expect(
            policy.verdict(on: Self.head(method: .OPTIONS, ["origin": "https://evil.example"])).route
                == .failure(.foreignOrigin)
        )
    }

    @Test(arguments: [
        ("100", true), ("101", false), ("99999999999999999999999", false), ("-1", true), ("0", true),
    ])
    func `a body that says it is too long is turned away unread`(length: String, fits: Bool) {
        let verdict = policy.verdict(on: Self.head(["content-length": length, "origin": Self.fox]))
        #expect(verdict.route == (fits ? .success(.message) : .failure(.tooLarge)))
        #expect(verdict.origin == Self.fox, "the extension may read why")
    }

    @Test func `a refusal is JSON in ASCII that says what to do`() {
        let text = String(
            decoding: HTTPRefusal.noHost.body(version: "2.3.1.0", hash: "ab\"\\é"),
            as: UTF8.self
        )
        let sentence = HTTPRefusal.noHost.sentence
        #expect(
            text == #"{"Success":false,"Error":"\#(sentence)","Version":"2.3.1.0","Hash":"ab\"\\\u00e9"}"#
        )
    }

    private static func head(
        method: HTTPMethod = .POST,
        host: String? = "localhost:19455",
        path: String = "/",
        _ fields: [String: String] = [:]
    ) -> HTTPRequestHead {
        var head = HTTPRequestHead(version: .http1_1, method: method, uri: path)
        if let host { head.headers.add(name: "Host", value: host) }
        for (name, value) in fields { head.headers.add(name: name, value: value) }
        return head
    }
}
