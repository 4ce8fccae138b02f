// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc
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

    @Test func `alarms fire in their order where there is no descriptor for the timer`() async {
        let clock = AlarmClock(makeTimer: { -1 })
        let (fired, firing) = AsyncStream<Int>.makeStream()
        for number in [3, 1, 2, 4] {
            _ = clock.set(.now + .milliseconds(20 * number)) { firing.yield(number) }
        }
        var order: [Int] = []
        for await number in fired {
            order.append(number)
            if order.count == 4 { break }
        }
        #expect(order == [1, 2, 3, 4])
    }

    @Test func `a timer that doesn't go off holds up nothing but what was due before the next alarm is set`()
        async
    {
        let made = Mutex<Int32>(-1)
        let clock = AlarmClock(makeTimer: {
            let timer = timerfd_create(CLOCK_BOOTTIME, Int32(O_CLOEXEC | O_NONBLOCK))
            made.withLock { $0 = timer }
            return timer
        })
        let (fired, firing) = AsyncStream<String>.makeStream()
        let due = ContinuousClock.now + .milliseconds(50)
        _ = clock.set(due) { firing.yield("first") }
        var never = itimerspec()
        #expect(unsafe timerfd_settime(made.withLock { $0 }, 0, &never, nil) == 0)
        while ContinuousClock.now <= due { await Task.yield() }
        _ = clock.set(.now + .milliseconds(10)) { firing.yield("second") }
        var names: [String] = []
        for await name in fired {
            names.append(name)
            if names.count == 2 { break }
        }
        #expect(names == ["first", "second"])
    }

    @Test(arguments: [Duration.zero, .seconds(-1)])
    func `one whose time is over fires at once`(duration: Duration) async throws {
        let (fired, firing) = AsyncStream<Void>.makeStream()
        let alarm = Alarm(after: duration) { firing.yield() }
        for await _ in fired { break }
        alarm.cancel()
    }
}
