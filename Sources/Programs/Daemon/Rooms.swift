// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import Clients
import ConcurrencyTools
import DBus
import FoundationEssentials
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
///
/// What the configuration says is kept in few places, each of which takes another (`Rooms.apply`).
struct Rooms: Sendable {
    let configuration: Current<Configuration>
    let approvals: ApprovalBroker
    let clients: ClientRegistry
    let grants: GrantRegistry
    let vaults: Current<[any VaultStore]>
    let audit: AuditTrail
    let handler: Current<RequestHandler>
    let maker: VaultMaker
    let display: RequestDisplay
    let guardian: SessionGuard
    private let keyring: Keyring
    private let ledger: NonceStore
    let logger: Logger

    /// Makes them; nothing runs yet.
    init(_ first: Configuration, folders: Folders, bus: BusConnection, logger: Logger) async {
        self.logger = logger
        let configuration = Current(first)
        let audit = AuditTrail(
            folder: folders.state,
            logsToJournal: ProcessInfo.processInfo.environment["JOURNAL_STREAM"] != nil,
            isRequired: first.audit.isRequired,
            logger: logger
        )
        let approvals = ApprovalBroker(
            limits: first.approval.approvalLimits,
            confirmation: Composition.confirmation(configuration, logger: logger)
        )
        let keyring = Keyring(
            bus: bus,
            collection: first.keyring.collection,
            essentials: [ClientRegistry.schema, GrantRegistry.schema, KeyringStore.extraSchema],
            logger: logger
        )
        ledger = NonceStore(folder: folders.state, logger: logger)
        let clients = ClientRegistry(keyring: keyring, ledger: ledger, logger: logger)
        let grants = GrantRegistry(keyring: keyring, logger: logger)
        maker = VaultMaker(keyring: keyring, folders: folders, logger: logger)
        let vaults = Current(await maker.vaults(of: first))
        let display = RequestDisplay(
            approvals: approvals,
            bus: bus,
            options: Composition.notifierOptions(first),
            logger: logger
        )
        let keeper = SessionLockHandler(
            vaults: vaults,
            grants: grants,
            approvals: approvals,
            configuration: configuration,
            audit: audit
        )
        let guardian = SessionGuard(
            session: bus,
            options: Composition.sessionOptions(first.lock),
            logger: logger
        ) { await keeper.handle($0) }
        let handler = RequestHandler(
            vaults: maker.rack(of: vaults.value),
            clients: clients,
            grants: grants,
            approvals: approvals,
            policy: first.policy,
            logger: logger,
            now: { Int64(Date().timeIntervalSince1970) },
            tellDelivery: { await display.tell($0) },
            audit: audit.keep,
            used: guardian.use.use
        )
        self.handler = Current(handler)
        (self.configuration, self.vaults, self.display) = (configuration, vaults, display)
        (self.approvals, self.keyring, self.clients, self.grants) = (approvals, keyring, clients, grants)
        (self.audit, self.guardian) = (audit, guardian)
    }

    /// What runs along while the daemon serves.
    func companions() -> [any Service] {
        // Opened now, so that no answer goes unrecorded.
        let answers = approvals.events()
        return [
            BackgroundTask("the book of grants", logger) { [grants] in await grants.run() },
            BackgroundTask("the keeper of the Hash", logger) { [vaults, clients] in
                await Composition.keepIdentity(of: vaults, clients: clients)
            },
            BackgroundTask("the watch of the clients' keys", logger) { [clients, grants, approvals] in
                await Composition.followKeys(of: clients, grants: grants, approvals: approvals)
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
            BackgroundTask("the watch of the vaults", logger) { [vaults, audit, approvals] in
                await vaults.follow { await Composition.follow($0, approvals: approvals, in: audit) }
            },
            BackgroundTask("the display of requests", logger) { [display] in await display.run() },
        ]
    }
}
