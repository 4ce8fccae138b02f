// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Console

struct AdviceTests {
    @Test(arguments: [
        (nil, "without a reason"), ("", "without a reason"),
        ("Database locked", "keybell unlock"), ("Denied", "You denied it."),
        ("Too many questions are waiting", "Too many questions are waiting"),
        ("evil\u{1B}[2J", "evil[2J"),
    ])
    func `a refusal says what to do, or what the daemon said`(error: String?, part: String) {
        #expect(ScriptClient.advice(error).contains(part))
    }
}
