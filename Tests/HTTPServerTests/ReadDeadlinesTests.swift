// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import HTTPServer

@Suite struct ReadDeadlinesTests {
    static let limits = ReadDeadlines.Limits(head: .seconds(10), body: .seconds(30), idle: .seconds(20))
    let start = ContinuousClock.now

    @Test func `a head is due from the connection on, however its bytes drip`() {
        var deadlines = ReadDeadlines(limits: Self.limits, now: start)
        deadlines.bytes(at: start + .seconds(9))
        #expect(deadlines.deadline == start + .seconds(10))
    }

    @Test func `a body is due from its head on`() {
        var deadlines = ReadDeadlines(limits: Self.limits, now: start)
        deadlines.head(at: start + .seconds(5))
        deadlines.bytes(at: start + .seconds(20))
        #expect(deadlines.deadline == start + .seconds(35))
    }

    @Test func `a peer that waits for our answer is never late`() {
        var deadlines = ReadDeadlines(limits: Self.limits, now: start)
        deadlines.head(at: start)
        deadlines.end(at: start)
        #expect(deadlines.deadline == nil)
        deadlines.bytes(at: start + .seconds(1))
        #expect(deadlines.deadline == nil, "not even while it sends the next request")
    }

    @Test func `between requests it may rest, and then has a head's time from the first byte`() {
        var deadlines = ReadDeadlines(limits: Self.limits, now: start)
        deadlines.head(at: start)
        deadlines.end(at: start)
        deadlines.answered(at: start + .seconds(100))
        #expect(deadlines.deadline == start + .seconds(120))
        deadlines.bytes(at: start + .seconds(119))
        #expect(deadlines.deadline == start + .seconds(129))
        deadlines.bytes(at: start + .seconds(128))
        #expect(deadlines.deadline == start + .seconds(129))
    }

    @Test func `a second request is timed only when the first has its answer`() {
        var deadlines = ReadDeadlines(limits: Self.limits, now: start)
        deadlines.head(at: start)
        deadlines.end(at: start)
        deadlines.bytes(at: start + .seconds(1))
        #expect(deadlines.deadline == nil)
        deadlines.answered(at: start + .seconds(50))
        #expect(deadlines.deadline == start + .seconds(60))
        deadlines.head(at: start + .seconds(51))
        #expect(deadlines.deadline == start + .seconds(81))
        #expect(deadlines.isReadingBody)
    }

    @Test func `a request is half-sent from its first byte to its last, head and body alike`() {
        var deadlines = ReadDeadlines(limits: Self.limits, now: start)
        #expect(deadlines.phase == .silent(since: start))
        deadlines.bytes(at: start + .seconds(1))
        #expect(deadlines.phase == .sending(since: start + .seconds(1)))
        deadlines.head(at: start + .seconds(2))
        deadlines.bytes(at: start + .seconds(3))
        #expect(deadlines.phase == .sending(since: start + .seconds(1)))
        deadlines.end(at: start + .seconds(4))
        #expect(deadlines.phase == .busy)
        deadlines.bytes(at: start + .seconds(5))
        #expect(deadlines.phase == .busy, "the first waits for its answer")
        deadlines.answered(at: start + .seconds(6))
        deadlines.head(at: start + .seconds(6))
        #expect(deadlines.phase == .sending(since: start + .seconds(6)))
        deadlines.end(at: start + .seconds(7))
        deadlines.answered(at: start + .seconds(8))
        #expect(deadlines.phase == .resting(since: start + .seconds(8)))
    }
}
