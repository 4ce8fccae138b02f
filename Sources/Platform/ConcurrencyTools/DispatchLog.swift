// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What libdispatch writes to the system's log.
package enum DispatchLog {
    /// Turns it off, unless the person's environment says otherwise; to be called before the first queue is used.
    ///
    /// libdispatch gives every worker thread a nice value, better ones among them, which takes a privilege; without it each
    /// such thread leaves "Failed to set thread priority" in the log, and nothing else comes of it.
    package static func silence() {
        _ = unsafe setenv("LIBDISPATCH_LOG", "NO", 0)
    }
}
