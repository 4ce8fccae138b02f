// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Logging
import ServiceLifecycle
import Synchronization
import UnixSignals

/// A part of the daemon went on though it was told to stop.
struct StopTimedOut: Error, CustomStringConvertible {
    let description = "a part of keybelld takes too long to end, and is left to itself"
}

/// Runs services until they are told to stop and have ended, or have had their time for that.
///
/// `ServiceGroup` stops one after the other and waits for each, however long that takes.
final class ServiceRun: Sendable {
    private let services: [any Service]
    private let timeout: Duration
    private let logger: Logger
    private let stop = Mutex<ContinuousClock.Instant?>(nil)

    /// Nothing runs yet.
    ///
    /// - Parameters:
    ///   - services: In the order in which they are started; they are stopped in the reverse one.
    ///   - timeout: How long they may all take to end, from the stop on.
    ///   - logger: Where trouble goes.
    init(_ services: [any Service], timeout: Duration, logger: Logger) {
        (self.services, self.timeout, self.logger) = (services, timeout, logger)
    }

    /// When they were told to stop; nil while they run.
    var stopped: ContinuousClock.Instant? { stop.withLock { $0 } }

    /// Runs them.
    ///
    /// - Parameter signals: What tells them to stop.
    /// - Throws: What a service throws, and `StopTimedOut`.
    func run(until signals: [UnixSignal] = [.sigterm, .sigint]) async throws {
        let (outcomes, outcome) = AsyncStream<Result<Void, any Error>>.makeStream(
            bufferingPolicy: .bufferingOldest(1)
        )
        let limit = StopLimit {
            self.stop.withLock { $0 = .now }
            Task(executorPreference: TaskQueue.shared) { [timeout = self.timeout] in
                try? await pause(timeout)  // nobody cancels it
                outcome.yield(.failure(StopTimedOut()))
            }
        }
        let group = ServiceGroup(
            configuration: .init(
                // However it ends, whoever waits gets an answer first.
                services: (services + [limit]).map { service in
                    .init(service: service, failureTerminationBehavior: .gracefullyShutdownGroup)
                },
                gracefulShutdownSignals: signals,
                logger: logger
            )
        )
        Task(executorPreference: TaskQueue.shared) {
            do {
                try await group.run()
                outcome.yield(.success(()))
            } catch {
                outcome.yield(.failure(error))
            }
        }
        for await first in outcomes { return try first.get() }
    }
}

/// Hears first of the stop.
private struct StopLimit: Service {
    let begin: @Sendable () -> Void

    func run() async throws {
        try? await gracefulShutdown()  // cancelled is told to stop, too
        begin()
    }
}
