// SPDX-License-Identifier: Apache-2.0

import DBus
import Testing

@testable import Console

/// What `keybell allow` says of an allow that was not confirmed.
struct UnconfirmedTests {
    @Test func `it says at once that the daemon has ended`() async {
        let (signals, _) = AsyncStream.makeStream(of: Message.self)
        let (owners, owner) = AsyncStream.makeStream(of: String?.self)
        let end = RequestEnd(signals: signals, owners: owners, code: "7F2A")
        owner.yield(":1.1")
        owner.yield(nil)
        #expect(await end.ending(within: .seconds(30)) == .daemonGone)
        #expect(AllowCommand.unconfirmed(.daemonGone).exitCode == 3)
    }
}
