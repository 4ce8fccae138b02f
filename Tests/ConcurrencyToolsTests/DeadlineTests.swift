// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Dispatch
import Linux
import Synchronization
import Testing

@Suite struct DeadlineTests {
    @Test func `an alarm fires once, on its queue, not before its time`() async {
        let queue = DispatchQueue(label: "test")
        let began = ContinuousClock.now
        let rings = AsyncStream<ContinuousClock.Instant>.makeStream()
        let alarm = Alarm(after: .milliseconds(20), queue: queue) {
            dispatchPrecondition(condition: .onQueue(queue))
            rings.continuation.yield(.now)
            queue.async { rings.continuation.finish() }
        }
        var times: [ContinuousClock.Instant] = []
        for await time in rings.stream { times.append(time) }
        #expect(times.count == 1)
        #expect(times.first.map { $0 - began >= .milliseconds(20) } == true)
        alarm.cancel()
    }

    @Test(arguments: [Duration.zero, .seconds(-5), .nanoseconds(1)])
    func `an alarm for a moment that has passed fires at once`(duration: Duration) async {
        let rings = AsyncStream<Void>.makeStream()
        let alarm = Alarm(after: duration) { rings.continuation.finish() }
        for await _ in rings.stream {}
        alarm.cancel()
    }

    @Test func `a cancelled alarm and a dropped one never fire`() async throws {
        let rings = Mutex(0)
        let first = Alarm(after: .milliseconds(5)) { rings.withLock { $0 += 1 } }
        first.cancel()
        _ = Alarm(after: .milliseconds(5)) { rings.withLock { $0 += 1 } }
        try await pause(.milliseconds(40))
        #expect(rings.withLock { $0 } == 0)
    }

    @Test func `an operation in time gives its result, and its own error`() async throws {
        #expect(try await withDeadline(.seconds(20)) { 42 } == 42)
        await #expect(throws: SystemCallError(call: "x", code: 1)) {
            try await withDeadline(.seconds(20)) { throw SystemCallError(call: "x", code: 1) }
        }
    }

    @Test func `an operation that ignores its cancellation is not waited for`() async throws {
        let gate = AsyncStream<Void>.makeStream()
        await #expect(throws: DeadlineExceeded()) {
            try await withDeadline(.milliseconds(10)) {
                await withCheckedContinuation { (continuation: CheckedContinuation<Void, Never>) in
                    gate.continuation.onTermination = { _ in continuation.resume() }
                }
            }
        }
        gate.continuation.finish()
    }

    @Test func `a wait tells a result, a deadline and a cancellation apart`() async {
        #expect(await timed(.seconds(20)) { 42 } == .done(42))
        let late = await timed(.milliseconds(10)) { () -> Int in
            try? await pause(.seconds(600))
            return 42
        }
        #expect(late == .late)
        let started = AsyncStream<Void>.makeStream()
        let task = Task {
            await timed(.seconds(600)) { () -> Int in
                started.continuation.finish()
                try? await pause(.seconds(600))
                return 42
            }
        }
        for await _ in started.stream {}
        task.cancel()
        #expect(await task.value == .cancelled)
    }

    @Test func `what is to be done despite a cancellation is waited for, and no longer than to its deadline`()
        async
    {
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            let done = await timedDespiteCancellation(.seconds(20)) { () -> Bool in
                for _ in 0..<100 { await Task.yield() }
                return Task.isCancelled
            }
            let late = await timedDespiteCancellation(.milliseconds(10)) { () -> Bool in
                (try? await pause(.seconds(600))) != nil
            }
            return (done, late == nil)
        }
        task.cancel()
        let (wasCancelled, isLate) = await task.value
        #expect(wasCancelled == false)
        #expect(isLate)
    }

    @Test func `a cancelled caller is let go at once`() async throws {
        let started = AsyncStream<Void>.makeStream()
        let task = Task {
            started.continuation.finish()
            try await withDeadline(.seconds(600)) { try await pause(.seconds(600)) }
        }
        for await _ in started.stream {}
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }
}
