// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Vault

/// What is left of a client's text that is no clear address.
@Suite struct UnclearAddressTests {
    @Test(arguments: [
        "github", "My bank", "C# forum", "Server #3", "Work: mail", "/login", "a/b", "", "銀行 login",
        "https", "say “no”",
    ])
    func `words stay as they are`(title: String) {
        #expect(UnclearAddress.place(in: title) == title)
    }

    @Test(arguments: [
        ("https://alice:p@ss@shop.example/?token=x", "//shop.example"),
        ("alice:pw@example.org/p?token=x", "//example.org"),
        ("//alice:pw@shop.example:8443/?x", "//shop.example:8443"),
        ("https:alice:pw@shop.example?x", "//shop.example"),
        ("alice@example.org", "//example.org"), ("mailto:alice@example.org?body=x", "//example.org"),
        ("https:/evil.example/x", "//evil.example"), ("//evil.example", "//evil.example"),
        ("\\\\evil.example\\x", "//evil.example"), ("/\\evil.example", "//evil.example"),
        ("ftp:/[::1]/", "//[::1]"),
        ("foo bar?token=x", "foo bar"), ("foo bar#token=x", "foo bar"),
        ("github/settings?x", "github/settings"),
        ("What is it?", "What is it"),
    ])
    func `of what looks like an address its host is left, or the words before its query`(
        text: String,
        place: String
    ) {
        #expect(UnclearAddress.place(in: text) == place)
    }

    @Test(arguments: [
        "http://a:pw@b\\@c/?x", "https://alice:pw@exa mple.org/?x", "https://alice:p/w@shop.example/",
        "https://alice:p?w@shop.example/", "alice:p#w@shop.example/=", "//alice:pw/x", "https:alice:pw",
        "git@github.com:owner/repo", "ht\ntps:evil.example", "/\t/evil.example", "token=x", "?token=x", "@",
        "https://?x", "https://alice:pw\u{301}/@shop.example", "a//b", "data://x@y.example/@", "https:",
    ])
    func `of one that could be read in several ways nothing is left`(text: String) {
        #expect(UnclearAddress.place(in: text) == UnclearAddress.unreadable)
    }

    @Test func `a long text takes time in proportion to its length`() {
        for unit in ["@", "/", "a:", "?", "\\", "e\u{301}", "://"] {
            let text = String(repeating: unit, count: 200_000 / unit.utf8.count)
            #expect(UnclearAddress.place(in: text).utf8.count <= text.utf8.count)
        }
    }
}
