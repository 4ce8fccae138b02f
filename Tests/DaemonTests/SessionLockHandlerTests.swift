// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Daemon

struct SessionLockHandlerTests {
    @Test func `a minute is one, and others are several`() {
        #expect(SessionLockHandler.minutes(1) == "a minute")
        #expect(SessionLockHandler.minutes(15) == "15 minutes")
    }
}
