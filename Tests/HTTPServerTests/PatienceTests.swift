// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import HTTPServer

@Suite struct PatienceTests {
    static let limits = Patience.Limits(head: .seconds(10), body: .seconds(30), idle: .seconds(20))
    let start = ContinuousClock.now

    @Test func `a head is due from the connection on, however its bytes drip`() {
        var patience = Patience(limits: Self.limits, now: start)
        patience.bytes(at: start + .seconds(9))
        #expect(patience.deadline == start + .seconds(10))
    }

    @Test func `a body is due from its head on`() {
        var patience = Patience(limits: Self.limits, now: start)
        patience.head(at: start + .seconds(5))
        patience.bytes(at: start + .seconds(20))
        #expect(patience.deadline == start + .seconds(35))
    }

    @Test func `a peer that waits for our answer is never late`() {
        var patience = Patience(limits: Self.limits, now: start)
        patience.head(at: start)
        patience.end(at: start)
        #expect(patience.deadline == nil)
        patience.bytes(at: start + .seconds(1))
        #expect(patience.deadline == nil, "not even while it sends the next request")
    }

    @Test func `between requests it may rest, and then has a head's time from the first byte`() {
        var patience = Patience(limits: Self.limits, now: start)
        patience.head(at: start)
        patience.end(at: start)
        patience.answered(at: start + .seconds(100))
        #expect(patience.deadline == start + .seconds(120))
        patience.bytes(at: start + .seconds(119))
        #expect(patience.deadline == start + .seconds(129))
        patience.bytes(at: start + .seconds(128))
        #expect(patience.deadline == start + .seconds(129))
    }

    @Test func `a second request is timed only when the first has its answer`() {
        var patience = Patience(limits: Self.limits, now: start)
        patience.head(at: start)
        patience.end(at: start)
        patience.head(at: start + .seconds(1))
        #expect(patience.deadline == nil)
        patience.answered(at: start + .seconds(50))
        #expect(patience.deadline == start + .seconds(80))
        #expect(patience.isReadingBody)
    }

    @Test func `a request is half-sent from its first byte to its last, head and body alike`() {
        var patience = Patience(limits: Self.limits, now: start)
        #expect(patience.standing == .silent(since: start))
        patience.bytes(at: start + .seconds(1))
        #expect(patience.standing == .sending(since: start + .seconds(1)))
        patience.head(at: start + .seconds(2))
        patience.bytes(at: start + .seconds(3))
        #expect(patience.standing == .sending(since: start + .seconds(1)))
        patience.end(at: start + .seconds(4))
        #expect(patience.standing == .busy)
        patience.bytes(at: start + .seconds(5))
        patience.head(at: start + .seconds(5))
        #expect(patience.standing == .busy, "the first waits for its answer")
        patience.answered(at: start + .seconds(6))
        #expect(patience.standing == .sending(since: start + .seconds(6)))
        patience.end(at: start + .seconds(7))
        patience.answered(at: start + .seconds(8))
        #expect(patience.standing == .resting(since: start + .seconds(8)))
    }
}
