// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Signals that ask the process to end.
package enum TerminationSignals {
    /// One element for each SIGTERM, SIGHUP and SIGINT, which no longer end the process by themselves.
    package static func stream() -> AsyncStream<Int32> {
        SignalStream.of([SIGTERM, SIGHUP, SIGINT])
    }

    /// One element for each SIGINT and SIGTERM while something is done, after which these end the process by themselves
    /// again.
    package static func during<Outcome>(_ act: (AsyncStream<Int32>) async -> Outcome) async -> Outcome {
        let numbers = [SIGINT, SIGTERM]
        defer { for number in numbers { signal(number, SIG_DFL) } }
        return await act(SignalStream.of(numbers))
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
