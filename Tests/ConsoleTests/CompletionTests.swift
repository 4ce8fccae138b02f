// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Console

/// What is offered at a shell's completion key.
@Suite struct CompletionTests {
    @Test(arguments: [
        "7F3K", "git", "Firefox-2", "user@host", "/usr/bin/x", "a.b_c+d", "Schlüssel", "鍵", "é",
    ])
    func `a plain word is offered`(word: String) {
        #expect(Completions.isPlain(word))
    }

    @Test(arguments: [
        "", "-f", "a b", "a\tb", "a\nb", "$(id)", "${IFS}", "`id`", "a;id", "a&", "a|b", "a<b", "a>b", "*",
        "a?",
        "[a]", "{a,b}", "~root", "!!", "#a", "a\\b", "'a", "\"a", "a=b", "a:b", "a%b", "^a", "(a)", "$x",
        "a\u{A0}b",
        "a\u{2028}b", "a\u{200B}b", "a\u{1B}b",
    ])
    func `what a shell would read as anything but itself isn't`(word: String) {
        #expect(!Completions.isPlain(word))
    }
}
