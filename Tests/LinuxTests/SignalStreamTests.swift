// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import Linux

struct SignalStreamTests {
    @Test func `signals come as a stream and do nothing else`() async {
        let hangups = SignalStream.of([SIGHUP], buffering: .bufferingNewest(1))
        // The first ones may come before anybody listens, and are ignored then.
        let sending = Task {
            while !Task.isCancelled {
                kill(getpid(), SIGHUP)
                try? await Task.sleep(for: .milliseconds(20))  // cancelled is told to stop
            }
        }
        defer { sending.cancel() }
        for await number in hangups {
            #expect(number == SIGHUP)
            return
        }
    }
}
