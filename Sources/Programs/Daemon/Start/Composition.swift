// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import BusService
import Clients
import ConcurrencyTools
import DBus
import HTTPServer
import Linux
import Logging
import Operations
import ServiceLifecycle
import Settings
import Vault

/// The daemon as a whole: ``Components``, what listens, and what is on the bus, started in order.
///
/// It stops in the reverse order of its services (``ServiceRun``), and then ends what is left (``LastWork``).
struct Composition: Sendable {
    private let services: [any Service]
    private let followUps: FollowUpTasks
    private let vaults: CurrentValue<[any VaultStore]>
    private let closed: ClosedVaults
    private let followingRecords: [LastWork.Part]
    private let lastRecords: [LastWork.Part]
    private let logger: Logger

    /// Connects to the bus, takes the port, exports the objects, reads the keys and takes the bus name, in this order:
    /// whoever finds the name finds everything behind it.
    ///
    /// - Parameters:
    ///   - found: The configuration that it begins with.
    ///   - path: The absolute path of the file that it is read from anew; nil for the person's own.
    ///   - hangups: Each has it read anew.
    ///   - folders: This user's.
    ///   - logger: The daemon's log.
    /// - Throws: Why it can't run.
    init(
        _ found: FoundConfiguration,
        path: String?,
        hangups: AsyncStream<Int32>,
        folders: Folders,
        logger: Logger
    ) async throws {
        self.logger = logger
        let (configuration, identity) = (found.configuration, found.identity)
        // Whoever floods the one that others know holds up no answer of the keyring, of the notifier or of the bus.
        let calls = try await Self.connect()
        let bus = try await Self.connect(identifying: calls)
        let sockets = try await Self.listen(configuration.http, bus: calls, logger: logger)
        let encrypted = identity == nil ? [] : try Self.listenEncrypted(configuration.http, logger: logger)
        let components = await Components(configuration, folders: folders, bus: calls, logger: logger)
        let listening = ConfigurationKeeper.Listening(
            options: CurrentValue(configuration.listenerOptions),
            identity: identity.map { CurrentValue($0) },
            sockets: sockets.map(\.inode).filter { $0 != 0 }
        )
        let keeper = ConfigurationKeeper(
            path: path,
            components: components,
            listening: listening,
            logger: logger
        )
        let objects = BusObjects(
            bus: bus,
            calls: calls,
            approvals: components.approvals,
            clients: components.clients,
            grants: components.grants,
            vaults: components.vaults,
            closed: { [closed = components.closed] in closed.unsettled },
            configuration: keeper,
            logger: logger,
            audit: components.audit.keep
        )
        await objects.export()

        let limit = ConnectionLimit()
        let budget = BodyBudget()
        let plain = sockets.map { (socket: $0, tls: CurrentValue<TLSIdentity>?.none) }
        let listeners = (plain + encrypted.map { (socket: $0, tls: listening.identity) }).map { socket, tls in
            Listener(
                socket: socket,
                options: listening.options,
                tls: tls,
                limit: limit,
                budget: budget,
                handler: components.handler,
                logger: logger
            )
        }
        var services: [any Service] = [
            BusLossWatch(bus: calls),
            BusLossWatch(bus: bus),
            BackgroundTask("the bus interface", logger) { await objects.run() },
            BackgroundTask("reloading at SIGHUP", logger) {
                // What comes of it is told in the log.
                for await _ in hangups { _ = try? await keeper.reload() }
            },
        ]
        services += components.backgroundTasks()
        services += listeners
        let stopping = QueueShutdown(approvals: components.approvals) {
            // One handler's are all handlers'.
            await components.handler.value.endUnlocks()
        }
        services += [stopping, ReadinessNotice(logger: logger)]
        self.services = services
        followUps = components.handler.value.followUps
        (vaults, closed) = (components.vaults, components.closed)
        (followingRecords, lastRecords) = (components.followingRecords, components.lastRecords)
        await components.clients.load()
        await components.prepare(components.vaults.value, configuration.lock)
        try await Self.takeName(on: bus)
    }

    /// Serves until the daemon is told to stop, and what it keeps is where it is kept.
    ///
    /// - Parameter stops: Tells it to stop by its first element.
    /// - Throws: Why it ended without that.
    func run(until stops: AsyncStream<Int32>) async throws {
        let running = ServiceRun(
            services,
            timeout: StopTimes.services,
            grace: StopTimes.grace,
            logger: logger
        )
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await running.run(until: stops))
        } catch {
            outcome = .failure(error)
        }
        await lastWork(running.stopped).run()
        try outcome.get()
    }

    /// What follows the last answers, such as the record of one that didn't arrive, and what was saved.
    private func lastWork(_ stopped: ContinuousClock.Instant?) -> LastWork {
        let gone = stopped.map { .now - $0 } ?? .zero
        let vaults = vaults.value + closed.unsettled
        let saving = LastWork.Part(
            timeout: StopTimes.all - StopTimes.records - gone,
            trouble: "The daemon ends before all that was saved is known to be in the vaults' files"
        ) {
            await withTaskGroup { group in
                for vault in vaults { group.addTask { await vault.finish() } }
            }
        }
        let following = LastWork.Part(
            timeout: StopTimes.records,
            trouble: "The daemon ends before it is known which answers have arrived"
        ) { [followUps] in await followUps.finish() }
        return LastWork(steps: [[saving, following] + followingRecords, lastRecords], logger: logger)
    }
}
