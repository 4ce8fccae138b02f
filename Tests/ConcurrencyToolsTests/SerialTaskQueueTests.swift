// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Synchronization
import Testing

@Suite struct SerialTaskQueueTests {
    private struct Trouble: Error {}

    /// What jobs have done, in their order.
    private final class Record: Sendable {
        private let steps = Mutex<[String]>([])

        var all: [String] { steps.withLock { $0 } }

        func add(_ step: String) { steps.withLock { $0.append(step) } }

        /// A job that others could come into, were they let.
        func job(_ name: Int) async -> Int {
            add("begin \(name)")
            for _ in 1...20 { await Task.yield() }
            add("end \(name)")
            return name
        }
    }

    @Test func `each begins when the one before has ended, in the order of joining`() async {
        let record = Record()
        var line = SerialTaskQueue()
        let tasks = (0..<20).map { name in line.join { await record.job(name) } }
        for (name, task) in tasks.enumerated() { #expect(await task.value == name) }
        #expect(record.all == (0..<20).flatMap { ["begin \($0)", "end \($0)"] })
    }

    @Test func `one that fails doesn't break the line`() async {
        let record = Record()
        var line = SerialTaskQueue()
        let failing = line.join { () async -> Result<Int, Trouble> in .failure(Trouble()) }
        let next = line.join { await record.job(1) }
        await #expect(throws: Trouble.self) { try await failing.value.get() }
        #expect(await next.value == 1)
    }

    @Test func `who doesn't wait any more takes nothing from the job, nor from those after it`() async {
        let record = Record()
        var line = SerialTaskQueue()
        let (gate, opening) = AsyncStream<Void>.makeStream()
        line.join { for await _ in gate {} }
        let first = line.join { () async -> Bool in
            _ = await record.job(1)
            return Task.isCancelled
        }
        let waiter = Task { await first.value }
        waiter.cancel()
        let second = line.join { await record.job(2) }
        opening.finish()
        #expect(await second.value == 2)
        #expect(await !waiter.value)
        #expect(record.all == ["begin 1", "end 1", "begin 2", "end 2"])
    }

    @Test func `all of them is what stands in the line by now`() async {
        let record = Record()
        var line = SerialTaskQueue()
        await line.isDone()
        for name in 1...3 { line.join { await record.job(name) } }
        await line.isDone()
        #expect(record.all.last == "end 3")
        #expect(record.all.count == 6)
    }
}
