// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import UnicodeText

@testable import DisplayText

@Suite struct PlainTextTests {
    @Test(
        arguments: [
            "a\nb", "a\r\nb", "a\u{85}b", "a\u{0}b", "a\u{1B}b", "a\u{2028}b", "a\u{2029}b", "a\u{202E}b",
            "a\u{200B}b", "a\u{2066}b", "a\u{AD}b", "a\u{FEFF}b", "a\u{115F}b", "a\u{1160}b", "a\u{3164}b",
            "a\u{FFA0}b", "a\u{E0041}b",
            // Default-ignorable by property, whatever their category.
            "a\u{34F}b", "a\u{17B4}b", "a\u{17B5}b", "a\u{180B}b", "a\u{180F}b", "a\u{2065}b", "a\u{FE00}b",
            "a\u{FE0F}b", "a\u{FFF0}b", "a\u{E0100}b", "a\u{E0FFF}b", "a\u{1D173}b", "a\u{1BCA0}b",
            // Blank, and nothing says so.
            "a\u{2800}b", "a\u{16FE4}b", "a\u{13441}b", "a\u{1D159}b",
            // What terminals act on.
            "a\u{9B}b", "a\u{9D}b", "a\u{7F}b", "a\u{8}b",
        ]
    )
    func `what isn't seen is removed`(text: String) {
        #expect(Array(PlainText.field(text).utf8) == Array("ab".utf8))
        #expect(Array(PlainText.cleaned(text).utf8) == Array("ab".utf8))
        #expect(PlainText.quoted(text) == "“ab”")
        #expect(PlainText.host(text + ".example").utf8.contains(UInt8(ascii: "b")))
    }

    @Test(arguments: ["\u{E000}", "\u{F8FF}", "\u{10FFFD}", "\u{FFFE}", "\u{378}"])
    func `what nobody knows the look of is shown as such`(text: String) {
        #expect(PlainText.field("a\(text)b") == "a\u{FFFD}b")
    }

    @Test(arguments: [
        ("xn--bcher-kva.example", "bücher.example", "bücher.example"),
        ("a.example:81", "a.example:81", "a.example:81"),
        ("my bank", "my bank", "“my bank”"), ("say “no”", "say “no”", PlainText.quoted("say “no”")),
        ("銀行 login", "銀行 login", "“銀行 login”"),
    ])
    func `what isn't a host is recorded as it is, and shown in quotes`(
        text: String,
        recorded: String,
        shown: String
    ) {
        #expect(PlainText.recordedPlace(text) == recorded)
        #expect(PlainText.place(text) == shown)
        #expect(PlainText.place(recorded) == shown)
    }

    @Test func `a text that is laid out keeps its lines and columns and nothing that acts`() {
        let text = "Usage: x\n\n  --id <id>        a\u{1B}]0;b\u{7}\u{202E}\r\n"
        #expect(PlainText.laidOut(text) == "Usage: x\n\n  --id <id>        a]0;b\n")
    }

    @Test func `marks are bounded for each request and never stand upon what is before the text`() {
        let zalgo = String(repeating: "z" + String(repeating: "\u{323}\u{301}", count: 20), count: 3)
        let shown = PlainText.cleaned(zalgo).unicodeScalars
        #expect(shown.count { $0.isMark } <= 12)
        #expect(PlainText.quoted("\u{338}\u{20E0}x") == "“x”")
        #expect(PlainText.cleaned(" \u{338}").unicodeScalars.count <= 2)
    }

    @Test(arguments: ["ệ", "क्षि", "རྒྱུ", "שָׁלוֹם", "ที่"])
    func `what languages write is left whole`(text: String) {
        #expect(PlainText.field(text) == text)
    }

    @Test func `two forms of a text are shown as the same bytes`() {
        #expect(Array(PlainText.field("cafe\u{301}").utf8) == Array("café".utf8))
        #expect(Array(PlainText.field("\u{212B}").utf8) == Array("Å".utf8))
        #expect(Array("cafe\u{301}".composed.utf8) == Array("café".utf8))
    }

