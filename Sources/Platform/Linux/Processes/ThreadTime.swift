// SPDX-License-Identifier: Apache-2.0

import CLinux
import Glibc

/// How long processors have worked for this thread, however busy the machine is.
package enum ThreadTime {
    /// Up to now.
    package static var now: Duration {
        var time = timespec()
        // It can't fail for a clock that every kernel has.
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
