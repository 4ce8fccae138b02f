// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// One timer for a deadline that moves with everything that happens: it is moved only to an earlier time, and whoever it
/// wakes too early sets it anew.
struct LazyAlarm {
    private var timer: Scheduled<Void>?
    private var time = NIODeadline.distantFuture

    /// Sets it, unless it goes off by then anyway.
    mutating func set(
        in delay: TimeAmount,
        on eventLoop: any EventLoop,
        _ fire: @escaping () -> Void
    ) {
        let now = NIODeadline.now()
        let time = now + delay
        if timer != nil, self.time > now, self.time <= time { return }
        cancel()
        self.time = time
        timer = eventLoop.assumeIsolated().scheduleTask(in: delay, fire)
    }

    /// It doesn't go off any more.
    mutating func cancel() {
        timer?.cancel()
        timer = nil
    }
}
