// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Glibc
import Linux

/// What tells the daemon to stop, from its beginning on: SIGTERM and SIGINT would else be its death.
///
/// In which order it then ends is in ``Composition``.
struct StopSignals: Sendable {
    /// For what runs once the daemon has started; one that came before is kept for it.
    let running: AsyncStream<Int32>
    private let starting: AsyncStream<Int32>

    /// Listens from now on, to the process's end.
    init() {
        let (running, run) = AsyncStream<Int32>.makeStream(bufferingPolicy: .bufferingNewest(1))
        let (starting, start) = AsyncStream<Int32>.makeStream(bufferingPolicy: .bufferingNewest(1))
        (self.running, self.starting) = (running, starting)
        let signals = ProcessSignals.stream(of: [SIGTERM, SIGINT], buffering: .bufferingNewest(1))
        Task(executorPreference: MainLoop.executor) {
            for await signal in signals {
                start.yield(signal)
                run.yield(signal)
            }
        }
    }

    /// Does what may take long, as a start does whose keyring hangs; to be called once.
    ///
    /// - Returns: What comes of it; nil if the daemon is told to stop meanwhile. It is left to itself then.
    /// - Throws: What it throws.
    func unlessDuring<Outcome: Sendable>(
        _ act: @escaping @Sendable () async throws -> Outcome
    ) async throws -> Outcome? {
        let (outcomes, outcome) = AsyncStream<Result<Outcome, any Error>?>.makeStream(
            bufferingPolicy: .bufferingOldest(1)
        )
        let waiting = Task(executorPreference: MainLoop.executor) { [starting] in
            for await _ in starting { return _ = outcome.yield(nil) }
        }
        // Nobody takes a later one from it.
        defer { waiting.cancel() }
        Task(executorPreference: MainLoop.executor) {
            do {
                outcome.yield(.success(try await act()))
            } catch {
                outcome.yield(.failure(error))
            }
        }
        for await first in outcomes { return try first?.get() }
        return nil
    }
}
