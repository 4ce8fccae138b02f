// SPDX-License-Identifier: Apache-2.0

import Approval
import Audit
import Clients
import ConcurrencyTools
import DBus
import FoundationEssentials
import Glibc
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
///
/// What the configuration says is kept in few places, each of which takes another (`Components.apply`).
struct Components: Sendable {
    let configuration: CurrentValue<Configuration>
    let approvals: ApprovalBroker
    let clients: ClientRegistry
    let grants: GrantRegistry
    let vaults: CurrentValue<[any VaultStore]>
    /// Those of former configurations.
    let closed = ClosedVaults()
    let audit: AuditTrail
    let handler: CurrentValue<RequestHandler>
    let maker: VaultMaker
    let display: RequestDisplay
    let session: SessionGuard
    private let keyring: Keyring
    private let nonces: NonceRegistry
    private let answers: AnswerRecorder
    private let mutes: StoredMutesFile
    let logger: Logger

    /// Makes them; nothing runs yet.
    init(_ first: Configuration, folders: Folders, bus: BusConnection, logger: Logger) async {
        self.logger = logger
        let configuration = CurrentValue(first)
        let audit = AuditTrail(
            folder: folders.state,
            logsToJournal: Journal.isStandardError(in: ProcessInfo.processInfo.environment),
            isRequired: first.audit.isRequired,
            logger: logger
        )
        // What is being written meanwhile is written by this process.
        BlockingWork.state.begin { SafeFile.clearLitter(in: folders.state) }
        mutes = StoredMutesFile(file: StoredMutes.file(in: folders.state), logger: logger)
        let approvals = ApprovalBroker(
            limits: first.approval.approvalLimits,
            confirmation: PinentryConfirmation(configuration: configuration, logger: logger).ask,
            keepMutes: mutes.keep,
            areMutesKept: mutes.isKept
        )
        await approvals.takeUp(await mutes.kept(), uid: getuid())
        let keyring = Keyring(
            bus: bus,
            collection: first.keyring.collection,
            essentials: [ClientRegistry.schema, GrantRegistry.schema, KeyringStore.extraSchema],
            memory: ProviderMemory(folder: folders.state),
            logger: logger
        )
        nonces = NonceRegistry(folder: folders.state, logger: logger)
        let clients = ClientRegistry(
            keyring: keyring,
            nonces: nonces,
            folder: folders.state,
            logger: logger
        )
        let grants = GrantRegistry(keyring: keyring, folder: folders.state, logger: logger)
        maker = VaultMaker(keyring: keyring, folders: folders, logger: logger)
        let vaults = CurrentValue(await maker.vaults(of: first))
        let display = RequestDisplay(
            approvals: approvals,
            bus: bus,
            options: first.notifierOptions,
            logger: logger
        )
        let locking = SessionLockHandler(
            vaults: vaults,
            grants: grants,
            approvals: approvals,
            configuration: configuration,
            audit: audit
        )
        let session = SessionGuard(
            session: bus,
            options: first.lock.sessionOptions,
            logger: logger
        ) { await locking.handle($0) }
        let handler = RequestHandler(
            vaults: VaultSet(vaults.value),
            clients: clients,
            grants: grants,
            approvals: approvals,
            policy: first.policy,
            logger: logger,
            now: { CalendarTime.now },
            tellDelivery: { await display.tell($0) },
            audit: audit.keep,
            used: session.use.use
        )
        self.handler = CurrentValue(handler)
        (self.configuration, self.vaults, self.display) = (configuration, vaults, display)
        (self.approvals, self.keyring, self.clients, self.grants) = (approvals, keyring, clients, grants)
        (self.audit, self.session) = (audit, session)
        answers = AnswerRecorder(events: approvals.events(), logger: logger) { await audit.keep($0) }
    }

    /// What runs along while the daemon serves.
    func backgroundTasks() -> [any Service] {
        let keys = ClientKeyFollower(clients: clients, grants: grants, approvals: approvals)
        let locks = KeyringLockHandler(keyring: keyring, approvals: approvals)
        let hashes = KeyringHashKeeper(vaults: vaults, clients: clients)
        let follower = VaultFollower(
            vaults: vaults,
            approvals: approvals,
            audit: audit,
            used: session.use.use
        )
        return [
            BackgroundTask("reading grants from the keyring", logger) { [grants] in await grants.run() },
            BackgroundTask("keeping the keyring vault's Hash", logger) { await hashes.run() },
            BackgroundTask("following the clients' keys", logger) { await keys.run() },
            BackgroundTask("following the keyring's lock", logger) { await locks.run() },
            BackgroundTask("following the session", logger) { [session] in await session.run() },
            BackgroundTask("recording answers", logger) { [answers] in await answers.run() },
            BackgroundTask("following the vaults", logger) { await follower.run() },
            BackgroundTask("showing requests", logger) { [display] in await display.run() },
        ]
    }

    /// What is still to be written when nothing runs any more.
    var followingRecords: [LastWork.Part] {
        Self.parts([
            ("used nonces", { [nonces] in await nonces.flush() }),
            ("what was answered", { [answers] in await answers.finish() }),
        ])
    }

    /// What is to be written after all that: its records, and what waits for the disk by itself.
    var lastRecords: [LastWork.Part] {
        Self.parts([
            ("what was counted", { [audit] in await audit.finish() }),
            (
                "what is revoked",
                told("revoked.json", unless: { [clients] in await clients.staysRevoked() })
            ),
            (
                "what is forgotten",
                told("forgotten.json", unless: { [grants] in await grants.staysForgotten() })
            ),
            ("what is muted", told("mutes.json", unless: { [mutes] in await mutes.isKept() })),
            ("the state", { _ = await BlockingWork.state(within: StopTimes.all) {} }),
        ])
    }

    /// Has the log say that a file of the state folder isn't up to date, unless it is.
    private func told(
        _ file: String,
        unless isKept: @escaping @Sendable () async -> Bool
    ) -> @Sendable () async -> Void {
        { [logger] in
            if await isKept() { return }
            logger.error("\(file) couldn't be written: the next start goes by what it had before")
        }
    }

    private static func parts(_ works: [(String, @Sendable () async -> Void)]) -> [LastWork.Part] {
        works.map { name, work in
            let trouble = "The disk takes too long: \(name) may not be in the state folder"
            return LastWork.Part(timeout: StopTimes.records, trouble: trouble, work: work)
        }
    }
}
