// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Testing

@testable import ConcurrencyTools

@Suite(.timeLimit(.minutes(1))) struct AlarmTests {
    @Test func `alarms fire in the order in which they are due, however they were set`() async throws {
        let (fired, firing) = AsyncStream<Int>.makeStream()
        let alarms = [3, 1, 2].map { number in
            Alarm(after: .milliseconds(40 * number)) { firing.yield(number) }
        }
        var order: [Int] = []
        for await number in fired {
            order.append(number)
            if order.count == alarms.count { break }
        }
        #expect(order == [1, 2, 3])
    }

    @Test func `one that is cancelled or dropped doesn't fire, and holds up none that is due later`()
        async throws
    {
        let (fired, firing) = AsyncStream<String>.makeStream()
        let cancelled = Alarm(after: .milliseconds(20)) { firing.yield("cancelled") }
        var dropped: Alarm? = Alarm(after: .milliseconds(30)) { firing.yield("dropped") }
        let last = Alarm(after: .milliseconds(60)) { firing.yield("last") }
        cancelled.cancel()
        #expect(dropped != nil)
        dropped = nil
        for await name in fired {
            #expect(name == "last")
            break
        }
        last.cancel()
    }

    @Test(arguments: [Duration.zero, .seconds(-1)])
    func `one whose time is over fires at once`(duration: Duration) async throws {
        let (fired, firing) = AsyncStream<Void>.makeStream()
        let alarm = Alarm(after: duration) { firing.yield() }
        for await _ in fired { break }
        alarm.cancel()
    }
}
