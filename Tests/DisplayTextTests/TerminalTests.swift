// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DisplayText

struct TerminalTests {
    @Test(arguments: [
        ("plain text", "plain text"),
        ("\u{1B}[31mred\u{1B}[0m", "[31mred[0m"),
        ("a\u{7}b\r\nc\td", "abcd"),
        ("C1 \u{9B}2J", "C1 2J"),
        ("evil\u{202E}txt", "eviltxt"),
        ("zero\u{200B}width\u{FEFF}", "zerowidth"),
        ("line\u{2028}para\u{2029}", "linepara"),
        ("blank\u{3164}\u{115F}\u{1160}\u{FFA0}", "blank"),
        ("Grüße 日本 🔔", "Grüße 日本 🔔"),
    ])
    func `what a terminal would act on is taken out`(text: String, cleaned: String) {
        #expect(PlainText.cleaned(text) == cleaned)
    }

    @Test func `lines stay lines, and nothing else is let through`() {
        #expect(PlainText.lines("a\n\u{1B}[2Jb\r\n\nc") == ["a", "[2Jb", "", "c"])
    }
}
