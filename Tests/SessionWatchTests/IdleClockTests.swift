// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import SessionWatch

@Suite struct IdleClockTests {
    private let start = ContinuousClock.now

    @Test func `without a limit nothing is ever idle`() {
        var idle = IdleClock(limit: nil)
        idle.begin(now: start)
        #expect(idle.alarm == nil)
        #expect(idle.look(lastUse: start, now: start + .seconds(1_000_000)) == [])
    }

    @Test func `another limit counts from when it was set, if anything was used`() {
        var idle = IdleClock(limit: nil)
        idle.begin(now: start)
        let later = start + .seconds(1000)
        idle.change(limit: .seconds(60), isInUse: true, now: later)
        #expect(idle.alarm == later + .seconds(60))
        idle.change(limit: nil, isInUse: true, now: later)
        #expect(idle.alarm == nil)
        idle.change(limit: .seconds(60), isInUse: false, now: later)
        #expect(idle.alarm == nil)
        idle.begin(now: later)
        #expect(idle.alarm == later + .seconds(60))
    }

    @Test func `nothing is due before the first use`() {
        var idle = IdleClock(limit: .seconds(60))
        #expect(idle.alarm == nil)
        #expect(idle.look(lastUse: start, now: start + .seconds(61)) == [])
    }

    @Test func `idle is told once, a limit after the last use`() {
        var idle = IdleClock(limit: .seconds(60))
        idle.begin(now: start)
        #expect(idle.alarm == start + .seconds(60))
        let used = start + .seconds(50)
        #expect(idle.look(lastUse: used, now: start + .seconds(60)) == [])
        #expect(idle.alarm == used + .seconds(60))
        #expect(idle.look(lastUse: used, now: used + .seconds(60)) == [.idle])
        #expect(idle.alarm == nil)
        #expect(idle.look(lastUse: used, now: used + .seconds(120)) == [])
    }

    @Test func `a use after that begins anew`() {
        var idle = IdleClock(limit: .seconds(60))
        idle.begin(now: start)
        _ = idle.look(lastUse: start, now: start + .seconds(60))
        idle.begin(now: start + .seconds(100))
        #expect(idle.alarm == start + .seconds(160))
    }

    @Test func `a person who is away counts from when they left, whatever programs do`() {
        var idle = IdleClock(limit: .seconds(60))
        idle.begin(now: start)
        let busy = start + .seconds(100)
        #expect(idle.session(idleSince: start + .seconds(50), lastUse: busy, now: busy) == [])
        #expect(idle.alarm == start + .seconds(110))
        #expect(idle.look(lastUse: busy, now: start + .seconds(110)) == [.idle])
    }

    @Test func `a person who comes back in time is not idle`() {
        var idle = IdleClock(limit: .seconds(60))
        idle.begin(now: start)
        let busy = start + .seconds(55)
        _ = idle.session(idleSince: start + .seconds(10), lastUse: busy, now: busy)
        #expect(idle.session(idleSince: nil, lastUse: busy, now: start + .seconds(60)) == [])
        #expect(idle.alarm == busy + .seconds(60))
    }

    @Test func `the mark tells of the first use, and again after a rest`() async {
        let (stream, continuation) = AsyncStream<Void>.makeStream()
        let mark = LastUse { continuation.yield(()) }
        mark.use()
        mark.use()
        mark.rest()
        mark.use()
        continuation.finish()
        var count = 0
        for await _ in stream { count += 1 }
        #expect(count == 2)
        #expect(mark.last <= .now)
    }
}
