// SPDX-License-Identifier: Apache-2.0

import Glibc

extension ProcessSignals {
    /// One element for each of these signals, which do nothing else to the process while somebody takes them.
    ///
    /// - Parameters:
    ///   - numbers: The signals, such as `SIGHUP`.
    ///   - buffering: What is kept of those that nobody has taken yet.
    /// - Returns: Their numbers, as they come; all that come after this has returned.
    package static func stream(
        of numbers: [Int32],
        buffering: AsyncStream<Int32>.Continuation.BufferingPolicy = .unbounded
    ) -> AsyncStream<Int32> {
        let (stream, continuation) = AsyncStream<Int32>.makeStream(bufferingPolicy: buffering)
        let listening = listen(to: numbers) { continuation.yield($0) }
        continuation.onTermination = { _ in stopListening(listening) }
        return stream
    }

    /// One element for each signal that asks the process to end, which doesn't end by it while somebody takes them.
    package static func terminations() -> AsyncStream<Int32> {
        stream(of: [SIGTERM, SIGHUP, SIGINT])
    }

    /// One element for each change of the size of the terminal's window, or for several at once.
    package static func resizes() -> AsyncStream<Int32> {
        stream(of: [SIGWINCH], buffering: .bufferingNewest(1))
    }

    /// One element for each SIGINT and SIGTERM while something is done, after which these end the process again.
    package static func interrupts<Outcome>(
        during act: (AsyncStream<Int32>) async -> Outcome
    ) async -> Outcome {
        let (signals, continuation) = AsyncStream<Int32>.makeStream()
        let listening = listen(to: [SIGINT, SIGTERM]) { continuation.yield($0) }
        defer { stopListening(listening) }
        return await act(signals)
    }
}
