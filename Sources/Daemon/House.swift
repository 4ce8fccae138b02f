// SPDX-License-Identifier: Apache-2.0

import Approval
import BusService
import Clients
import DBus
import FoundationEssentials
import HTTPServer
import Kernel
import Logging
import NIOPosix
import Notifier
import Operations
import SecretService
import ServiceLifecycle
import Settings
import UnixSignals
import Vault
import VaultStores

/// The daemon's parts and how they hang together: the only place that knows the concrete types.
struct House: Sendable {
    private let services: [any Service]
    private let logger: Logger

    /// Takes the port, connects to the bus, exports the objects and takes the bus name, in this order: whoever finds
    /// the name finds everything behind it.
    init(_ configuration: Configuration, folders: Folders, logger: Logger) async throws {
        self.logger = logger
        let identity = try Self.identity(configuration.http)
        let bus = try await Self.connect()
        let sockets = try await Self.listen(configuration.http, bus: bus, logger: logger)
        let encrypted = identity == nil ? [] : try Self.listenEncrypted(configuration.http, logger: logger)
        let desk = FrontDesk(limits: configuration.approval.limits)
        let keyring = Keyring(
            bus: bus,
            collection: configuration.keyring.collection,
            essentials: [ClientRegistry.schema, GrantRegistry.schema, KeyringStore.extraSchema],
            logger: logger
        )
        let clients = ClientRegistry(keyring: keyring, logger: logger)
        let grants = GrantRegistry(keyring: keyring, logger: logger)
        let vaults = Self.vaults(configuration, keyring: keyring, folders: folders, logger: logger)
        let notifier = NotificationAnswerer(
            desk: desk,
            bus: bus,
            options: .init(
                dismissalDenies: configuration.approval.dismissal == .deny,
                tellsDeliveries: configuration.notify.deliveries,
                limits: configuration.approval.limits
            ),
            logger: logger
        )
        let showsNotifications = configuration.approval.notifier
        let bell = Bell(
            vaults: vaults,
            clients: clients,
            grants: grants,
            desk: desk,
            policy: configuration.policy,
            logger: logger,
            now: { Int64(Date().timeIntervalSince1970) },
            tellDelivery: { delivery in
                guard showsNotifications else { return }
                await notifier.tellDelivery(
                    client: delivery.client,
                    program: Wording.asker(delivery.caller),
                    host: delivery.host,
                    count: delivery.count
                )
            }
        )
        let objects = BusObjects(
            bus: bus,
            desk: desk,
            clients: clients,
            grants: grants,
            vaults: vaults.stores,
            logger: logger
        )
        await objects.export()

        let limit = ConnectionLimit()
        // One loop is plenty; it ends with the process.
        let loops = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let plain = sockets.map { (socket: $0, tls: TLSIdentity?.none) }
        let listeners = (plain + encrypted.map { (socket: $0, tls: identity) }).map { socket, tls in
            Listener(
                socket: socket,
                options: Self.options(configuration),
                tls: tls,
                limit: limit,
                responder: BellResponder(bell: bell),
                eventLoopGroup: loops,
                logger: logger
            )
        }
        func companion(_ name: String, _ work: @escaping @Sendable () async throws -> Void) -> any Service {
            Companion(name: name, logger: logger, work: work)
        }
        var services: [any Service] = [
            BusWatch(bus: bus),
            companion("the bus interface") { await objects.run() },
            companion("the book of grants") { await grants.run() },
            companion("the keeper of the Hash") {
                await Self.keepIdentity(of: vaults, clients: clients)
            },
            companion("the watch of the keyring") { await Self.forgetAtLock(keyring, desk: desk) },
        ]
        if showsNotifications { services.append(companion("the notifier") { try await notifier.run() }) }
        services += listeners
        services += [DeskClosing(desk: desk), Announcement(logger: logger)]
        self.services = services
        await clients.load()
        for store in vaults.stores {
            // Read before the first client asks, or it might be told a Hash that the keyring then takes back. Nobody is
            // asked for that, and what is locked stays so.
            _ = try? await store.index()
        }
        try await Self.takeName(on: bus)
    }

    /// Serves until the daemon is told to stop.
    func run() async throws {
        let group = ServiceGroup(
            configuration: .init(
                // However it ends, whoever waits gets an answer first.
                services: services.map { service in
                    .init(service: service, failureTerminationBehavior: .gracefullyShutdownGroup)
                },
                gracefulShutdownSignals: [.sigterm, .sigint],
                logger: logger
            )
        )
        try await group.run()
    }
}
