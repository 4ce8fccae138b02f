// SPDX-License-Identifier: Apache-2.0

import Callers
import Testing

@testable import Approval

/// What is known of a question before anything is looked at for it.
@Suite struct RefusingTests {
    private let now = ContinuousClock.now
    private let other = ApprovalRequest.release(host: "other.example")

    @Test func `a muted program is known, and every refusal counts with the denial that began it`() throws {
        var queue = ApprovalQueue(makeCode: { "7F2A" })
        let isMutedBefore = queue.countIfMuted(.named("firefox"), now: now)
        _ = queue.ask(.release(.named("firefox")), by: 1, now: now)
        _ = try queue.answer(code: "7F2A", .deny, Choices(muteSeconds: 60), through: .notifier, now: now)
        let (isMuted, isOther) = (
            queue.countIfMuted(.named("firefox"), now: now), queue.countIfMuted(.named("git"), now: now)
        )
        #expect(!isMutedBefore && isMuted && !isOther)
        #expect(queue.recent(now: now).first?.request.unseen == 1)
        // To ask counts nothing.
        #expect(queue.isMuted(.named("firefox"), now: now))
        #expect(queue.recent(now: now).first?.request.unseen == 1)
        #expect(!queue.isMuted(.named("firefox"), now: now + .seconds(61)))
    }

    @Test func `a question that was just denied is refused, another isn't`() throws {
        var queue = ApprovalQueue(makeCode: { "7F2A" })
        _ = queue.ask(.release(), by: 1, now: now)
        _ = try queue.answer(code: "7F2A", .deny, Choices(), through: .notifier, now: now)
        let (same, another) = (queue.refusal(of: .release(), now: now), queue.refusal(of: other, now: now))
        #expect(same == .quiet && another == nil)
    }

    @Test func `one too many is refused, one that joins what waits isn't`() {
        var limits = ApprovalLimits()
        limits.total = 1
        limits.perProgram = 1
        limits.waitingTotal = 0
        var queue = ApprovalQueue(limits: limits)
        _ = queue.ask(.release(), by: 1, now: now)
        let (same, another) = (queue.refusal(of: .release(), now: now), queue.refusal(of: other, now: now))
        #expect(same == nil && another == .tooMany)
    }
}
