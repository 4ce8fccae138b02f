// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Vault

@Suite struct PageAddressTests {
    @Test(arguments: [
        ("http://www.google.com/", "www.google.com"),
        ("HTTPS://Example.COM:443/path?q#f", "example.com"),
        ("https://example.com:8443/", "example.com:8443"),
        ("http://example.com:443", "example.com:443"),
        ("https://example.com:/", "example.com"),
        ("https://example.com./", "example.com"),
        ("  https://example.com/  ", "example.com"),
        ("https://bob@example.com/", "example.com"),
        ("https://bob:secret@example.com:81/", "example.com:81"),
        ("https://good.com@evil.com/", "evil.com"),
        ("https://good.com%2f@evil.com/", "evil.com"),
        ("https://evil.com?@good.com/", "evil.com"),
        ("https://evil.com#@good.com/", "evil.com"),
        ("https://evil.com/\\@good.com/", "evil.com"),
        ("https://evil.com/\u{338}@good.com/", "evil.com"),
        ("https://evil.com?\u{301}@good.com/", "evil.com"),
        ("https://172.29.99.249:9443/", "172.29.99.249:9443"),
        ("http://[::1]:8080/", "[::1]:8080"),
        ("http://[2001:DB8:0:0:0:0:0:1]/", "[2001:db8::1]"),
        ("http://[::ffff:1.2.3.4]/", "[::ffff:102:304]"),
        ("https://bücher.example/", "xn--bcher-kva.example"),
        ("ssh://git@github.com/a/b", "github.com"),
        ("androidapp://com.example.app", "androidapp://com.example.app"),
        ("intranet://x", "intranet://x"),
    ])
    func `a URL names its host`(text: String, host: String) {
        #expect(PageAddress(text)?.hostAndPort == host)
    }

    @Test(arguments: [
        "", "example.com", "github", "https:example.com", "https:/example.com", "https:///example.com",
        "https://", "https:///", "https://:80/", "file:///etc/passwd", "about:blank", "javascript:alert(1)",
        "mailto:bob@example.com", "data:text/html,x", "https://evil\\@good.com",
        "https://evil.com\\@good.com/",
        "https://evil.com\\.good.com/", "https:\\\\good.com/", "https://a@b@good.com/", "https://go%6Fd.com/",
        "https://go\tod.com/", "https://good\n.com/", "https://good .com/", "https://good.com:80:90/",
        "https://good.com:port/", "https://good.com:99999/", "https://good.com:+80/", "https://good.com:８０/",
        "https://127.1/", "https://0x7f.0.0.1/", "https://0177.0.0.1/", "https://2130706433/",
        "https://1.2.3.256/",
        "https://1.2.3.4.5/", "https://[::1/", "https://::1/", "https://[::1]x/", "https://[fe80::1%25eth0]/",
        "https://[1::2::3]/", "https://[12345::]/", "https://[1:2:3:4:5:6:7]/", "https://[:::]/",
        "https://[]/",
        "https://good..com/", "1https://good.com/", "://good.com/", "https://good.com\u{0}.evil.com/",
        "https://a,b.com/", "https://<good.com>/", "https://good.com|evil.com/", "https://good.com^/",
    ])
    func `what two programs could read as two hosts is no address`(text: String) {
        #expect(PageAddress(text) == nil)
    }

    @Test(arguments: [
        ("example.com", "example.com"), ("example.com:8443/path", "example.com:8443"), ("nas", "nas"),
        ("localhost:3000", "localhost:3000"), ("10.0.0.1:80", "10.0.0.1:80"), ("[::1]", "[::1]"),
        ("https://example.com", "example.com"), ("example.com/?u=http://other.com", "example.com"),
        ("androidapp://com.example", "androidapp://com.example"),
    ])
    func `a URL field may leave out the scheme`(text: String, host: String) {
        #expect(PageAddress(loose: text)?.hostAndPort == host)
    }

    @Test(arguments: [
        "bob@example.com", "my bank", "a\\b.com", "example.com (work)", "mailto:bob", "user:pass@example.com",
        "http:/x", "::1", "{REF:A@I:123}", "cmd://ssh root", "100%", "?", "https:", "§",
    ])
    func `a URL field that is no address is none`(text: String) {
        #expect(PageAddress(loose: text) == nil)
    }

