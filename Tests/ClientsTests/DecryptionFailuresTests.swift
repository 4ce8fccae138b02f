// SPDX-License-Identifier: Apache-2.0

import KeePassHTTP
import Testing

@testable import Clients

@Suite struct DecryptionFailuresTests {
    @Test func `a nonce is used up by the eighth request that doesn't decrypt`() {
        var strikes = DecryptionFailures()
        let nonce = Nonce.random()
        for _ in 0..<7 {
            let isLast = strikes.strike(nonce)
            #expect(!isLast)
        }
        #expect(!strikes.refuses(nonce))
        let isLast = strikes.strike(nonce)
        #expect(isLast)
        #expect(strikes.refuses(nonce))
        #expect(!strikes.refuses(.random()))
    }
}
