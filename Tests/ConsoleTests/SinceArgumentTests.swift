// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Console

struct SinceArgumentTests {
    private let now: UInt64 = 1_790_000_000

    @Test(arguments: [("45s", 45), ("30m", 1800), ("2h", 7200), ("3d", 259_200)])
    func `a span is counted back from now`(text: String, seconds: UInt64) {
        #expect(SinceArgument(text, now: now)?.time == now - seconds)
    }

    @Test func `a day, a time or both are of the person's own calendar`() throws {
        let whole = Moment.text(now)
        #expect(SinceArgument(whole, now: now)?.time == now)
        #expect(SinceArgument(String(whole.dropFirst(11)), now: now)?.time == now)
        // What is still to come today was yesterday.
        let later = String(Moment.text(now + 60).dropFirst(11))
        #expect(SinceArgument(later, now: now)?.time == now + 60 - 86_400)
        let day = try #require(SinceArgument(String(whole.prefix(10)), now: now)?.time)
        #expect(Moment.text(day).hasSuffix(" 00:00:00"))
        #expect(SinceArgument("99999999999999999999d", now: now) == nil)
        #expect(SinceArgument("18446744073709551615d", now: now)?.time == 0)
    }

    @Test(arguments: ["", "h", "yesterday", "25:00", "2026-13-01", "2026-11-25x", "-5m"])
    func `what is no time is refused`(text: String) {
        #expect(SinceArgument(text, now: now) == nil)
    }
}
