// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Logging
import ServiceLifecycle
import Synchronization

/// Runs services until they are told to stop and have ended, or have had their time for that.
///
/// `ServiceGroup` stops one after the other and waits for each, however long that takes.
final class ServiceRun: Sendable {
    private enum Event {
        case ended(Result<Void, any Error>)
        case timeIsUp
    }

    private let services: [any Service]
    private let timeout: Duration
    private let grace: Duration
    private let logger: Logger
    private let stop = Mutex<ContinuousClock.Instant?>(nil)
    private let failure = Mutex<(any Error)?>(nil)

    /// Nothing runs yet.
    ///
    /// - Parameters:
    ///   - services: In the order in which they are started; they are stopped in the reverse one.
    ///   - timeout: How long they may all take to end, from the stop on.
    ///   - grace: How long those that haven't ended by then have once they are cancelled.
    ///   - logger: Where trouble goes.
    init(_ services: [any Service], timeout: Duration, grace: Duration, logger: Logger) {
        (self.services, self.timeout, self.grace, self.logger) = (services, timeout, grace, logger)
    }

    /// When they were told to stop; nil while they run.
    var stopped: ContinuousClock.Instant? { stop.withLock { $0 } }

    /// Runs them; what takes too long to end is told in the log, and is no failure.
    ///
    /// - Parameter stops: Tells them to stop by its first element.
    /// - Throws: What a service throws.
    func run(until stops: AsyncStream<Int32>) async throws {
        let (events, event) = AsyncStream<Event>.makeStream(bufferingPolicy: .bufferingOldest(2))
        let limit = StopLimit {
            self.stop.withLock { $0 = .now }
            Task(executorPreference: MainLoop.executor) { [timeout = self.timeout] in
                try? await pause(timeout)  // nobody cancels it
                event.yield(.timeIsUp)
            }
        }
        let watched: [any Service] = services.map { service in
            WatchedService(service: service) { error in
                self.failure.withLock { $0 = $0 ?? error }
            }
        }
        let group = ServiceGroup(
            configuration: .init(
                // However it ends, whoever waits gets an answer first.
                services: (watched + [limit]).map { service in
                    .init(service: service, failureTerminationBehavior: .gracefullyShutdownGroup)
                } + [StopSignal(stops: stops).ending],
                logger: logger
            )
        )
        let running = Task(executorPreference: MainLoop.executor) {
            do {
                try await group.run()
                event.yield(.ended(.success(())))
            } catch {
                event.yield(.ended(.failure(error)))
            }
        }
        for await first in events {
            switch first {
            case .ended(let outcome): return try outcome.get()
            case .timeIsUp: return try await leave(running)
            }
        }
    }

    /// Cancels what goes on: those that one before them kept from hearing of the stop end by that.
    private func leave(_ running: Task<Void, Never>) async throws {
        let failure = failure.withLock { $0 }
        logger.error("a part of keybelld takes too long to end, and is left to itself")
        running.cancel()
        // What goes on even then is left to itself.
        _ = await timedDespiteCancellation(grace) { await running.value }
        if let failure { throw failure }
    }
}

/// A service whose failure is known before all the others have ended.
private struct WatchedService: Service {
    let service: any Service
    let fails: @Sendable (any Error) -> Void

    func run() async throws {
        do {
            try await service.run()
        } catch {
            fails(error)
            throw error
        }
    }
}

/// Ends its group at the first signal, also at one that came before the group ran.
struct StopSignal: Service {
    let stops: AsyncStream<Int32>

    /// The same as a part of a group.
    var ending: ServiceGroupConfiguration.ServiceConfiguration {
        .init(service: self, successTerminationBehavior: .gracefullyShutdownGroup)
    }

    func run() async throws {
        await cancelWhenGracefulShutdown { for await _ in stops { return } }
    }
}

/// Hears of the stop before all services but the one that asks for it.
private struct StopLimit: Service {
    let begin: @Sendable () -> Void

    func run() async throws {
        try? await gracefulShutdown()  // cancelled is told to stop, too
        begin()
    }
}
