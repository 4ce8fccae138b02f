// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization
import Testing

@testable import ConcurrencyTools

@Suite(.timeLimit(.minutes(1))) struct LogLineQueueTests {
    @Test func `a reader that hangs holds up nobody, and hears how much it has missed`() async {
        let written = Mutex<[String]>([])
        let gate = DispatchSemaphore(value: 0)
        let queue = LogLineQueue(most: 10, loss: { "\($0) lost" }) { line in
            gate.wait()
            written.withLock { $0.append(line) }
        }
        for number in 0..<9 { queue.append("line\(number)") }
        await queue.flush(within: .milliseconds(20))
        #expect(written.withLock(\.self).isEmpty)
        for _ in 0..<16 { gate.signal() }
        await queue.flush(within: .seconds(10))
        #expect(written.withLock(\.self) == ["line0", "line1", "7 lost"])
        queue.append("line9")
        await queue.flush(within: .seconds(10))
        #expect(written.withLock(\.self).last == "line9")
    }
}
