// SPDX-License-Identifier: Apache-2.0

import CLinux
import ConcurrencyTools
package import Dispatch
import Glibc
import Synchronization

/// Reports when a process has ended, by a descriptor for it: no polling, and no mix-up when its number is reused.
///
/// Dropping the last reference ends the watch.
package final class ProcessExit: Sendable {
    private struct Watch {
        let source: DispatchSource
        let fire: @Sendable () -> Void
    }

    private let watch: Mutex<Watch?>

    /// Watches a process.
    ///
    /// The result is nil if it has ended already. Where a process can't be watched (no descriptor left, a kernel
    /// without them) the watch never fires.
    ///
    /// - Parameters:
    ///   - pid: The process.
    ///   - startTime: When it started, so that its successor under the same number isn't taken for it; then one that is
    ///     still to be reaped counts as ended already.
    ///   - queue: Where `fire` runs, a serial queue; by default that of the alarms.
    ///   - fire: Called once, when the process has ended.
    package init?(
        pid: Int32,
        startTime: UInt64? = nil,
        queue: DispatchQueue? = nil,
        fire: @escaping @Sendable () -> Void
    ) {
        let number = pid > 0 ? pidfd_open(pid, 0) : -1
        let isGone = number < 0 && (errno == ESRCH || pid <= 0)
        // Compared after the descriptor is open: from then on the number can't change hands unseen. If there is nothing to
        // compare, the process has ended, which the descriptor tells, or there is no descriptor left to read that by.
        let now = startTime == nil ? nil : ProcessTable.status(of: pid)?.startTime
        let isAnother = now.map { $0 != startTime } ?? false
        // Whoever names it so doesn't wait to reap it: no source is worth making for that.
        let isOver = startTime != nil && number >= 0 && Self.hasEnded(number)
        guard !isGone, !isAnother, !isOver else {
            if number >= 0 { close(number) }
            return nil
        }
        let source =
            number < 0
            ? nil  // no descriptor left for the watch of it, either
            : try? ReadySource.make(number, for: .reading, queue: queue ?? Alarm.queue) { close(number) }
        guard let source else {
            if number >= 0 { close(number) }
            watch = Mutex(nil)
            return
        }
        watch = Mutex(Watch(source: source, fire: fire))
        source.setEventHandler { [weak self] in
            self?.take()?()
        }
        source.activate()
    }

    /// Whether the process of a descriptor for one has ended.
    package static func hasEnded(_ descriptor: Int32) -> Bool {
        var poll = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        while true {
            let ready = unsafe Glibc.poll(&poll, 1, 0)
            // A signal that comes between says nothing of the process.
            if ready >= 0 || errno != EINTR { return ready != 0 }
        }
    }

    deinit {
        cancel()
    }

    /// Ends the watch; `fire` never starts afterwards.
    package func cancel() {
        _ = take()
    }

    private func take() -> (@Sendable () -> Void)? {
        watch.withLock { watch in
            defer { watch = nil }
            watch?.source.cancel()
            return watch?.fire
        }
    }
}
