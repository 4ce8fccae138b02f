// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct RetriedWritingTests {
    private struct DiskFull: Error {}

    @Test func `what failed too often is tried again when asked to, and told once`() async {
        let isFull = Mutex(true)
        let reports = Mutex<[String]>([])
        let (tries, tried) = AsyncStream.makeStream(of: Int.self)
        let writing = RetriedWriting<Int>(
            pause: .milliseconds(1),
            write: { value in
                tried.yield(value)
                if isFull.withLock({ $0 }) { throw DiskFull() }
            },
            failed: { _ in reports.withLock { $0.append("failed") } },
            recovered: { reports.withLock { $0.append("recovered") } }
        )
        writing.write(1)
        var attempts = tries.makeAsyncIterator()
        for _ in 0...8 { #expect(await attempts.next() == 1) }
        await BlockingWork.state {}
        isFull.withLock { $0 = false }
        writing.retry()
        #expect(await attempts.next() == 1)
        await BlockingWork.state {}
        writing.write(2)
        #expect(await attempts.next() == 2)
        await BlockingWork.state {}
        #expect(reports.withLock { $0 } == ["failed", "recovered"])
    }
}
