// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization
import Testing

@testable import Callers

/// Reads of which some are kept waiting for as long as the test likes.
@Suite struct ProcessReadQueueTests {
    /// Keys of which the negative ones are stuck.
    private final class Reads: Sendable {
        let gate = DispatchSemaphore(value: 0)
        let count = Mutex<[Int32: Int]>([:])

        func reads(
            _ limits: ProcessReadQueue<Int32, Int32>.Limits = .init(),
            program: @escaping @Sendable (Int32) -> ProgramFile? = { _ in nil }
        ) -> ProcessReadQueue<Int32, Int32> {
            ProcessReadQueue(limits: limits, processes: { [abs($0)] }, program: program) { key in
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
        let fixture = Reads()
        let keys = (1...count).map { $0 }
        let found = await Self.all(keys, by: fixture.reads())
        #expect(Set(found.compactMap(\.self)) == Set(keys))
    }

    @Test func `who asks for what is being read shares it`() async {
        let fixture = Reads()
        var limits = ProcessReadQueue<Int32, Int32>.Limits()
        limits.deadline = .seconds(60)
        let reads = fixture.reads(limits)
        async let all = Self.all([-7, -7, -7], by: reads)
        while fixture.count.withLock({ $0.isEmpty }) { await Task.yield() }
        async let later = reads.read(-7)
        while reads.waiters < 4 { await Task.yield() }
        fixture.gate.signal()
        #expect(await all == [-7, -7, -7])
        #expect(await later == -7)
        #expect(fixture.count.withLock { $0[-7] } == 1)
    }

    @Test func `stuck reads keep nobody else waiting, and a program wastes one thread`() async {
        let fixture = Reads()
        var limits = ProcessReadQueue<Int32, Int32>.Limits()
        limits.deadline = .seconds(60)
        let reads = fixture.reads(limits)
        async let stuck = Self.all((1...12).map { -$0 }, by: reads)
        async let again = Self.all((1...12).map { -$0 }, by: reads)
        let honest = await Self.all((101...140).map { $0 }, by: reads)
        #expect(honest.allSatisfy { $0 != nil })
        fixture.gate.signal()
        let ended = await stuck + again
        #expect(ended.allSatisfy { $0 != nil })
        #expect(fixture.count.withLock { $0.filter { $0.key < 0 }.values.allSatisfy { $0 <= 2 } })
    }

    @Test func `however much is read about one program, the others get their turns`() async {
        let fixture = Reads()
        var limits = ProcessReadQueue<Int32, Int32>.Limits()
        (limits.running, limits.slow, limits.deadline) = (2, .seconds(60), .seconds(60))
        let reads = fixture.reads(limits) { ProgramFile(device: 0, inode: $0 < 0 ? 1 : 2) }
        async let many = Self.all([-1, -2, -3, -4], by: reads)
        while reads.waiters < 4 { await Task.yield() }
        #expect(await reads.read(5) == 5)
        #expect(fixture.count.withLock { $0.keys.filter { $0 < 0 }.count } == 1)
        fixture.gate.signal()
        #expect(await many.allSatisfy { $0 != nil })
    }

    @Test func `where all threads are stuck, others learn that nothing could be looked at`() async {
        let fixture = Reads()
        var limits = ProcessReadQueue<Int32, Int32>.Limits()
        limits.running = 1
        limits.stuck = 1
        limits.slow = .milliseconds(1)
        limits.deadline = .milliseconds(200)
        let reads = fixture.reads(limits)
        #expect(await Self.all([-1, -2, -3], by: reads) == [nil, nil, nil])
        #expect(await reads.read(4) == nil)
        fixture.gate.signal()
        while await reads.read(5) == nil { await Task.yield() }
        limits.waiting = 0
        #expect(await fixture.reads(limits).read(6) == nil, "no room to wait")
    }

    @Test func `who is cancelled, as all are at a stop, still learns who it is`() async {
        let reads = Reads().reads()
        let stopping = Task {
            while !Task.isCancelled { await Task.yield() }
            return await reads.read(5)
        }
        stopping.cancel()
        #expect(await stopping.value == 5)
    }
}
