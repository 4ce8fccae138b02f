// SPDX-License-Identifier: Apache-2.0

import CLinux
package import Dispatch
import Glibc
import Synchronization

/// A timer that fires once, by the boot-time clock, which goes on while the computer sleeps.
///
/// `fire` runs at most once, and never starts after `cancel()` has returned (unless `cancel()` is called from
/// within it). Dropping the last reference cancels. An alarm that isn't set costs nothing, one that is
/// costs one descriptor and no wake-up before its time.
package final class Alarm: Sendable {
    /// Where alarms without a queue of their own fire: a serial queue, so that none starts the timer of the global
    /// queues.
    package static let queue = DispatchQueue(label: "org.keybell.alarms")

    private struct Pending {
        let source: DispatchSource
        let fire: @Sendable () -> Void
    }

    private let pending: Mutex<Pending?>

    /// Sets the alarm.
    ///
    /// - Parameters:
    ///   - duration: How long from now; what isn't positive fires at once.
    ///   - queue: Where `fire` runs; a serial queue.
    ///   - fire: What to do then.
    package init(
        after duration: Duration,
        queue: DispatchQueue? = nil,
        fire: @escaping @Sendable () -> Void
    ) {
        let source = Self.source(after: duration, on: queue ?? Self.queue)
        pending = Mutex(Pending(source: source, fire: fire))
        source.setEventHandler { [weak self] in
            self?.expire()
        }
        source.activate()
    }

    deinit {
        cancel()
    }

    /// Stops it if it hasn't fired.
    package func cancel() {
        _ = take()
    }

    private func expire() {
        take()?()
    }

    /// Ends the alarm; whoever gets the closure is the one to call it.
    private func take() -> (@Sendable () -> Void)? {
        pending.withLock { pending in
            defer { pending = nil }
            pending?.source.cancel()
            return pending?.fire
        }
    }

    /// A timer descriptor as a dispatch source, or dispatch's own timer (which stops in sleep) if none is left.
    private static func source(after duration: Duration, on queue: DispatchQueue) -> DispatchSource {
        let (seconds, attoseconds) = max(duration, .nanoseconds(1)).components
        let nanoseconds = max(Int(attoseconds / 1_000_000_000), seconds == 0 ? 1 : 0)
        let number = timerfd_create(CLOCK_BOOTTIME, Int32(O_CLOEXEC | O_NONBLOCK))
        var when = itimerspec()
        when.it_value = timespec(tv_sec: Int(clamping: seconds), tv_nsec: nanoseconds)
        guard number >= 0, unsafe timerfd_settime(number, 0, &when, nil) == 0 else {
            if number >= 0 { close(number) }
            let timer = DispatchSource.makeTimerSource(queue: queue)
            timer.schedule(deadline: .now() + .seconds(Int(clamping: seconds)) + .nanoseconds(nanoseconds))
            return timer.concrete
        }
        let source = DispatchSource.makeReadSource(fileDescriptor: number, queue: queue)
        source.setCancelHandler { close(number) }
        return source.concrete
    }
}
