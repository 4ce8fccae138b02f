// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
package import Logging
package import SecretService
import Synchronization

/// The person's standing decisions: in memory, and those meant for always in a keyring item for each client key.
///
/// The item's schema is `org.keybell.Grants`, its attribute `fingerprint`, its secret a JSON array. Once loaded, a look-up
/// makes no bus call; whatever changes an item from outside has it read again. While that can't be done the denials last
/// known stay in force, and what else was stored is unknown.
package actor GrantRegistry: ForgettingActor {
    /// The schema of the items.
    package static let schema = "org.keybell.Grants"

    let keyring: Keyring
    let logger: Logger
    let changeBroadcast = Broadcast<Void>(backlog: 1)
    private let events: AsyncStream<KeyringEvent>
    private let running = Mutex(GrantSession(number: 0))
    /// What counts; stored grants as they were when last read.
    var table = GrantTable()
    var snapshot = GrantsSnapshot()
    let cache = CachedReading<GrantsSnapshot, KeyringError>()
    /// What was forgotten and isn't deleted yet: it doesn't count, whatever the keyring still holds.
    let forgetting: Forgetting<ForgottenGrants>
    /// Whether the keyring has been read, so that what it has for a key is known, unless that is sealed.
    private(set) var hasRead = false
    /// What is being stored, by name; it counts for this session until it is.
    var pending: [String: Grant] = [:]
    var writes = SerialTaskQueue()
    /// Whether a deletion has failed since the last began, so that the keyring is read again at its end.
    var hasFailedToDelete = false
    /// How many changes the keyring had seen after the last write that failed.
    var failedAt: UInt64?

    /// Creates a registry over the keyring; nothing is read before the first look-up.
    ///
    /// - Parameters:
    ///   - keyring: Where they are stored.
    ///   - folder: The state folder, for what is forgotten and can't be deleted; nil where this process alone goes by that.
    ///   - logger: Where trouble goes.
    ///   - retries: How long it waits each time before it tries again to delete what it couldn't; the last pause is made
    ///     again and again. Nil for the usual ones.
    ///   - pause: How long it waits before it tries again to write what it couldn't to the state folder, for the first time.
    package init(
        keyring: Keyring,
        folder: String? = nil,
        logger: Logger,
        retries: [Duration]? = nil,
        pause: Duration = .seconds(1)
    ) {
        self.keyring = keyring
        self.logger = logger
        forgetting = Forgetting(folder: folder, retries: retries, pause: pause, logger: logger)
        // From now on: a lock before `run` must not be missed.
        events = keyring.events()
    }

    /// The session that runs now: what is decided in it is to be remembered in no other.
    package nonisolated var session: GrantSession { running.withLock { $0 } }

    /// Tells of every change of what is decided; each caller has its own stream.
    package nonisolated func changes() -> AsyncStream<Void> {
        changeBroadcast.listen()
    }

    /// Follows the keyring until it is cancelled; to be called once.
    package func run() async {
        for await event in events {
            cache.forget()
            switch event {
            case .locked, .providerLeft: endSessions()
            default: break
            }
        }
    }

    // MARK: - Deciding

    /// What is currently decided about each of these, in their order; the keyring is read at most once for all of them.
    package func decisions(on subjects: [GrantSubject]) async -> [GrantDecision] {
        let isReadable = await load() == nil
        return table.decisions(on: subjects, now: .now) { fingerprint in
            isReadable && snapshot.sealed[fingerprint] == nil
        }
    }

    /// Remembers decisions; they count from now on.
    ///
    /// - Parameters:
    ///   - grants: What was decided.
    ///   - session: When the person decided; where that session is over, as by a lock, nothing is remembered for it.
    /// - Throws: Why one that is meant for always couldn't be stored; it holds for this session then, and an allow for no
    ///   longer, whatever the keyring does yet.
    package func remember(_ grants: [Grant], in session: GrantSession? = nil) async throws(ClientError) {
        let grants = grants.filter { $0.entries?.isEmpty != true }
        let now = self.session
        for grant in grants {
            if !grant.isForSession { pending[grant.name] = grant }
            if session?.isOver(for: grant.key.vault, at: now) != true { table.remember(grant.forSession) }
        }
        if !grants.isEmpty { changeBroadcast.send(()) }
        let lasting = grants.filter { !$0.isForSession }
        for (fingerprint, new) in Dictionary(grouping: lasting, by: \.key.fingerprint) {
            try await write(fingerprint, adding: new)
        }
    }

    /// Everything that is decided, whatever key it is for; what is forgotten and couldn't be deleted is tried once more,
    /// which nobody waits for.
    ///
    /// - Throws: Why not all that is stored can be read.
    package func all() async throws(ClientError) -> [Grant] {
        if !pending.isEmpty {
            // What takes longer is listed as what it is: it holds for this session.
            try? await withDeadline(Self.storing) { [writes] in await writes.isDone() }
        }
        deleteForgotten()
        if let error = await load() { throw .keyring(error) }
        guard !snapshot.sealed.values.contains(.itemLocked) else { throw .keyring(.itemLocked) }
        table.dropOver(at: .now)
        return table.grants
    }

    /// How long a listing waits for what is being stored.
    private static let storing = Duration.seconds(3)

    /// Ends what was meant for this session, as a lock does: for one vault, or for all.
    package func endSessions(ofVault vault: String? = nil) {
        running.withLock { $0.end(ofVault: vault) }
        if table.endSessions(ofVault: vault) { changeBroadcast.send(()) }
    }

    // MARK: - Reading

    /// Reads what is stored unless it is known; whoever comes meanwhile waits for the same reading, but never for a
    /// write, which may have the provider ask the person.
    ///
    /// - Returns: Why what is stored can't be known.
    func load() async -> KeyringError? {
        do throws(KeyringError) {
            _ = try await cache.value(on: self, orIfItNeverRests: .deadline) {
                [keyring] () async throws(KeyringError) in
                try await self.takeUp()
                let found = try await keyring.items(schema: Self.schema)
                return GrantsSnapshot(found, try await keyring.openSecrets(of: found))
            } adopted: {
                $0.adopt($1)
            }
            return nil
        } catch {
            return error
        }
    }

    private func adopt(_ snapshot: GrantsSnapshot) {
        self.snapshot = snapshot
        hasRead = true
        let stored = snapshot.grants.values.joined().filter {
            !forgotten.covers($0)
        }
        let former = table
        table.adopt(stored, sparing: Set(snapshot.sealed.keys))
        if table != former { changeBroadcast.send(()) }
        for (fingerprint, error) in snapshot.sealed where error != .itemLocked {
            logger.error(
                "a client's grants can't be read, so that the person is asked",
                metadata: ["fingerprint": "\(fingerprint)", "why": "\(error.advice)"]
            )
        }
        // Once for each change: a deletion that fails has it read again.
        if cache.changes != failedAt { deleteForgotten() }
    }
}
