// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Dispatch
import Glibc

/// Signals that ask the process to end.
package enum TerminationSignals {
    /// One element for each SIGTERM, SIGHUP and SIGINT, which no longer end the process by themselves.
    package static func stream() -> AsyncStream<Int32> {
        let (stream, continuation) = AsyncStream<Int32>.makeStream()
        let sources = [SIGTERM, SIGHUP, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: Alarm.queue).concrete
            source.setEventHandler { continuation.yield(number) }
            source.activate()
            return source
        }
        continuation.onTermination = { _ in
            for source in sources { source.cancel() }
        }
        return stream
    }
}
