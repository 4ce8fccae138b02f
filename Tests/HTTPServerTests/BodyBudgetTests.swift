// SPDX-License-Identifier: Apache-2.0

import NIOCore
import SecureMemory
import Synchronization
import Testing

@testable import HTTPServer

@Suite struct BodyBudgetTests {
    /// An owner of bodies, whether its turn has come, and when it has lost its place.
    private final class Owner: Sendable {
        let isGranted = Mutex(false)
        let losses = AsyncStream<Void>.makeStream()

        func ask(_ budget: BodyBudget) -> Bool {
            budget.ask(
                self,
                granted: { self.isGranted.withLock { $0 = true } },
                lost: { self.losses.continuation.yield() }
            )
        }

        func loss() async {
            for await _ in losses.stream { return }
        }

        var hasLost: Bool {
            get async {
                losses.continuation.finish()
                return await losses.stream.contains { _ in true }
            }
        }
    }

    @Test func `a free place goes to who asked last, past those who have left the queue`() {
        let budget = BodyBudget(bytes: 2 << 20, connections: 0, longest: 1 << 20)
        let owners = (0..<6).map { _ in Owner() }
        #expect(owners.map { $0.ask(budget) } == [true, true, false, false, false, false])
        budget.giveBack(owners[3])
        budget.giveBack(owners[0])
        budget.giveBack(owners[1])
        budget.giveBack(owners[0])
        #expect(owners.map { $0.isGranted.withLock { $0 } } == [false, false, false, false, true, true])
        budget.giveBack(owners[4])
        #expect(owners[2].isGranted.withLock { $0 })
        budget.giveBack(owners[2])
        budget.giveBack(owners[5])
        #expect(Owner().ask(budget))
    }

    @Test(.timeLimit(.minutes(1)))
    func `while others wait, a place is held for its turn and no longer, by as many as are waited for`()
        async
    {
        let budget = BodyBudget(bytes: 2 << 20, connections: 0, longest: 1 << 20, turn: .milliseconds(20))
        let owners = (0..<5).map { _ in Owner() }
        #expect(owners[0].ask(budget))
        #expect(owners[1].ask(budget))
        #expect(!owners[2].ask(budget))
        await owners[0].loss()
        // What it had is its own until it gives back.
        #expect(owners[2].isGranted.withLock { !$0 })
        budget.giveBack(owners[0])
        #expect(owners[2].isGranted.withLock { $0 })
        // Nobody waits any more; the next who does makes the one that has been there longest go.
        #expect(!owners[3].ask(budget))
        await owners[1].loss()
        #expect(!owners[4].ask(budget))
        await owners[2].loss()
        budget.giveBack(owners[2])
        budget.giveBack(owners[1])
        #expect(owners[4].isGranted.withLock { $0 })
        for owner in owners[3...] { #expect(await !owner.hasLost) }
    }

    @Test func `all connections with small bodies and all places together stay within sixteen mebibytes`() {
        let budget = BodyBudget()
        var places = 0
        while Owner().ask(budget) { places += 1 }
        #expect(places > 0)
        #expect(places << 20 + 256 * 2 * HTTPLimits.bodyShare <= 16 << 20)
    }

    @Test func `a long body holds a place until it has been read by who took it, and a small one none`() {
        let budget = BodyBudget(bytes: 1 << 20, connections: 0, longest: 1 << 20)
        let (long, small, next) = (body(budget), body(budget), body(budget))
        long.take(ByteBuffer(repeating: 1, count: HTTPLimits.bodyShare + 1))
        #expect(!long.mayGrow)
        long.askForRoom(granted: {}, lost: {})
        #expect(long.mayGrow)
        small.take(ByteBuffer(repeating: 1, count: HTTPLimits.bodyShare))
        small.askForRoom(granted: { Issue.record("asked without a need") }, lost: {})
        #expect(small.mayGrow)
        next.take(ByteBuffer(repeating: 1, count: HTTPLimits.bodyShare + 1))
        let isGranted = Mutex(false)
        next.askForRoom(granted: { isGranted.withLock { $0 = true } }, lost: {})
        #expect(!next.mayGrow)
        let whole = long.takeWhole()
        #expect(isGranted.withLock { !$0 }, "it may have to wait for others to be read")
        #expect(whole.consume { $0.count } == HTTPLimits.bodyShare + 1)
        #expect(isGranted.withLock { $0 })
        #expect(next.mayGrow)
    }

    @Test func `a body is wiped where it came from, and dropped with its request`() {
        let body = body(BodyBudget())
        let part = ByteBuffer(string: "a secret")
        body.take(part)
        #expect(part.readableBytesView.allSatisfy { $0 == 0 })
        body.end()
        body.take(ByteBuffer(string: "second"))
        let second = body.takeWhole()
        #expect(second.consume { String(decoding: $0, as: UTF8.self) } == "second")
        #expect(second.count == 0)
        body.end()
        #expect(body.takeWhole().count == 0)
    }

    @Test func `a body that is too long is dropped, and the next one taken`() {
        let body = RequestBody(budget: BodyBudget(), longest: 10)
        body.take(ByteBuffer(string: "123456789"))
        #expect(body.refusal == nil)
        let part = ByteBuffer(string: "0!")
        body.take(part)
        #expect(body.refusal == .tooLarge)
        #expect(part.readableBytesView.allSatisfy { $0 == 0 })
        body.take(ByteBuffer(string: "x"))
        #expect(body.takeWhole().count == 0)
        body.end()
        body.take(ByteBuffer(string: "next"))
        #expect(body.refusal == nil)
        #expect(body.takeWhole().count == 4)
    }

    private func body(_ budget: BodyBudget) -> RequestBody {
        RequestBody(budget: budget, longest: 1 << 20)
    }
}
