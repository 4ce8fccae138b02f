// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import Testing

@testable import Linux

@Suite(.timeLimit(.minutes(1))) struct StandardStreamTests {
    @Test func `a pipe that is full is waited for, also where it doesn't block`() throws {
        var ends: [Int32] = [0, 0]
        #expect(unsafe pipe(&ends) == 0)
        let (input, output) = (ends[0], ends[1])
        #expect(fcntl(output, F_SETFL, O_NONBLOCK) == 0)
        let text = [UInt8](repeating: 0x61, count: 1 << 20)
        let count = Mutex(0)
        let reader = Thread {
            // What is read only once the pipe is full has been waited for.
            var waiting: Int32 = 0
            while unsafe ioctl(input, UInt(FIONREAD), &waiting) == 0, waiting < 65_536 { sched_yield() }
            var chunk = [UInt8](repeating: 0, count: 4096)
            while case let read = unsafe Foundation.read(input, &chunk, chunk.count), read > 0 {
                count.withLock { $0 += read }
            }
            close(input)
        }
        reader.start()
        try StandardStream.write(text.span, to: output)
        close(output)
        while !reader.isFinished { sched_yield() }
        #expect(count.withLock { $0 } == text.count)
    }

    @Test func `what a device doesn't take is an error`() throws {
        let full = unsafe open("/dev/full", O_WRONLY)
        defer { close(full) }
        #expect(throws: SystemCallError(call: "write", code: ENOSPC)) {
            try StandardStream.write([1].span, to: full)
        }
    }
}
