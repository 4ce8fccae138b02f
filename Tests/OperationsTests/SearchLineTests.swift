// SPDX-License-Identifier: Apache-2.0

import Kernel
import Testing

@testable import Operations

/// Searches in turn.
@Suite(.timeLimit(.minutes(1))) struct SearchLineTests {
    @Test func `one search at a time, in the order in which they came`() async throws {
        try await Scene.onOneThread {
            let line = SearchLine()
            #expect(await line.begin("a"))
            await line.turn()
            var order: [Task<Int, Never>] = []
            let done = Done()
            for number in 0..<3 {
                #expect(await line.begin("a") == (number < 3))
                order.append(
                    Task(executorPreference: TaskQueue.shared) {
                        await line.turn()
                        let place = await done.next()
                        await line.end("a", work: 2)
                        return place
                    }
                )
                await Scene.everythingElse()
            }
            #expect(await line.begin("a") == false)
            #expect(await line.begin("b"))
            #expect(await line.waitingCount == 3)
            #expect(await done.count == 0)
            await line.end("a", work: 1)
            var places: [Int] = []
            for task in order { places.append(await task.value) }
            #expect(places == [0, 1, 2])
            #expect(await line.work == 7)
            // The turn is free again.
            await line.turn()
            await line.end("b", work: 0)
        }
    }

    private actor Done {
        private(set) var count = 0

        func next() -> Int {
            count += 1
            return count - 1
        }
    }
}
