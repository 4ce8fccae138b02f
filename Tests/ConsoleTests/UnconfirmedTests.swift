// SPDX-License-Identifier: Apache-2.0

import Approval
import BusInterface
import Testing

@testable import Console
@testable import DBus

/// What `keybell allow` says of an allow that was not confirmed.
struct UnconfirmedTests {
    private static func signal(_ member: String, _ what: String) -> Message {
        Message(
            sender: nil,
            path: "/",
            interface: ApprovalInterface.name,
            member: member,
            body: [.string("7F2A"), .string(what)]
        )
    }

    @Test func `it says at once that the daemon has ended`() async {
        let (signals, _) = AsyncStream.makeStream(of: Message.self)
        let (owners, owner) = AsyncStream.makeStream(of: String?.self)
        let end = RequestEnd(signals: signals, owners: owners, code: "7F2A")
        owner.yield(":1.1")
        owner.yield(nil)
        #expect(await end.ending(within: .seconds(30)) == .daemonGone)
        #expect(AllowCommand.unconfirmed(.daemonGone).exitCode == 3)
    }

    @Test(arguments: [true, false])
    func `it says at once that the daemon has ended while it kept the answer`(isKept: Bool) async {
        let (signals, signal) = AsyncStream.makeStream(of: Message.self)
        let (owners, owner) = AsyncStream.makeStream(of: String?.self)
        let end = RequestEnd(signals: signals, owners: owners, code: "7F2A")
        owner.yield(":1.1")
        signal.yield(Self.signal(ApprovalInterface.requestRemoved.name, "allowed"))
        #expect(await end.ending(within: .seconds(30)) == .ended(.allowed))
        if isKept {
            signal.yield(Self.signal(ApprovalInterface.answerKept.name, ""))
        } else {
            owner.yield(nil)
        }
        #expect(await end.isKept(within: .seconds(30)) == isKept)
        #expect(AllowCommand.unknownWhetherKept.exitCode == 3)
    }

    @Test func `an allow that nothing is told of in time isn't kept, for all that is known`() async {
        let (signals, _) = AsyncStream.makeStream(of: Message.self)
        let (owners, owner) = AsyncStream.makeStream(of: String?.self)
        let end = RequestEnd(signals: signals, owners: owners, code: "7F2A")
        owner.yield(":1.1")
        #expect(await end.isKept(within: .milliseconds(1)) == false)
    }
}
