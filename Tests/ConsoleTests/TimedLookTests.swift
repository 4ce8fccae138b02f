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

    @Test func `a look that takes too long names what was looked at, and what to do`() {
        let finding = TimedLook.tooLong("Vault home", at: ["/net/a.kdbx", "/net/a.key"])
        #expect(finding.level == .failure)
        #expect(finding.text.contains("/net/a.kdbx or /net/a.key"))
        #expect(finding.advice.contains("findmnt"))
    }
}
