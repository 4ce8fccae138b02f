// SPDX-License-Identifier: Apache-2.0

import Glibc

/// The signal that the terminal's window has another size.
package enum ResizeSignals {
    /// One element for each change, or for several at once.
    package static func stream() -> AsyncStream<Int32> {
        SignalStream.of([SIGWINCH], buffering: .bufferingNewest(1))
    }
}
