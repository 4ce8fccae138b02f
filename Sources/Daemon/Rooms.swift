// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import Clients
import DBus
import FoundationEssentials
import Kernel
import Logging
import Notifier
import Operations
import SecretService
import ServiceLifecycle
import SessionWatch
import Settings
import Vault
import VaultStores

/// The rooms that requests go through, made of the configuration, and what runs beside them.
struct Rooms: Sendable {
    let desk: FrontDesk
    let clients: ClientRegistry
    let grants: GrantRegistry
    let vaults: VaultRack
    let audit: AuditTrail
    let bell: Bell
    private let keyring: Keyring
    private let ledger: NonceLedger
    private let notifier: NotificationAnswerer?
    private let guardian: SessionGuard
    private let logger: Logger

    /// Furnishes them; nothing runs yet.
    init(_ configuration: Configuration, folders: Folders, bus: BusConnection, logger: Logger) {
        self.logger = logger
        if configuration.approval.confirmation != .none, configuration.approval.confirmedKinds.isEmpty {
            logger.warning(
                "confirm_with confirms nothing: name the kinds in [approval] confirm_kinds, such as [\"release\"]"
            )
        }
        let audit = AuditTrail(
            folder: folders.state,
            logsToJournal: ProcessInfo.processInfo.environment["JOURNAL_STREAM"] != nil,
            isRequired: configuration.audit.isRequired,
            logger: logger
        )
        let desk = FrontDesk(
            limits: configuration.approval.deskLimits,
            confirmation: House.confirmation(
                configuration.approval,
                pinentry: configuration.unlock.pinentry,
                logger: logger
            )
        )
        let keyring = Keyring(
            bus: bus,
            collection: configuration.keyring.collection,
            essentials: [ClientRegistry.schema, GrantRegistry.schema, KeyringStore.extraSchema],
            logger: logger
        )
        ledger = NonceLedger(folder: folders.state, logger: logger)
        let clients = ClientRegistry(keyring: keyring, ledger: ledger, logger: logger)
        let grants = GrantRegistry(keyring: keyring, logger: logger)
        let vaults = House.vaults(configuration, keyring: keyring, folders: folders, logger: logger)
        let notifier =
            configuration.approval.notifier
            ? NotificationAnswerer(
                desk: desk,
                bus: bus,
                options: House.notifierOptions(configuration),
                logger: logger
            ) : nil
        let keeper = LockKeeper(
            vaults: vaults.stores,
            grants: grants,
            desk: desk,
            settings: configuration.lock,
            audit: audit
        )
        let guardian = SessionGuard(
            session: bus,
            options: House.sessionOptions(configuration.lock),
            logger: logger
        ) { await keeper.handle($0) }
        bell = Bell(
            vaults: vaults,
            clients: clients,
            grants: grants,
            desk: desk,
            policy: configuration.policy,
            logger: logger,
            now: { Int64(Date().timeIntervalSince1970) },
            tellDelivery: { delivery in
                await notifier?.tellDelivery(
                    client: delivery.client,
                    program: Wording.asker(delivery.caller),
                    host: delivery.host,
                    count: delivery.count,
                    passwords: delivery.passwords,
                    wasAsked: delivery.wasAsked
                )
            },
            audit: audit.keep,
            used: guardian.use.use
        )
        (self.desk, self.keyring, self.clients, self.grants) = (desk, keyring, clients, grants)
        (self.vaults, self.audit, self.notifier, self.guardian) = (vaults, audit, notifier, guardian)
    }

    /// What runs along while the daemon serves.
    func companions() -> [any Service] {
        // Opened now, so that no answer goes unrecorded.
        let answers = desk.events()
        var companions: [any Service] = [
            Companion("the book of grants", logger) { [grants] in await grants.run() },
            Companion("the keeper of the Hash", logger) { [vaults, clients] in
                await House.keepIdentity(of: vaults.stores, clients: clients)
            },
            Companion("the watch of the clients' keys", logger) { [clients, grants, desk] in
                await House.followKeys(of: clients, grants: grants, desk: desk)
            },
            Companion("the record of nonces", logger) { [ledger] in
                try? await gracefulShutdown()  // cancelled is told to stop, too
                await ledger.flush()
            },
            Companion("the watch of the keyring", logger) { [keyring, desk] in
                await House.forgetAtLock(keyring, desk: desk)
            },
            Companion("the watch of the session", logger) { [guardian] in await guardian.run() },
            Companion("the record of answers", logger) { [audit] in
                await House.recordAnswers(answers, in: audit)
            },
        ]
        companions += vaults.stores.map { store in
            Companion("the watch of a vault", logger) { [audit, desk] in
                await House.follow(store, desk: desk, in: audit)
            }
        }
        if let notifier {
            companions.append(Companion("the notifier", logger) { try await notifier.run() })
        } else {
            let lookout = Lookout(desk: desk, logger: logger)
            companions.append(Companion("the lookout", logger) { await lookout.run() })
        }
        return companions
    }
}
