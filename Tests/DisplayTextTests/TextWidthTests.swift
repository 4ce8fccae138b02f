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

    @Test func `the widest letters of ASCII take two columns where lines have columns for usual ones`() {
        #expect("firefox".width(in: .uneven) == 7)
        #expect("Wm@日".width(in: .uneven) == 9)
    }

    @Test(arguments: [
        ("", 1), ("Login “Zürich…” – Ελλάδα, Москва, Việt", 1), ("日本", 2), ("a🦊", 2), ("ไทย", 2), ("မြန်မာ", 2),
        ("فاكس", 3), ("བོད", 3),
    ])
    func `a line is as high as its tallest letter may be`(text: String, height: Int) {
        #expect(text.heightInLines == height)
    }

    @Test func `of what is too long both ends are quoted`() {
        #expect(PlainText.quotedEnds("abcdefghi", limit: 9) == "“abcdefghi”")
        #expect(PlainText.quotedEnds("abcdefghij", limit: 9) == "“abcdef…ij”")
        #expect(PlainText.quotedEnds("octocat@example.com|.*\u{202E}\"", limit: 12) == "“octocat@….*'”")
        #expect(PlainText.quotedEnds("日本の銀行と銀行", limit: 9, columns: 12) == "“日本…行”")
        #expect(PlainText.quotedEnds("abc…", limit: 9) == "“abc…”")
    }

    @Test func `a name from right to left turns nothing but itself`() {
        #expect(PlainText.fromLeftToRight("“Firefox” asks\nplain") == "“Firefox” asks\nplain")
        #expect(
            PlainText.fromLeftToRight("“فاير فوكس” asks for your login at בנק.example (7F2A)\nPlain http.")
                == "\u{200E}“\u{2068}فاير فوكس\u{2069}” asks for your login at \u{2068}בנק.example\u{2069} (7F2A)"
                + "\n\u{200E}Plain http."
        )
        // A quote that goes on in the next line.
        #expect(
            PlainText.fromLeftToRight("It is “فاير\nفوكس two”.")
                == "\u{200E}It is “\u{2068}فاير\u{2069}\n\u{200E}\u{2068}فوكس two\u{2069}”."
        )
        // A mark that makes one character with the quote.
        #expect(
            PlainText.fromLeftToRight("“a”\u{301} בנק b") == "\u{200E}“a”\u{301} \u{2068}בנק\u{2069} b"
        )
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
