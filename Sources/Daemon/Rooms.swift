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
///
/// What the configuration says is kept in few places, each of which takes another (`Rooms.apply`).
struct Rooms: Sendable {
    let configuration: Current<Configuration>
    let desk: FrontDesk
    let clients: ClientRegistry
    let grants: GrantRegistry
    let vaults: Current<[any VaultStore]>
    let audit: AuditTrail
    let bell: Current<Bell>
    let maker: VaultMaker
    let display: RequestDisplay
    let guardian: SessionGuard
    private let keyring: Keyring
    private let ledger: NonceLedger
    let logger: Logger

    /// Furnishes them; nothing runs yet.
    init(_ first: Configuration, folders: Folders, bus: BusConnection, logger: Logger) async {
        self.logger = logger
        let configuration = Current(first)
        let audit = AuditTrail(
            folder: folders.state,
            logsToJournal: ProcessInfo.processInfo.environment["JOURNAL_STREAM"] != nil,
            isRequired: first.audit.isRequired,
            logger: logger
        )
        let desk = FrontDesk(
            limits: first.approval.deskLimits,
            confirmation: House.confirmation(configuration, logger: logger)
        )
        let keyring = Keyring(
            bus: bus,
            collection: first.keyring.collection,
            essentials: [ClientRegistry.schema, GrantRegistry.schema, KeyringStore.extraSchema],
            logger: logger
        )
        ledger = NonceLedger(folder: folders.state, logger: logger)
        let clients = ClientRegistry(keyring: keyring, ledger: ledger, logger: logger)
        let grants = GrantRegistry(keyring: keyring, logger: logger)
        maker = VaultMaker(keyring: keyring, folders: folders, logger: logger)
        let vaults = Current(await maker.vaults(of: first))
        let display = RequestDisplay(
            desk: desk,
            bus: bus,
            options: House.notifierOptions(first),
            logger: logger
        )
        let keeper = LockKeeper(
            vaults: vaults,
            grants: grants,
            desk: desk,
            configuration: configuration,
            audit: audit
        )
        let guardian = SessionGuard(
            session: bus,
            options: House.sessionOptions(first.lock),
            logger: logger
        ) { await keeper.handle($0) }
        let bell = Bell(
            vaults: maker.rack(of: vaults.value),
            clients: clients,
            grants: grants,
            desk: desk,
            policy: first.policy,
            logger: logger,
            now: { Int64(Date().timeIntervalSince1970) },
            tellDelivery: { await display.tell($0) },
            audit: audit.keep,
            used: guardian.use.use
        )
        self.bell = Current(bell)
        (self.configuration, self.vaults, self.display) = (configuration, vaults, display)
        (self.desk, self.keyring, self.clients, self.grants) = (desk, keyring, clients, grants)
        (self.audit, self.guardian) = (audit, guardian)
    }

    /// What runs along while the daemon serves.
    func companions() -> [any Service] {
        // Opened now, so that no answer goes unrecorded.
        let answers = desk.events()
        return [
            Companion("the book of grants", logger) { [grants] in await grants.run() },
            Companion("the keeper of the Hash", logger) { [vaults, clients] in
                await House.keepIdentity(of: vaults, clients: clients)
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
            Companion("the watch of the vaults", logger) { [vaults, audit, desk] in
                await vaults.follow { await House.follow($0, desk: desk, in: audit) }
            },
            Companion("the display of requests", logger) { [display] in await display.run() },
        ]
    }
}