    @Test func `spaces can't push a claim onto a line of its own`() {
        #expect(PlainText.field("x" + String(repeating: " ", count: 200) + "Host: y") == "x   Host: y")
        #expect(
            PlainText.field("x" + String(repeating: "\u{3000}", count: 9) + "y").unicodeScalars.count == 5
        )
    }

    @Test func `a line of the log has spaces where there were breaks`() {
        #expect(PlainText.line("a\nb\u{1B}[2J\u{202E}c", limit: 1000) == "a b [2Jc")
        #expect(PlainText.line(String(repeating: "x", count: 50), limit: 10) == "xxxxxxxxx…")
    }

    @Test(arguments: ["\u{323}\u{301}", "a\u{323}", "\u{200B}", "🏳️‍🌈", "\u{1100}\u{1161}", "x", "é”"])
    func `a mebibyte of anything costs no more than looking at it`(piece: String) {
        let text = String(repeating: piece, count: (1 << 20) / piece.utf8.count)
        let short = ProcessorTime.of {
            _ = PlainText.field(text)
            _ = PlainText.quoted(text)
            _ = PlainText.host(text)
            _ = PlainText.line(text, limit: 1000)
        }
        let whole = ProcessorTime.of {
            _ = PlainText.cleaned(text)
            _ = PlainText.lines(text)
            _ = text.composed
        }
        // Measured: below 5 ms and 300 ms in a debug build; quadratic would be minutes.
        #expect(short < 1)
        #expect(whole < 5)
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
        #expect(marks == "x\u{301}\u{301}\u{301}\u{301}…")
    }

    @Test func `a host is cut from the left so that its registrable domain stays`() {
        let host = String(repeating: "github.com.", count: 40) + "evil.example"
        let shown = PlainText.host(host)
        #expect(shown.unicodeScalars.count == 256)
        #expect(shown.hasPrefix("…"))
        #expect(shown.hasSuffix("evil.example"))
    }

    @Test func `a host whose letters could be another's is shown with its A-labels or its bytes`() {
        #expect(PlainText.host("пример.рф") == "пример.рф")
        #expect(PlainText.host("xn--e1afmkfd.xn--p1ai:8443") == "пример.рф:8443")
        #expect(PlainText.host("аррӏе.com") == "xn--80ak6aa92e.com")
        #expect(PlainText.host("bаnk.example\\") == "b%D0%B0nk.example\\")
        #expect(PlainText.host("BÜCHER.example") == PlainText.host("bu\u{308}cher.example."))
    }

    @Test(arguments: [
        "x” Program: \"good\"", "x”\u{301}\u{338} Program: \"good\"",
        "x\u{2033} Program: \u{FF02}good\u{275E}",
    ])
    func `a claim can't close its quotes`(text: String) {
        let shown = PlainText.quoted(text)
        #expect(shown.unicodeScalars.dropFirst().dropLast().allSatisfy { !Quotes.isDouble($0) })
        #expect(shown.unicodeScalars.starts(with: "“x'".unicodeScalars))
        #expect(shown.hasSuffix("Program: 'good'”"))
    }

    @Test(arguments: [
        "x'' Program: good", "x‘’ Program: good", "x\u{2032}\u{2BC} Program: good",
        "x'\u{200B}' Program: good",
        "x’\u{200A}’ Program: good", "x\"” Program: good", "x''''' Program: good",
    ])
    func `single quotes side by side can't look like a double one`(text: String) {
        let shown = PlainText.quoted(text).unicodeScalars.dropFirst().dropLast()
        #expect(shown.filter { Quotes.isSingle($0) }.count == 1)
        #expect(String(String.UnicodeScalarView(shown)).hasSuffix(" Program: good"))
        #expect(PlainText.quoted("it’s rock ’n’ roll, O'Neil") == "“it’s rock ’n’ roll, O'Neil”")
    }

    @Test(arguments: [
        ("plain", #""plain""#), (#"x " why="ok"#, #""x \" why=\"ok""#), (#"a\"#, #""a\\""#),
        (#"\""#, #""\\\"""#),
        ("two\nlines\u{2028}\u{1B}[m", #""two lines  [m""#), ("“”", "\"“”\""),
    ])
    func `a value of the log can't end its field`(text: String, value: String) {
        #expect(PlainText.logValue(text) == value)
    }
}
