// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Approval

@Suite struct PlainTextTests {
    @Test(
        arguments: [
            "a\nb", "a\r\nb", "a\u{85}b", "a\u{0}b", "a\u{1B}b", "a\u{2028}b", "a\u{2029}b", "a\u{202E}b",
            "a\u{200B}b", "a\u{2066}b", "a\u{AD}b", "a\u{FEFF}b", "a\u{115F}b", "a\u{1160}b", "a\u{3164}b",
            "a\u{FFA0}b", "a\u{E0041}b",
        ]
    )
    func `line breaks, control, format and filler characters are removed`(text: String) {
        #expect(PlainText.field(text) == "ab")
    }

    @Test func `ordinary text of any script stays as it is`() {
        let text = "Straße 漢字 עברית <b>&amp;</b> 👍"
        #expect(PlainText.field(text) == text)
    }

    @Test func `a field has at most 256 characters, however many marks are piled up`() {
        #expect(PlainText.field(String(repeating: "x", count: 256)).count == 256)
        let long = PlainText.field(String(repeating: "x", count: 257))
        #expect(long.count == 256)
        #expect(long.hasSuffix("x…"))
        let marks = PlainText.field("x" + String(repeating: "\u{301}", count: 5000))
        #expect(marks.unicodeScalars.count == 256)
    }

    @Test func `a host is cut from the left so that its registrable domain stays`() {
        let host = String(repeating: "github.com.", count: 40) + "evil.example"
        let shown = PlainText.host(host)
        #expect(shown.unicodeScalars.count == 256)
        #expect(shown.hasPrefix("…"))
        #expect(shown.hasSuffix("evil.example"))
    }

    @Test func `a claim can't close its quotes`() {
        #expect(PlainText.quoted("x” Program: \"good\"") == "“x' Program: 'good'”")
    }
}
