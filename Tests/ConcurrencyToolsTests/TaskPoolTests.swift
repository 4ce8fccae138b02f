// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import ConcurrencyTools

@Suite(.timeLimit(.minutes(1))) struct TaskPoolTests {
    private final class Thing: Sendable {}

    @MainLoop @Test func `work that needs no wait is done before its beginning returns`() {
        let done = Mutex(0)
        for number in 1...3 {
            MainLoop.immediately { done.withLock { $0 += 1 } }
            #expect(done.withLock { $0 } == number)
        }
    }

    @MainLoop @Test func `work begins within other work`() {
        let order = Mutex<[Int]>([])
        MainLoop.immediately {
            order.withLock { $0.append(1) }
            MainLoop.immediately { order.withLock { $0.append(2) } }
            order.withLock { $0.append(3) }
        }
        #expect(order.withLock { $0 } == [1, 2, 3])
    }

    @MainLoop @Test func `nothing of what was done is kept`() {
        weak var left: Thing?
        for _ in 0..<3 {
            let thing = Thing()
            left = thing
            MainLoop.immediately { withExtendedLifetime(thing) {} }
        }
        #expect(left == nil)
    }

    @TaskLocal private static var name = "none"

    @MainLoop @Test func `work has nothing of the task in which it was begun`() {
        let seen = Mutex<[String]>([])
        let pool = TaskPool(on: MainLoop.executor)
        Self.$name.withValue("caller") {
            _ = pool.begin { seen.withLock { $0.append(Self.name) } }
        }
        _ = pool.begin { seen.withLock { $0.append(Self.name) } }
        #expect(seen.withLock { !$0.contains("caller") })
    }

    @MainLoop @Test func `a task that has rested for a while is gone, with what it has in memory`() async {
        weak let worker = MainLoop.immediately {}.worker
        #expect(worker != nil)
        while worker != nil { await Task.yield() }
        let done = Mutex(false)
        MainLoop.immediately { done.withLock { $0 = true } }
        #expect(done.withLock { $0 })
    }

    /// Whether some work was cancelled by the time that it was let go on, or before.
    @MainLoop private func outcome(_ meanwhile: (RunningWork) -> Void) async -> Bool? {
        let (waits, goOn) = AsyncStream<Void>.makeStream()
        let (outcomes, told) = AsyncStream<Bool>.makeStream()
        let work = MainLoop.immediately {
            for await _ in waits { break }
            told.yield(Task.isCancelled)
        }
        meanwhile(work)
        goOn.yield()
        for await outcome in outcomes { return outcome }
        return nil
    }

    @MainLoop @Test func `what is cancelled is the work, and none that comes after it`() async {
        let before = MainLoop.immediately {}
        #expect(await outcome { _ in before.cancel() } == false)
        #expect(await outcome { $0.cancel() } == true)
        for _ in 0..<3 { #expect(await outcome { _ in } == false) }
    }
}
