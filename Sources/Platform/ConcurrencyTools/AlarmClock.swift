// SPDX-License-Identifier: Apache-2.0

import CLinux
import Dispatch
import Glibc
import Synchronization

/// The one timer behind all alarms.
///
/// It is set anew only for an alarm that is due before the time it is set to, or where that time is over: nobody knows then
/// whether it is still going to go off. So it may go off once for one that has been cancelled; afterwards it is set to what is
/// due next, or not at all.
final class AlarmClock: Sendable {
    static let shared = AlarmClock()

    typealias Instant = ContinuousClock.Instant

    private struct Entry {
        let due: Instant
        let ring: @Sendable () -> Void
    }

    private struct State {
        var entries: [UInt64: Entry] = [:]
        var last: UInt64 = 0
        /// What the timer is set to.
        var armed: Instant?
        /// The timer's descriptor, once there is one; it stays open.
        var timer: Int32?
        var source: DispatchSource?
        /// Dispatch's own timer, once there was no descriptor.
        var fallback: DispatchSource?
    }

    private let state = Mutex(State())
    private let makeTimer: @Sendable () -> Int32

    /// A clock whose timer is made when the first alarm is set, and again each time as long as there is none.
    init(
        makeTimer: @escaping @Sendable () -> Int32 = {
            timerfd_create(CLOCK_BOOTTIME, Int32(O_CLOEXEC | O_NONBLOCK))
        }
    ) {
        self.makeTimer = makeTimer
    }

    /// Has something done at a time, on the queue of alarms; at once if that is over.
    ///
    /// - Returns: The number to drop it by.
    func set(_ due: Instant, _ ring: @escaping @Sendable () -> Void) -> UInt64 {
        state.withLock { state in
            state.last += 1
            state.entries[state.last] = Entry(due: due, ring: ring)
            guard let armed = state.armed else {
                arm(&state, at: due)
                return state.last
            }
            if due < armed || armed < .now { arm(&state, at: min(due, armed)) }
            return state.last
        }
    }

    /// Forgets what was to be done.
    func drop(_ number: UInt64) {
        _ = state.withLock { $0.entries.removeValue(forKey: number) }
    }

    /// Does what is due.
    private func ring() {
        let due = state.withLock { state in
            if let timer = state.timer {
                var count: UInt64 = 0
                _ = unsafe read(timer, &count, MemoryLayout<UInt64>.size)
            }
            let now = ContinuousClock.now
            let due = state.entries.filter { $0.value.due <= now }
            for number in due.keys { state.entries[number] = nil }
            state.armed = nil
            if let next = state.entries.values.map(\.due).min() { arm(&state, at: next) }
            return due.values.sorted { $0.due < $1.due }
        }
        for entry in due { entry.ring() }
    }

    /// Sets the timer; to dispatch's own clock, which stops in sleep, where no descriptor is left.
    private func arm(_ state: inout State, at due: Instant) {
        let rest = max(due - .now, .nanoseconds(1)).components
        let nanoseconds = max(Int(rest.attoseconds / 1_000_000_000), rest.seconds == 0 ? 1 : 0)
        var when = itimerspec()
        when.it_value = timespec(tv_sec: Int(clamping: rest.seconds), tv_nsec: nanoseconds)
        state.armed = due
        if let timer = timer(&state), unsafe timerfd_settime(timer, 0, &when, nil) == 0 { return }
        let end = DispatchTime.now() + .seconds(Int(clamping: rest.seconds)) + .nanoseconds(nanoseconds)
        fallback(&state).schedule(deadline: end)
    }

    private func fallback(_ state: inout State) -> DispatchSource {
        if let fallback = state.fallback { return fallback }
        let fallback = DispatchSource.makeTimerSource(queue: Alarm.queue).concrete
        fallback.setEventHandler { self.ring() }
        fallback.activate()
        state.fallback = fallback
        return fallback
    }

    private func timer(_ state: inout State) -> Int32? {
        if let timer = state.timer { return timer }
        let timer = makeTimer()
        guard timer >= 0 else { return nil }
        let source = DispatchSource.makeReadSource(fileDescriptor: timer, queue: Alarm.queue)
        source.setEventHandler { self.ring() }
        source.activate()
        (state.timer, state.source) = (timer, source.concrete)
        return timer
    }
}
