// SPDX-License-Identifier: Apache-2.0

import CLinux
import ConcurrencyTools
import Dispatch
import Glibc
import Synchronization

/// Signals as a stream.
package enum SignalStream {
    private static let heard = Mutex<Set<Int32>>([])

    /// Whether there is, or was, a stream of this signal.
    static func listens(to number: Int32) -> Bool { heard.withLock { $0.contains(number) } }

    /// Whether a signal does what it does by default: nobody listens to it, and it isn't ignored.
    static func isDefault(_ number: Int32) -> Bool {
        var action = sigaction()
        guard unsafe sigaction(number, nil, &action) == 0 else { return false }
        // SIG_DFL is the null pointer.
        return unsafe action.__sigaction_handler.sa_handler == nil
    }

    /// One element for each of these signals, which from now on do nothing else to the process.
    ///
    /// - Parameters:
    ///   - numbers: The signals, such as `SIGHUP`.
    ///   - buffering: What is kept of those that nobody has taken yet.
    /// - Returns: Their numbers, as they come.
    package static func of(
        _ numbers: [Int32],
        buffering: AsyncStream<Int32>.Continuation.BufferingPolicy = .unbounded
    ) -> AsyncStream<Int32> {
        let (stream, continuation) = AsyncStream<Int32>.makeStream(bufferingPolicy: buffering)
        let sources = numbers.map { number in source(of: number) { continuation.yield(number) } }
        for source in sources { source.activate() }
        continuation.onTermination = { _ in
            for source in sources { source.cancel() }
        }
        return stream
    }

    /// What has a signal do this, and nothing else to the process, once it is activated.
    static func source(of number: Int32, _ act: @escaping @Sendable () -> Void) -> DispatchSource {
        heard.withLock { _ = $0.insert(number) }
        // Not where libdispatch has listened to it before: it doesn't notice that.
        if isDefault(number) { signal(number, SIG_IGN) }
        let source = DispatchSource.makeSignalSource(signal: number, queue: Alarm.queue).concrete
        source.setEventHandler(handler: act)
        return source
    }
}
