// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Console

struct TerminalPageTests {
    @Test func `lines are wrapped between words, and go on further in`() {
        let page = TerminalPage(columns: 24, isStyled: false)
        #expect(
            page.set("  Program: /usr/bin/git (42), started by zsh\nnext").split(separator: "\n") == [
                "  Program: /usr/bin/git", "    (42), started by zsh", "next",
            ]
        )
    }

    @Test func `a word that is longer than a line is cut and nothing is lost`() {
        let page = TerminalPage(columns: 20, isStyled: false)
        let path = "/home/someone/.cache/deep/down/firefox"
        let set = page.set("  at " + path)
        #expect(set.split(separator: "\n").allSatisfy { $0.count <= 20 })
        #expect(set.filter { !$0.isWhitespace } == "at" + path)
    }

    @Test func `bold is set line by line, and only where it may be`() {
        var page = TerminalPage(columns: nil, isStyled: true)
        #expect(page.set("a\nb", isBold: true) == "\u{1B}[1ma\u{1B}[0m\n\u{1B}[1mb\u{1B}[0m")
        page.isStyled = false
        #expect(page.set("a", isBold: true) == "a")
    }

    @Test(arguments: [["TERM": "dumb"], [:], ["TERM": "xterm", "NO_COLOR": "1"]])
    func `NO_COLOR and dumb terminals get plain text`(environment: [String: String]) {
        #expect(!TerminalPage.ofOutput(environment: environment).isStyled)
    }
}
