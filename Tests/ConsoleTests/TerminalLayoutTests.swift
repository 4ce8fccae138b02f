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
        let keys = KeyLegend(request("AAAA"), others: 0)
        var page = TerminalLayout(columns: nil, isStyled: true)
        #expect(
            page.page(title: "a\nb", body: ["c"], keys: keys).text
                .hasPrefix("\u{1B}[1ma\u{1B}[0m\n\u{1B}[1mb\u{1B}[0m\n  c\n")
        )
        page.isStyled = false
        #expect(page.page(title: "a", body: [], keys: keys).text.hasPrefix("a\n"))
    }

    @Test func `in a small window title and first lines stay in sight, and the keys that are needed most`() {
        let page = TerminalLayout(columns: 40, rows: 8, isStyled: false)
        let text = page.page(
            title: "7F2A  firefox asks for your login at github.com  (expires in 2 min)",
            body: ["User name and password go out", "Program: /usr/bin/firefox"]
                + (0..<9).map { "line \($0)" },
            keys: KeyLegend(request("7F2A"), others: 2)
        ).text
        let lines = text.split(separator: "\n")
        #expect(lines.count == 7)
        #expect(lines.first?.contains("firefox asks for your login at") == true)
        #expect(text.contains("User name and password go out"))
        #expect(text.contains("… more: press ?"))
        #expect(lines.last == "[a] allow  [d] deny  [?] more")
    }

    @Test(arguments: [3, 5, 8, 12, 24, 100])
    func `part after part has all of a request, and tells which warnings are yet to come`(rows: Int) {
        let layout = TerminalLayout(columns: 40, rows: rows, isStyled: false)
        let warnings = [
            "Its key was given to somebody else: /usr/bin/other.",
            "Plain http: others on the network can read it.",
        ]
        let body =
            ["The form goes to another site: evil.example."] + warnings + ["Login “GitHub”", "It gets all."]
        func part(_ number: Int) -> WatchPage {
            layout.page(
                number,
                title: "7F2A  firefox asks for your login at github.com",
                body: body,
                warnings: [body[0]] + warnings,
                keys: KeyLegend(request("7F2A"), others: 0)
            )
        }
        let first = part(0)
        #expect(first.isFirst)
        var pages = [first]
        while pages.count < 50, !part(pages.count).isFirst { pages.append(part(pages.count)) }
        #expect((pages.count == 1) == (rows >= 24))
        let all = pages.map(\.text).joined(separator: "\n")
        for line in body + ["[q] quit"] {
            for word in line.split(separator: " ") { #expect(all.contains(word), "\(line)") }
        }
        #expect(pages.map(\.hiddenWarnings) == pages.map(\.hiddenWarnings).sorted(by: >))
        #expect(pages.last?.isRead == true)
        // What scrolls off hasn't been shown.
        for page in pages.dropLast() { #expect(page.text.split(separator: "\n").count < rows, "\(page)") }
        for page in pages {
            let hidden = page.hiddenWarnings
            #expect(
                page.text.contains("Plain http: others on the network can") || page != first || hidden > 0
            )
            guard rows >= 8, hidden > 0 else { continue }
            #expect(page.text.contains("… \(hidden) more warning\(hidden == 1 ? "" : "s"): press ?"))
            #expect(page.text.split(separator: "\n").count < rows)
        }
    }

    @Test(arguments: [(20, 5), (80, 3), (30, 4), (20, 2)])
    func `a title that a window is too small for is unread until all of it has been shown`(
        columns: Int,
        rows: Int
    ) {
        let layout = TerminalLayout(columns: columns, rows: rows, isStyled: false)
        let title =
            "7F2A  firefox asks for your login at accounts.a-long-name-of-a-host.example  (expires in 2 minutes)"
        var shown = ""
        for number in 0..<9 {
            let page = layout.page(
                number,
                title: title,
                body: ["Program: git"],
                keys: KeyLegend(request("7F2A"), others: 1)
            )
            shown += page.text
            #expect(page.text.split(separator: "\n").count < rows)
            let isAllThere = title.split(separator: " ").allSatisfy { word in
                // A word that is longer than a line is cut.
                shown.contains(word) || word.count > columns - 4
            }
            #expect(page.isRead == isAllThere, "\(number): \(shown)")
            if page.isRead { return }
        }
        Issue.record("it is never read")
    }

    @Test func `of texts that say the same the longest one that fits is printed`() {
        let texts = [
            "7F2A  git asks for your login\nAllow once? Press a again.", "7F2A: allow once?", "Allow?",
        ]
        func fitting(_ columns: Int, _ rows: Int) -> String {
            TerminalLayout(columns: columns, rows: rows, isStyled: false).fitting(texts)
        }
        #expect(fitting(80, 3) == texts[0])
        #expect(fitting(80, 2) == texts[1])
        #expect(fitting(16, 2) == texts[2])
        #expect(fitting(16, 1) == texts[2], "the shortest where none does")
        #expect(TerminalLayout(isStyled: false).fitting(texts) == texts[0])
    }

    @Test(arguments: [["TERM": "dumb"], [:], ["TERM": "xterm", "NO_COLOR": "1"]])
    func `NO_COLOR and dumb terminals get plain text`(environment: [String: String]) {
        #expect(!TerminalLayout.ofOutput(environment: environment).isStyled)
    }
}
