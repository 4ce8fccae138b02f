// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Testing

@testable import Console

struct TimedLookTests {
    @Test func `a disk that hangs holds up doctor for a while only, and no other look`() async {
        let answer = DispatchSemaphore(value: 0)
        let hanging = await TimedLook.result(within: .milliseconds(20)) {
            answer.wait()
            return 1
        }
        #expect(hanging == nil)
        #expect(await TimedLook.result { 1 } == 1)
        answer.signal()
    }
}
