// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DisplayText

@Suite struct LineWrappingTests {
    @Test(arguments: [
        ("", 1), ("a", 1), ("aaaa bbbb", 1), ("aaaa bbbbb", 1), ("aaaa bbbbbb", 2), ("aaaa\nbb", 2),
        ("a\n\nb", 3),
        ("aaaaaaaaaab", 2), ("aaaaaaaaaabbbbbbbbbbc d", 3), ("字字字字字字", 2), ("e\u{301}e\u{301}", 1),
    ])
    func `lines are counted as they are broken at ten columns`(text: String, lines: Int) {
        #expect(LineWrapping(columns: 10, in: .proportional).lines(text).count == lines)
    }

    @Test func `the longest paragraph counts by itself`() {
        #expect(LineWrapping(columns: 8, in: .proportional).longestParagraph("aaaa bbbbbbb cc\nd") == 3)
        let words = "aa bbbb\nccc"
        #expect(LineWrapping(columns: 4, in: .proportional).fitsWords(of: words))
        #expect(!LineWrapping(columns: 3, in: .proportional).fitsWords(of: words))
    }

    @Test func `a word is broken that no line is wide enough for, and nothing else`() {
        #expect(
            LineWrapping(columns: 4, in: .proportional).breakingWords("aa bbbbbb\ncccc")
                == "aa bbbb\nbb\ncccc"
        )
    }

    @Test(arguments: [
        ("github.com", "github.com"),
        ("mail.example.com.login.secure.account.verify.evil.net", "…account.verify.evil.net"),
        ("a.b.an-organisation-with-a-long-name.co.uk", "…an-organisation-with-a-long-name.co.uk"),
        ("a.very.long.host.of.the.internet.example:8443", "…the.internet.example:8443"),
    ])
    func `a host is cut in front, between labels, and keeps its registrable domain`(
        host: String,
        shown: String
    ) {
        #expect(PlainText.host(host, columns: 28) == shown)
    }

    @Test(arguments: [
        ("/usr/bin/firefox", "/usr/bin/firefox"),
        ("/tmp/demo/.local/share/browser-1.2.3/chromium", "…/browser-1.2.3/chromium"),
        ("/tmp/a folder/with blanks/and a long name/firefox", "“…/firefox”"),
        ("/tmp/abcdefghijklmnopqrstuvwxyz0123456789", "…efghijklmnopqrstuvwxyz0123456789".suffixed(25)),
    ])
    func `a path is cut in front, at a folder where there is one`(path: String, shown: String) {
        #expect(PlainText.name(path, columns: 25) == shown)
    }

    @Test func `what is cut is no wider than it may be, in any writing`() {
        for columns in 10...30 {
            for text in [
                String(repeating: "字", count: 90), String(repeating: "ab/", count: 90),
                "“" + String(repeating: "x", count: 90),
            ] {
                #expect(PlainText.name(text, columns: columns).width(in: .proportional) <= columns)
            }
        }
    }
}

extension String {
    fileprivate func suffixed(_ columns: Int) -> String {
        "…" + suffix(columns - "…".width(in: .proportional))
    }
}
