// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import Clients
import ConcurrencyTools
import DBus
import FoundationEssentials
import Linux
import Logging
import Notifier
import Operations
import SecretService
import ServiceLifecycle
import SessionWatch
import Settings
import Vault
import VaultStores

/// The parts that requests go through, made from the configuration, and what runs beside them.
struct Rooms: Sendable {
    let approvals: ApprovalBroker
    let clients: ClientRegistry
    let grants: GrantRegistry
    let vaults: VaultSet
    let audit: AuditTrail
    let handler: RequestHandler
    private let keyring: Keyring
    private let ledger: NonceStore
    private let notifier: NotificationAnswerer?
    private let guardian: SessionGuard
    private let logger: Logger

    /// Makes them; nothing runs yet.
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
        let approvals = ApprovalBroker(
            limits: configuration.approval.approvalLimits,
            confirmation: Composition.confirmation(
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
        ledger = NonceStore(folder: folders.state, logger: logger)
        let clients = ClientRegistry(keyring: keyring, ledger: ledger, logger: logger)
        let grants = GrantRegistry(keyring: keyring, logger: logger)
        let vaults = Composition.vaults(configuration, keyring: keyring, folders: folders, logger: logger)
        let notifier =
            configuration.approval.notifier
            ? NotificationAnswerer(
                approvals: approvals,
                bus: bus,
                options: Composition.notifierOptions(configuration),
                logger: logger
            ) : nil
        let keeper = SessionLockHandler(
            vaults: vaults.stores,
            grants: grants,
            approvals: approvals,
            settings: configuration.lock,
            audit: audit
        )
        let guardian = SessionGuard(
            session: bus,
            options: Composition.sessionOptions(configuration.lock),
            logger: logger
        ) { await keeper.handle($0) }
        handler = RequestHandler(
            vaults: vaults,
            clients: clients,
            grants: grants,
            approvals: approvals,
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
        (self.approvals, self.keyring, self.clients, self.grants) = (approvals, keyring, clients, grants)
        (self.vaults, self.audit, self.notifier, self.guardian) = (vaults, audit, notifier, guardian)
    }

    /// What runs along while the daemon serves.
    func companions() -> [any Service] {
        // Opened now, so that no answer goes unrecorded.
        let answers = approvals.events()
        var companions: [any Service] = [
            BackgroundTask("the book of grants", logger) { [grants] in await grants.run() },
            BackgroundTask("the keeper of the Hash", logger) { [vaults, clients] in
                await Composition.keepIdentity(of: vaults.stores, clients: clients)
            },
            BackgroundTask("the watch of the clients' keys", logger) { [clients, approvals] in
                await Composition.followKeys(of: clients, approvals: approvals)
            },
            BackgroundTask("the record of nonces", logger) { [ledger] in
                try? await gracefulShutdown()  // cancelled is told to stop, too
                await ledger.flush()
            },
            BackgroundTask("the watch of the keyring", logger) { [keyring, approvals] in
                await Composition.forgetAtLock(keyring, approvals: approvals)
            },
            BackgroundTask("the watch of the session", logger) { [guardian] in await guardian.run() },
            BackgroundTask("the record of answers", logger) { [audit] in
                await Composition.recordAnswers(answers, in: audit)
            },
        ]
        companions += vaults.stores.map { store in
            BackgroundTask("the watch of a vault", logger) { [audit, approvals] in
                await Composition.follow(store, approvals: approvals, in: audit)
            }
        }
        if let notifier {
            companions.append(BackgroundTask("the notifier", logger) { try await notifier.run() })
        } else {
            let lookout = UnseenRequestLog(approvals: approvals, logger: logger)
            companions.append(BackgroundTask("the lookout", logger) { await lookout.run() })
        }
        return companions
    }
}
