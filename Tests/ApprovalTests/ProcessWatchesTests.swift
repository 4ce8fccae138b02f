// SPDX-License-Identifier: Apache-2.0

import Callers
import Linux
import TestSupport
import Testing

@testable import Approval

struct ProcessWatchesTests {
    /// Each is an event, after which all are looked at again: told anew each time, they would never come to an end.
    @Test func `an end that was there before the watch is told once, until that has been taken in`() {
        let processes = Set((1...10).map { ProcessIdentity(pid: Int32($0), startTime: 1) })
        let told = Observed<[ProcessIdentity]>([])
        var watches = ProcessWatches { _, _ in nil }
        for _ in 0..<3 { watches.follow(processes) { process in told.update { $0.append(process) } } }
        #expect(told.now.count == processes.count)
        #expect(Set(told.now) == processes)
        for process in processes { watches.end(process) }
        watches.follow([]) { _ in }
        watches.follow(processes) { process in told.update { $0.append(process) } }
        #expect(told.now.count == 2 * processes.count)
    }
}