    @Test(arguments: ["google.com", "www.yahoo.com", "localhost", "localhost:80", "10.0.0.1", "http://nas/"])
    func `a title that looks like a host is one`(title: String) {
        #expect(PageAddress(title: title) != nil)
    }

    @Test(arguments: [
        "github", "citi", "x", "v2.0", "bob@gmail.com", "Apple Inc.", "My Bank", "", "SubPath1", "foo.",
    ])
    func `a title that is a word is no host`(title: String) {
        #expect(PageAddress(title: title) == nil)
    }

    @Test(arguments: [
        ("https://a.b.example.com/", ["a.b.example.com", "b.example.com", "example.com"]),
        ("https://bob.github.io/", ["bob.github.io"]),
        ("https://github.io/", ["github.io"]),
        ("https://a.example.co.uk/", ["a.example.co.uk", "example.co.uk"]),
        ("http://localhost/", ["localhost"]),
        ("http://a.localhost/", ["a.localhost"]),
        ("http://192.168.1.10/", ["192.168.1.10"]),
        ("http://[::1]/", ["[::1]"]),
        ("androidapp://com.example.app", ["androidapp://com.example.app"]),
    ])
    func `a host is shortened down to what one owner holds`(url: String, keys: [String]) {
        #expect(PageAddress(url)?.lookupHosts == keys)
    }

    @Test(arguments: [
        "::", "::1", "1::", "1:2:3:4:5:6:7:8", "2001:db8::1:0:0:1", "1:0:0:2::", "64:ff9b::102:304",
    ])
    func `an IPv6 address prints in the spelling of RFC 5952`(text: String) throws {
        let address = try #require(IPv6Address(text))
        let again = try #require(
            IPv6Address(address.groups.map { String($0, radix: 16) }.joined(separator: ":"))
        )
        #expect(again == address)
        #expect(address.text == (text == "1:0:0:2::" ? "1:0:0:2::" : text))
    }

    @Test func `an IPv6 address is one of RFC 4291's spellings and nothing else`() {
        for (text, groups) in [
            ("1::2", [1, 0, 0, 0, 0, 0, 0, 2]), ("::ffff:192.0.2.1", [0, 0, 0, 0, 0, 0xFFFF, 0xC000, 0x201]),
            ("0ABC::", [0xABC, 0, 0, 0, 0, 0, 0, 0]),
        ] { #expect(IPv6Address(text)?.groups == groups.map { UInt16($0) }) }
        for text in [
            "", ":", "1", ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "1:2:3:4::5:6:7:8",
            "12345::", "g::",
            "::1%eth0", "::1%1", "[::1]", " ::1", "::1 ", "::1\u{0}", "::1\u{0}x", "1.2.3.4", "::1.2.3",
            "1.2.3.4::",
            "::256.0.0.1", "::\u{661}", String(repeating: "0", count: 46),
        ] { #expect(IPv6Address(text) == nil, "\(text)") }
    }

    @Test func `any text is read without a trap, and what is read reads the same again`() throws {
        var generator = SeededGenerator(seed: 19455)
        let pieces = [
            "https://", "http:", "//", "/", "\\", "@", ":", "[", "]", "::", "%", "?", "#", ".", "a",
            "example", "com",
            "ü", "\u{338}", "1", "0x", "256", "-", "_", " ", "\t", "\u{0}", "xn--", "。", "\u{202E}", "é",
            "80",
        ]
        for _ in 0..<20_000 {
            let count = Int.random(in: 0...9, using: &generator)
            let text = (0..<count).compactMap { _ in pieces.randomElement(using: &generator) }.joined()
            guard let address = PageAddress(loose: text) else { continue }
            #expect(PageAddress(loose: address.hostAndPort)?.host == address.host, "\(text.debugDescription)")
            #expect(address.host.text.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
            #expect(!address.host.text.contains("@") && !address.host.text.contains("\\"))
        }
    }
}
