// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Signals that ask the process to end.
package enum TerminationSignals {
    /// One element for each SIGTERM, SIGHUP and SIGINT, which no longer end the process by themselves.
    package static func stream() -> AsyncStream<Int32> {
        SignalStream.of([SIGTERM, SIGHUP, SIGINT])
    }
}
