// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Vault

/// What is to match which page (docs/protocol.md, "Matching a URL"), and the plugin's bugs that must not come back.
@Suite struct ExpectedResultsTests {
    let index = LoginIndex([
        .sample("a", title: "google.com"),
        .sample("b", title: "www.yahoo.com"),
        .sample("c", title: "yahoo.com"),
        .sample("d", title: "citi", url: "citi.com"),
        .sample("e", title: "bogus.com", url: "http://www.bogus.com/"),
        .sample("f", title: "SubPath1", url: "http://www.host.com/path1"),
        .sample("g", title: "SubPath2", url: "http://www.host.com/path2"),
        .sample("h", title: "x", url: "https://172.29.99.249:9443/"),
    ])

    @Test(arguments: [
        ("http://www.google.com/", "a"),
        ("http://www.yahoo.com/", "b"),
        ("http://yahoo.com/", "c"),
        ("http://citi.com/", "d"),
        ("https://bogus.com/", "e"),
        ("https://www.bogus.com/", "e"),
        ("https://172.29.99.249:9443/", "h"),
        ("https://172.29.99.249", ""),
    ])
    func `a page gets the logins of its host`(url: String, expected: String) {
        #expect(index.found(url) == expected)
    }

    @Test func `the submit address decides which is nearest`() {
        #expect(index.found("http://www.host.com/", submit: "http://www.host.com/path2?x=1") == "g f")
        #expect(index.found("http://www.host.com/", submit: "http://www.host.com/path1?x=1") == "f g")
    }

    @Test func `with best only, just the nearest are given`() {
        let options = MatchOptions(bestOnly: true)
        #expect(
            index.found("http://www.host.com/", submit: "http://www.host.com/path2", options: options) == "g"
        )
        #expect(index.found("http://www.host.com/", options: options) == "f g")
    }

    @Test(arguments: [
        ("github", "https://github.com", "https://github.co/"),
        ("paypal", "https://paypal.com/signin", "https://paypal.co/"),
        ("", "https://github.io", "https://bob.github.io/"),
        ("", "https://login.example", "https://evil-login.example/"),
        ("", "https://login.example.com", "https://evil-login.example.com/"),
        ("", "https://bank.example", "https://bank.example.evil.com/"),
        ("", "https://bank.example", "https://mybank.example/"),
        ("", "http://192.168.1.10", "http://192.168.1.1/"),
        ("", "http://168.1.10", "http://192.168.1.10/"),
        ("", "https://co.uk", "https://bank.co.uk/"),
        ("", "https://com", "https://example.com/"),
        ("", "https://www.example.com", "https://example.com/"),
        ("", "https://a.example.com", "https://b.example.com/"),
        ("good.com", "", "https://evil\\@good.com"),
        ("good.com", "", "https://good.com@evil.com"),
        ("", "androidapp://com.example.app", "https://com.example.app/"),
        ("", "https://example.app", "androidapp://com.example.app"),
        ("bob@example.com", "", "https://example.com/"),
    ])
    func `a login is never offered to another site's page`(title: String, entry: String, page: String) {
        let index = LoginIndex([.sample("z", title: title, url: entry)])
        #expect(index.found(page) == "")
    }

    @Test(arguments: [
        ("http://example.com/", "https://example.com/"),
        ("https://example.com/", "http://example.com/"),
    ])
    func `with schemes, another scheme's login is left out`(entry: String, page: String) {
        let index = LoginIndex([.sample("z", title: "example.com", url: entry)])
        #expect(index.found(page) == "z")
        #expect(index.found(page, options: MatchOptions(schemes: true)) == "")
        #expect(index.found(entry, options: MatchOptions(schemes: true)) == "z")
    }
}
