// SPDX-License-Identifier: Apache-2.0

import DisplayText
import Testing

struct DrawnWidthTests {
    @Test(arguments: [
        ("", 0), ("abc", 3), ("“abc”", 5), ("a…", 3), ("e\u{301}", 2), ("日本", 6), ("‱", 3), ("\u{FDFD}", 20),
        ("\u{FDFA}x", 21), ("жäß", 3), ("Ѿ", 3), ("⸻", 6),
    ])
    func `a text is no narrower than it may be drawn`(text: String, width: Int) {
        #expect(text.drawnWidth == width)
        #expect(text.map(\.drawnWidth).reduce(0, +) == width)
        #expect(text.drawnWidth >= text.columnWidth)
    }

    @Test func `lines are broken where wide letters have no room`() {
        #expect(LineWrapping.count(String(repeating: "\u{FDFD}", count: 4), columns: 46) == 2)
        #expect(LineWrapping.count(String(repeating: "\u{FDFD}", count: 5), columns: 46) == 3)
    }

    @Test func `a quote is cut by its width, too`() {
        #expect(PlainText.quoted("abcdef", limit: 6, columns: 6) == "“abcdef”")
        #expect(PlainText.quoted("abcdef", limit: 6, columns: 5) == "“abc…”")
        #expect(PlainText.quoted("\u{FDFD}\u{FDFD}\u{FDFD}", limit: 16, columns: 24) == "“\u{FDFD}…”")
    }
}
