// SPDX-License-Identifier: Apache-2.0

import DisplayText
import Testing

struct TextWidthTests {
    @Test(arguments: [
        ("", 0), ("abc", 3), ("é", 1), ("e\u{301}", 1), ("日本語", 6), ("한국", 4), ("a\u{200B}b", 2), ("🔑", 2),
        ("Ｗ", 2), ("пример", 6),
    ])
    func `a text takes as many columns as a terminal gives it`(text: String, width: Int) {
        #expect(text.width(in: .monospaced) == width)
        #expect(text.reduce(0) { $0 + $1.width(in: .monospaced) } == width)
    }

    @Test(arguments: [
        ("", 0), ("abc", 3), ("“abc”", 5), ("a…", 3), ("e\u{301}", 2), ("日本", 6), ("‱", 3), ("\u{FDFD}", 20),
        ("\u{FDFA}x", 21), ("жäß", 3), ("Ѿ", 3), ("⸻", 6),
    ])
    func `a text is no narrower than it may be drawn`(text: String, width: Int) {
        #expect(text.width(in: .proportional) == width)
        #expect(text.reduce(0) { $0 + $1.width(in: .proportional) } == width)
        #expect(text.width(in: .proportional) >= text.width(in: .monospaced))
    }

    @Test func `lines are broken where wide letters have no room`() {
        let wrapping = LineWrapping(columns: 46, in: .proportional)
        #expect(wrapping.lines(String(repeating: "\u{FDFD}", count: 4)).count == 2)
        #expect(wrapping.lines(String(repeating: "\u{FDFD}", count: 5)).count == 3)
    }

    @Test func `a quote is cut by its width, too`() {
        #expect(PlainText.quoted("abcdef", limit: 6, columns: 6) == "“abcdef”")
        #expect(PlainText.quoted("abcdef", limit: 6, columns: 5) == "“abc…”")
        #expect(PlainText.quoted("\u{FDFD}\u{FDFD}\u{FDFD}", limit: 16, columns: 24) == "“\u{FDFD}…”")
    }
}
