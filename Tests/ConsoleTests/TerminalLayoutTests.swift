// SPDX-License-Identifier: Apache-2.0

import DisplayText
import Testing

@testable import Console

struct TerminalLayoutTests {
    @Test func `lines are wrapped between words, and go on further in`() {
        let page = TerminalLayout(columns: 24, isStyled: false)
        #expect(
            page.set("  Program: /usr/bin/git (42), started by zsh\nnext").split(separator: "\n") == [
                "  Program: /usr/bin/git", "    (42), started by zsh", "next",
            ]
        )
    }

    @Test func `columns of a table stay where they are as far as the line goes`() {
        let page = TerminalLayout(columns: 24, isStyled: false)
        #expect(
            page.set("firefox   3F:A2  made just now").split(separator: "\n") == [
                "firefox   3F:A2  made", "  just now",
            ]
        )
    }

    @Test func `a word that is longer than a line is cut and nothing is lost`() {
        let page = TerminalLayout(columns: 20, isStyled: false)
        let path = "/home/someone/.cache/deep/down/firefox"
        let set = page.set("  at " + path)
        #expect(set.split(separator: "\n").allSatisfy { $0.count <= 20 })
        #expect(set.filter { !$0.isWhitespace } == "at" + path)
    }

    @Test func `letters that take two columns count as two, and those that take none as none`() {
        let page = TerminalLayout(columns: 16, isStyled: false)
        #expect(
            page.set("パスワードを入力してください").split(separator: "\n").map { $0.width(in: .monospaced) } == [16, 14]
        )
        #expect(page.set("a\u{301}" + String(repeating: "b", count: 15)).split(separator: "\n").count == 1)
    }

    @Test func `a title is bold line by line, and only where it may be`() {
        let keys = WatchKeys(request("AAAA"), others: 0)
        var page = TerminalLayout(columns: nil, isStyled: true)
        #expect(
            page.set(title: "a\nb", body: ["c"], keys: keys, code: "AAAA")
                .hasPrefix("\u{1B}[1ma\u{1B}[0m\n\u{1B}[1mb\u{1B}[0m\n  c\n")
        )
        page.isStyled = false
        #expect(page.set(title: "a", body: [], keys: keys, code: "AAAA").hasPrefix("a\n"))
    }

    @Test func `in a small window title and first lines stay in sight, and the keys that are needed most`() {
        let page = TerminalLayout(columns: 40, rows: 8, isStyled: false)
        let text = page.set(
            title: "7F2A  firefox asks for your login at github.com  (expires in 2 min)",
            body: ["User name and password go out", "Program: /usr/bin/firefox"]
                + (0..<9).map { "line \($0)" },
            keys: WatchKeys(request("7F2A"), others: 2),
            code: "7F2A"
        )
        let lines = text.split(separator: "\n")
        #expect(lines.count == 7)
        #expect(lines.first?.contains("firefox asks for your login at") == true)
        #expect(text.contains("User name and password go out"))
        #expect(text.contains("more: keybell requests 7F2A"))
        #expect(lines.last == "[a] allow  [d] deny  [?] more")
    }

    @Test(arguments: [["TERM": "dumb"], [:], ["TERM": "xterm", "NO_COLOR": "1"]])
    func `NO_COLOR and dumb terminals get plain text`(environment: [String: String]) {
        #expect(!TerminalLayout.ofOutput(environment: environment).isStyled)
    }
}
