// SPDX-License-Identifier: Apache-2.0

import Patterns
import Testing

@Suite struct PatternTests {
    @Test(arguments: [
        ("ab+c", "xabbbc", true), ("^ab", "xab", false), ("^$", "", true), ("x", "", false),
        ("ü.?", "Übung", false),
        ("\\bbob\\b", "bobby", false), ("(?i)BOB", "bob", true), ("^a.c$", "a\u{0}c", true),
        ("^.$", "é", true),
        ("\\d{4}", "pin 1234", true), ("", "anything", true),
    ])
    func `a pattern is looked for anywhere in a text`(pattern: String, text: String, isFound: Bool) throws {
        #expect(try Pattern(pattern, ignoringCase: false).matches(text) == isFound)
    }

    @Test func `case is ignored if that is wanted, beyond ASCII, too`() throws {
        #expect(try Pattern("übung", ignoringCase: true).matches("ÜBUNG"))
        #expect(try !Pattern("übung", ignoringCase: false).matches("ÜBUNG"))
    }

    @Test(arguments: ["(", "[a", "a{2,1}", "*", "(?<n>", "\\"])
    func `a broken pattern says what is wrong with it, not with ours`(pattern: String) throws {
        let error = #expect(throws: PatternError.self) { try Pattern(pattern, ignoringCase: true) }
        guard case .broken(let message) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(message.contains(pattern))
        #expect(!message.contains("LIMIT"))
    }

    @Test func `a NUL doesn't cut a pattern short`() {
        #expect(throws: PatternError.self) { try Pattern("a\u{0}(", ignoringCase: false) }
    }

    @Test(arguments: ["(a+)+$", "(a|a)*$", "(*LIMIT_MATCH=4000000000)(a+)+$", "(a*)*\\1$"])
    func `a pattern that runs away is cut off`(pattern: String) throws {
        let text = String(repeating: "a", count: 40) + "!"
        let compiled = try Pattern(pattern, ignoringCase: false)
        #expect(throws: PatternError.ranAway) { try compiled.matches(text) }
        #expect(try compiled.matches("aaa"))
    }

    @Test func `several may use a pattern at once`() async throws {
        let pattern = try Pattern("needle", ignoringCase: true)
        let found = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<50 {
                group.addTask { try pattern.matches(number.isMultiple(of: 2) ? "a NEEDLE \(number)" : "hay") }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(found == 25)
    }
}
