// SPDX-License-Identifier: Apache-2.0

package import Dispatch
import Synchronization

/// A timer that fires once, by the boot-time clock, which goes on while the computer sleeps.
///
/// `fire` runs at most once, and never starts after `cancel()` has returned (unless `cancel()` is called from
/// within it). Dropping the last reference cancels. Most alarms are cancelled before their time; they make no system
/// call.
package final class Alarm: Sendable {
    /// Where alarms without a queue of their own fire: a serial queue, so that none starts the timer of the global
    /// queues.
    package static let queue = DispatchQueue(label: "org.keybell.alarms")

    private struct Pending {
        var number: UInt64?
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
        pending = Mutex(Pending(fire: fire))
        // Longer than anybody waits, and short enough to be added to a time.
        let due = ContinuousClock.now + min(max(duration, .zero), .seconds(1 << 40))
        let number = AlarmClock.shared.set(due) { [weak self] in
            guard let queue else {
                self?.expire()
                return
            }
            queue.async { [weak self] in self?.expire() }
        }
        pending.withLock { $0?.number = number }
    }

    deinit {
        cancel()
    }

    /// Stops it if it hasn't fired.
    package func cancel() {
        if let number = take()?.number { AlarmClock.shared.drop(number) }
    }

    private func expire() {
        take()?.fire()
    }

    /// Ends the alarm; whoever gets the closure is the one to call it.
    private func take() -> Pending? {
        pending.withLock { $0.take() }
    }
}
