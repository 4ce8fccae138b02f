// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Dispatch
import Synchronization
import Testing

/// Work behind a disk that hangs.
@Suite(.timeLimit(.minutes(1))) struct BlockingWorkTests {
    @Test func `what waits for too long isn't done any more, and nobody is kept by it`() async {
        let work = BlockingWork(label: "test")
        let (gate, done) = (DispatchSemaphore(value: 0), Done())
        work.begin { gate.wait() }
        #expect(await work(within: .milliseconds(10)) { done.add(1) } == nil)
        gate.signal()
        #expect(await work(within: .seconds(20)) { done.add(2) } != nil)
        #expect(done.all == [2])
    }

    @Test func `behind a disk that hangs so many jobs wait and no more, and the next are refused at once`()
        async
    {
        let work = BlockingWork(label: "test", most: 3)
        let (gate, done) = (DispatchSemaphore(value: 0), Done())
        work.begin { gate.wait() }
        for number in 1...2 { #expect(await work(within: .milliseconds(10)) { done.add(number) } == nil) }
        // At once: it would be within this time.
        #expect(await work(within: .seconds(86_400)) { done.add(3) } == nil)
        #expect(!work.begin { done.add(4) })
        gate.signal()
        while await work(within: .seconds(20), { done.add(5) }) == nil { await Task.yield() }
        #expect(done.all == [5])
    }

    @Test func `whoever is cancelled is told what came of it, not that it takes too long`() async {
        let work = BlockingWork(label: "test")
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return await work(within: .seconds(20)) { 42 }
        }
        task.cancel()
        #expect(await task.value == 42)
    }

    /// What has been done.
    private final class Done: Sendable {
        private let numbers = Mutex<[Int]>([])

        var all: [Int] { numbers.withLock { $0 } }

        func add(_ number: Int) { numbers.withLock { $0.append(number) } }
    }
}
