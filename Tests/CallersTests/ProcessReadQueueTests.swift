// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization
import Testing

@testable import Callers

/// Reads of which some are kept waiting for as long as the test likes.
@Suite struct ProcessReadQueueTests {
    /// Keys of which the negative ones are stuck.
    private final class Composition: Sendable {
        let gate = DispatchSemaphore(value: 0)
        let count = Mutex<[Int32: Int]>([:])

        func reads(_ limits: ProcessReadQueue<Int32, Int32>.Limits = .init()) -> ProcessReadQueue<
            Int32, Int32
        > {
            ProcessReadQueue(limits: limits, processes: { [abs($0)] }) { key in
                self.count.withLock { $0[key, default: 0] += 1 }
                if key < 0 {
                    self.gate.wait()
                    self.gate.signal()
                }
                return key
            }
        }
    }

    private static func all(_ keys: [Int32], by reads: ProcessReadQueue<Int32, Int32>) async -> [Int32?] {
        await withTaskGroup(of: Int32?.self) { group in
            for key in keys { group.addTask { await reads.read(key) } }
            var found: [Int32?] = []
            for await one in group { found.append(one) }
            return found
        }
    }

    @Test(arguments: [40, 100]) func `however many ask at once, each gets its facts`(count: Int32) async {
        let house = Composition()
        let keys = (1...count).map { $0 }
        let found = await Self.all(keys, by: house.reads())
        #expect(Set(found.compactMap(\.self)) == Set(keys))
    }

    @Test func `who asks for what is being read shares it`() async {
        let house = Composition()
        var limits = ProcessReadQueue<Int32, Int32>.Limits()
        limits.deadline = .seconds(60)
        let reads = house.reads(limits)
        async let all = Self.all([-7, -7, -7], by: reads)
        while house.count.withLock({ $0.isEmpty }) { await Task.yield() }
        async let later = reads.read(-7)
        while reads.waiters < 4 { await Task.yield() }
        house.gate.signal()
        #expect(await all == [-7, -7, -7])
        #expect(await later == -7)
        #expect(house.count.withLock { $0[-7] } == 1)
    }

    @Test func `stuck reads keep nobody else waiting, and a program wastes one thread`() async {
        let house = Composition()
        var limits = ProcessReadQueue<Int32, Int32>.Limits()
        limits.deadline = .seconds(60)
        let reads = house.reads(limits)
        async let stuck = Self.all((1...12).map { -$0 }, by: reads)
        async let again = Self.all((1...12).map { -$0 }, by: reads)
        let honest = await Self.all((101...140).map { $0 }, by: reads)
        #expect(honest.allSatisfy { $0 != nil })
        house.gate.signal()
        let ended = await stuck + again
        #expect(ended.allSatisfy { $0 != nil })
        #expect(house.count.withLock { $0.filter { $0.key < 0 }.values.allSatisfy { $0 <= 2 } })
    }

    @Test func `where all threads are stuck, others learn that nothing could be looked at`() async {
        let house = Composition()
        var limits = ProcessReadQueue<Int32, Int32>.Limits()
        limits.running = 1
        limits.stuck = 1
        limits.slow = .milliseconds(1)
        limits.deadline = .milliseconds(200)
        let reads = house.reads(limits)
        #expect(await Self.all([-1, -2, -3], by: reads) == [nil, nil, nil])
        #expect(await reads.read(4) == nil)
        house.gate.signal()
        while await reads.read(5) == nil { await Task.yield() }
        limits.waiting = 0
        #expect(await house.reads(limits).read(6) == nil, "no room to wait")
    }
}
