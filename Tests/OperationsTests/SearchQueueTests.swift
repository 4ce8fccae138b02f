// SPDX-License-Identifier: Apache-2.0

import Callers
import ConcurrencyTools
import Testing

@testable import Operations

/// Searches in turn.
@Suite(.timeLimit(.minutes(1))) struct SearchQueueTests {
    private static func turn(_ program: String, _ client: String = "a") -> Turn {
        Turn(of: .named(program), client: client)
    }

    @Test func `one of each program at a time, and those that waited longest first`() {
        var line = FairQueue(width: 2)
        let first = line.join(Self.turn("a", "1"))
        let others = (0..<3).map { _ in line.join(Self.turn("a", "1")) }
        let client = line.join(Self.turn("a", "2"))
        #expect(line.next() == first)
        #expect(line.next() == nil)
        let (second, third) = (line.join(Self.turn("b")), line.join(Self.turn("c")))
        // The second place is another program's, however many the first one wants.
        #expect(line.next() == second)
        #expect(line.next() == nil)
        line.leave(first)
        #expect(line.next() == third)
        line.leave(second)
        // Another client of the program comes before those of the one that just had a turn.
        #expect(line.next() == client)
        line.leave(client)
        line.leave(third)
        for ticket in others {
            #expect(line.next() == ticket)
            #expect(line.next() == nil)
            line.leave(ticket)
        }
        #expect(line.waitingCount == 0)
    }

    @Test func `who holds a connection with others waits for each of them, and none of them for it`() {
        var line = FairQueue(width: 2)
        let first = line.join(Self.turn("a"))
        #expect(line.next() == first)
        let both = line.join(Turn(of: .sharedBy("a", "b")))
        #expect(line.next() == nil)
        line.leave(first)
        #expect(line.next() == both)
        let other = line.join(Self.turn("b"))
        #expect(line.next() == other)
    }

    @Test func `a program and a client have so many places and no more`() async throws {
        try await OperationsFixture.onOneThread {
            let line = SearchQueue()
            let gate = Gate()
            var tasks: [Task<Int?, Never>] = []
            for client in ["1", "2", "3"] {
                for _ in 0...SearchQueue.mostOfClient {
                    tasks.append(
                        Task(executorPreference: MainLoop.executor) {
                            await line.run(for: Self.turn("a", client)) {
                                await gate.wait()
                                return (1, work: 2)
                            }
                        }
                    )
                    await OperationsFixture.everythingElse()
                }
            }
            // Another program's search has a place of its own.
            #expect(await line.run(for: Self.turn("b", "4")) { (1, work: 1) } == 1)
            await gate.open()
            var served = 0
            for task in tasks { served += await task.value ?? 0 }
            #expect(served == SearchQueue.mostOfProgram)
            #expect(await line.work == 1 + 2 * SearchQueue.mostOfProgram)
            #expect(await line.waitingCount == 0)
        }
    }

    private actor Gate {
        private var isOpen = false
        private var waiting: [CheckedContinuation<Void, Never>] = []

        func wait() async {
            if !isOpen { await withCheckedContinuation { waiting.append($0) } }
        }

        func open() {
            isOpen = true
            for waiter in waiting { waiter.resume() }
            waiting = []
        }
    }
}
