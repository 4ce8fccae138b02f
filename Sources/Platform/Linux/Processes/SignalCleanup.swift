// SPDX-License-Identifier: Apache-2.0

/// What is to be done before a signal ends the process, as long as this value lives.
///
/// Only for signals that end it: one that is ignored, or that somebody listens to, is left to them.
struct SignalCleanup: ~Copyable {
    private let number: UInt64

    /// Has something done before, on another thread than the one that may be waiting for input.
    init(_ cleanUp: @escaping @Sendable () -> Void) {
        number = ProcessSignals.addCleanUp(cleanUp)
    }

    deinit {
        ProcessSignals.removeCleanUp(number)
    }
}
