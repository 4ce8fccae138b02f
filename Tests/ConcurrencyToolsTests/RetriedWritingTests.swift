// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Dispatch
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct RetriedWritingTests {
    private struct DiskFull: Error {}

    /// Where a value is written unless it is full, and what is told of that.
    private final class Disk: Sendable {
        private struct State {
            var isFull = true
            var value: Int?
            var reports: [String] = []
        }

        let attempts: AsyncStream<Int>
        private let attempted: AsyncStream<Int>.Continuation
        private let state = Mutex(State())

        init() {
            (attempts, attempted) = AsyncStream.makeStream(of: Int.self)
        }

        var value: Int? { state.withLock { $0.value } }
        var reports: [String] { state.withLock { $0.reports } }

        func makeRoom() { state.withLock { $0.isFull = false } }

        func writing(pause: Duration) -> RetriedWriting<Int> {
            RetriedWriting(
                pause: pause,
                write: { try self.take($0) },
                failed: { _ in self.tell("failed") },
                recovered: { self.tell("recovered") }
            )
        }

        private func take(_ value: Int) throws {
            defer { attempted.yield(value) }
            try state.withLock { state in
                guard !state.isFull else { throw DiskFull() }
                state.value = value
            }
        }

        private func tell(_ report: String) { state.withLock { $0.reports.append(report) } }
    }

    @Test func `what fails is tried until it works, and told once`() async {
        let disk = Disk()
        let writing = disk.writing(pause: .milliseconds(1))
        writing.write(1)
        var attempts = disk.attempts.makeAsyncIterator()
        // More often than the pauses double.
        for _ in 0..<12 { #expect(await attempts.next() == 1) }
        disk.makeRoom()
        while disk.value == nil { #expect(await attempts.next() == 1) }
        writing.write(2)
        while disk.value != 2 { _ = await attempts.next() }
        await BlockingWork.state {}
        #expect(disk.reports == ["failed", "recovered"])
    }

    @Test func `a flush doesn't wait for the next try`() async {
        let disk = Disk()
        let writing = disk.writing(pause: .seconds(86_400))
        #expect(await writing.flush(), "nothing is left")
        writing.write(1)
        #expect(await !writing.flush())
        writing.write(2)
        disk.makeRoom()
        #expect(await writing.flush())
        #expect(disk.value == 2)
        #expect(disk.reports == ["failed", "recovered"])
    }

    @Test func `while a disk hangs, what is to be written is one job, however often it changes`() async {
        let disk = Disk()
        disk.makeRoom()
        let writing = disk.writing(pause: .seconds(86_400))
        let (holds, gate) = (AsyncStream<Void>.makeStream(), DispatchSemaphore(value: 0))
        BlockingWork.state.begin {
            holds.continuation.finish()
            gate.wait()
        }
        for await _ in holds.stream {}
        for value in 1...(2 * BlockingWork.mostJobs) { writing.write(value) }
        // There is room for others.
        #expect(BlockingWork.state.begin {})
        gate.signal()
        #expect(await writing.flush())
        #expect(disk.value == 2 * BlockingWork.mostJobs)
        #expect(disk.reports.isEmpty)
    }
}
