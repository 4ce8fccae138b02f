// SPDX-License-Identifier: Apache-2.0

import SafeRegex
import Testing

@Suite struct PatternTests {
    private func finds(_ pattern: String, in text: String, ignoringCase: Bool = false) throws -> Bool {
        var budget = MatchBudget(until: .now + .seconds(60))
        return try Pattern(pattern, ignoringCase: ignoringCase).matches(text, within: &budget)
    }

    @Test(arguments: [
        ("ab+c", "xabbbc", true), ("^ab", "xab", false), ("^$", "", true), ("x", "", false),
        ("ü.?", "Übung", false),
        ("\\bbob\\b", "bobby", false), ("(?i)BOB", "bob", true), ("^a.c$", "a\u{0}c", true),
        ("^.$", "é", true),
        ("\\d{4}", "pin 1234", true), ("", "anything", true), ("(a)(b)(c)", "abc", true),
    ])
    func `a pattern is looked for anywhere in a text`(pattern: String, text: String, isFound: Bool) throws {
        #expect(try finds(pattern, in: text) == isFound)
    }

    @Test func `case is ignored if that is wanted, beyond ASCII, too`() throws {
        #expect(try finds("übung", in: "ÜBUNG", ignoringCase: true))
        #expect(try !finds("übung", in: "ÜBUNG"))
    }

    @Test(arguments: ["(", "[a", "a{2,1}", "*", "(?<n>", "\\", "\\C"])
    func `a broken pattern says what is wrong with it`(pattern: String) throws {
        let error = #expect(throws: PatternError.self) { try Pattern(pattern, ignoringCase: true) }
        guard case .broken(let message) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(message.contains(pattern))
    }

    @Test func `a NUL, or more than anybody writes, is no pattern`() {
        #expect(throws: PatternError.self) { try Pattern("a\u{0}(", ignoringCase: false) }
        let long = String(repeating: "a", count: Pattern.longest + 1)
        #expect(throws: PatternError.self) { try Pattern(long, ignoringCase: false) }
    }

    @Test(arguments: ["[!-\u{10FFFF}]", "[!-\\x{10ffff}]", "(?xx)[!- \u{10FFFF}]", "[!-\\Q\u{10FFFF}\\E]"])
    func `ranges over all of Unicode, of which each takes its time to compile, are few`(range: String) throws
    {
        let few = String(repeating: range, count: Pattern.mostWideRanges)
        #expect(
            try finds(few, in: String(repeating: "x", count: 16), ignoringCase: true) || range.contains("\\Q")
        )
        #expect(throws: PatternError.broken("it has too many ranges beyond ASCII")) {
            try Pattern(few + range, ignoringCase: true)
        }
    }

    @Test func `ranges within ASCII, and hyphens that are none, are as many as anybody likes`() throws {
        let text = String(repeating: "a-b", count: 60)
        #expect(try finds(String(repeating: "[a-zA-Z0-9-]", count: 60), in: text, ignoringCase: true))
    }

    @Test(arguments: [
        "(*LIMIT_MATCH=4000000000)a", "(*LIMIT_DEPTH=1)(?(?=a)b|c)", "(*NO_START_OPT)a", "(*UTF)a", "(*)a",
        "(*",
        "a(*COMMIT)b", "a(*:name)b", "(?:(*ACCEPT)a)", "\\\\(*FAIL)", "\\Qa\\E(*SKIP)", "[a](*PRUNE)",
        "[^]a](*PRUNE)", "(*pla:a)", "(*NOTEMPTY)", "(*napla:x)",
    ])
    func `a pattern can't change its own limits, and has no verbs`(pattern: String) {
        #expect(throws: PatternError.self) { try Pattern(pattern, ignoringCase: false) }
    }

    @Test(arguments: [
        ("f\\(*x", "f((x"), ("[(*]A", "*A"), ("\\Q(*A)\\E", "(*A)"), ("[](*A]", "]"), ("(\\*a)", "*a"),
    ])
    func `what only looks like a verb is text`(pattern: String, text: String) throws {
        #expect(try finds(pattern, in: text))
    }

    @Test(arguments: [
        "(a+)+$", "(a|a)*$", "(a*)*\\1$", "(?:(a+)(?1)?)+$", "((?:a|(?R))+)$", "(?(?=(a+)+b)c|(a+)+$)",
        "(.*)(.*)(.*)(.*)\\d$", "(?<=a)(a+)+$",
    ])
    func `a pattern that runs away is cut off, in the same way whatever it met`(pattern: String) throws {
        let text = String(repeating: "a", count: 60) + "!" + String(repeating: "a", count: 3000) + "!"
        let compiled = try Pattern(pattern, ignoringCase: false)
        var budget = MatchBudget(until: .now + .seconds(60), steps: 200_000)
        #expect(throws: PatternError.ranAway) { try compiled.matches(text, within: &budget) }
        #expect(budget.isSpent)
        // What failed has used up what there was for the texts that follow.
        #expect(throws: PatternError.ranAway) { try compiled.matches("aaa", within: &budget) }
    }

    @Test func `one budget holds for all texts together`() throws {
        let pattern = try Pattern("(a+)+$", ignoringCase: false)
        var budget = MatchBudget(until: .now + .seconds(60), steps: 10_000)
        var texts = 0
        while (try? pattern.matches("aaaaaaaac", within: &budget)) != nil { texts += 1 }
        #expect((1...10_000).contains(texts))
        var late = MatchBudget(until: .now - .seconds(1))
        #expect(throws: PatternError.ranAway) { try pattern.matches("a", within: &late) }
    }

    @Test func `several may use a pattern at once`() async throws {
        let pattern = try Pattern("needle", ignoringCase: true)
        let found = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<50 {
                group.addTask {
                    var budget = MatchBudget(until: .now + .seconds(60))
                    let text = number.isMultiple(of: 2) ? "a NEEDLE \(number)" : "hay"
                    return try pattern.matches(text, within: &budget)
                }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(found == 25)
    }
}
