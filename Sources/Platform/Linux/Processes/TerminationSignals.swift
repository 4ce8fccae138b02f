// SPDX-License-Identifier: Apache-2.0

import CLinux
import Dispatch
import Glibc
import Synchronization

/// Signals that ask the process to end.
package enum TerminationSignals {
    /// One element for each SIGTERM, SIGHUP and SIGINT, which no longer end the process by themselves.
    package static func stream() -> AsyncStream<Int32> {
        SignalStream.of([SIGTERM, SIGHUP, SIGINT])
    }

    private static let listener = Mutex<AsyncStream<Int32>.Continuation?>(nil)
    private static let sources = Mutex<[DispatchSource]>([])

    /// One element for each SIGINT and SIGTERM while something is done, after which these end the process again.
    ///
    /// They are heard to the process's end: libdispatch takes a signal up and gives it back on a thread of its own, and
    /// each thread that has got one before blocks it, so that the default action might never come.
    package static func during<Outcome>(_ act: (AsyncStream<Int32>) async -> Outcome) async -> Outcome {
        let (signals, listening) = AsyncStream<Int32>.makeStream()
        listener.withLock { $0 = listening }
        defer { listener.withLock { $0 = nil } }
        await hear()
        return await act(signals)
    }

    private static func hear() async {
        let new = sources.withLock { sources -> [DispatchSource] in
            guard sources.isEmpty else { return [] }
            sources = [SIGINT, SIGTERM].map { number in
                SignalStream.source(of: number) {
                    guard let listening = listener.withLock({ $0 }) else { end(by: number) }
                    listening.yield(number)
                }
            }
            return sources
        }
        for source in new {
            // Until then the signal would be lost.
            await withCheckedContinuation { heard in
                source.setRegistrationHandler { heard.resume() }
                source.activate()
            }
        }
    }

    /// Ends the process as a signal does by itself, which is how a shell knows that its script is to end, too.
    package static func end(by number: Int32) -> Never {
        signal(number, SIG_DFL)
        var signals = sigset_t()
        unsafe sigemptyset(&signals)
        unsafe sigaddset(&signals, number)
        // Dispatch has blocked it in threads of its own.
        unsafe pthread_sigmask(SIG_UNBLOCK, &signals, nil)
        raise(number)
        exit(128 + number)
    }
}
