// SPDX-License-Identifier: Apache-2.0

import Testing
import VaultTestSupport

@testable import Vault

/// What of a URL may be looked at before the person's word, and what a count goes by.
@Suite struct PublicURLTests {
    @Test(arguments: [
        ("https://a.example/path", "https://a.example/path"), ("a.example", "a.example"), ("", ""),
        ("https://admin:hunter2@router.example/cgi?token=s3cr3t", "https://router.example/cgi"),
        ("https://admin@a.example", "https://a.example"), ("https://a.example/#key", "https://a.example/"),
        ("admin:hunter2@router.example:8080/x", "router.example:8080/x"),
        ("https://a.example:8443/@bob", "https://a.example:8443/@bob"),
        ("https://a.example/~bob?mail=bob@b.example", "https://a.example/~bob"),
        ("https://admin:p/ss@a.example/x", "https://a.example/x"),
        ("https://admin:p?s#s@a.example/x", "https://a.example/x"),
        ("https://admin:p@ss@a.example/x", "https://a.example/x"),
        ("https://[::1]:80/@x?y", "https://[::1]:80/@x"),
        ("https://a\u{301}dmin:x@\u{301}a.example", "https://\u{301}a.example"),
    ])
    func `no user, password, query or fragment is public`(url: String, shown: String) {
        #expect(PublicURL.text(of: url).utf8.elementsEqual(shown.utf8))
    }

    private func index(_ urls: [String]) -> LoginIndex {
        LoginIndex(urls.map { Login(id: .random(), title: "x", url: $0) })
    }

    private func query(_ url: String, bestOnly: Bool) -> MatchQuery {
        var options = MatchOptions()
        options.bestOnly = bestOnly
        return MatchQuery(url: url, options: options, now: 0)
    }

    @Test func `a count is that of the logins that are offered`() {
        let index = index(["https://a.example/one", "https://a.example/two", "https://b.example/"])
        for bestOnly in [false, true] {
            for url in [
                "https://a.example/one", "https://c.a.example/two", "https://b.example/x", "https://c/",
            ] {
                let query = query(url, bestOnly: bestOnly)
                #expect(LoginIndex.count(of: query, in: [index]) == index.matches(query).count)
            }
        }
    }

    @Test func `what comes first, or alone, tells nothing of a password, a token or a field's value`() {
        let guesses = [
            "https://a.example/login", "https://a.example/login?s3cret", "https://a.example/login?other",
            "https://me:s3cret@a.example/login", "https://a.example/login/s3cret",
        ]
        func found(_ url: String, pin: String) -> [[String]] {
            let plain = Login.sample("plain", url: "https://a.example/login", username: "m")
            // One before the other by its user name, and one behind it.
            var others = ["a", "z"].map { Login.sample("other-\($0)", url: url, username: $0) }
            for place in others.indices { others[place].urlFields = ["pin": pin] }
            let index = LoginIndex([others[1], plain, others[0]])
            return [false, true].flatMap { bestOnly in
                guesses.map { index.matches(query($0, bestOnly: bestOnly)).map(\.sampleName) }
            }
        }
        let none = found("https://a.example/login", pin: "")
        #expect(none.allSatisfy { $0 == ["other-a", "plain", "other-z"] })
        for url in ["https://me:s3cret@a.example/login", "https://a.example/login?s3cret"] {
            #expect(found(url, pin: "") == none)
        }
        let url = "https://a.example/login/{S:pin}"
        #expect(found(url, pin: "s3cret") == found(url, pin: "other"))
    }

    @Test func `a count tells nothing of a password or a token in a URL`() {
        for secret in [
            "https://me:s3cret@a.example/", "https://a.example/?s3cret", "https://a.example/#s3cret",
        ] {
            let index = index([secret, "https://a.example/"])
            for guess in [
                secret, "https://me:other@a.example/", "https://a.example/?s3", "https://a.example/",
            ] {
                #expect(LoginIndex.count(of: query(guess, bestOnly: true), in: [index]) == 2)
            }
        }
    }
}
