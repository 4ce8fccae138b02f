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
package actor GrantRegistry: MainLoopActor {
    /// The schema of the items.
    package static let schema = "org.keybell.Grants"

    private let keyring: Keyring
    private let logger: Logger
    private let news = Broadcast<Void>(backlog: 1)
    private let events: AsyncStream<KeyringEvent>
    private let running = Mutex(GrantSession(number: 0))
    /// What counts; stored grants as they were when last read.
    private var table = GrantTable()
    private var snapshot = GrantsSnapshot()
    private let cache = CachedReading<GrantsSnapshot, KeyringError>()
    /// What was forgotten and isn't deleted yet: it doesn't count, whatever the keyring still holds.
    private var undeleted: [String: Undeleted] = [:]
    /// What is being stored, by name; it counts for this session until it is.
    private var pending: [String: Grant] = [:]
    private var writes = SerialLine()
    private var isDeletingAgain = false
    /// When what couldn't be deleted is tried again; with the keyring's next change, too.
    private let retries: [Duration]
    private var retrying: Task<Void, Never>?
    /// How many changes the keyring had seen after the last write that failed.
    private var failedAt: UInt64?

    /// Creates a registry over the keyring; nothing is read before the first look-up.
    ///
    /// - Parameters:
    ///   - keyring: Where they are stored.
    ///   - logger: Where trouble goes.
    ///   - retries: How long it waits each time before it tries again to delete what it couldn't.
    package init(
        keyring: Keyring,
        logger: Logger,
        retries: [Duration] = [.seconds(1), .seconds(5), .seconds(15), .seconds(60), .seconds(300)]
    ) {
        self.keyring = keyring
        self.retries = retries
        self.logger = logger
        // From now on: a lock before `run` must not be missed.
        events = keyring.events()
    }

    /// The session that runs now: what is decided in it is to be remembered in no other.
    package nonisolated var session: GrantSession { running.withLock { $0 } }

    /// Tells of every change of what is decided; each caller has its own stream.
    package nonisolated func changes() -> AsyncStream<Void> {
        news.listen()
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

    deinit { retrying?.cancel() }

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
    /// - Throws: Why one that is meant for always couldn't be stored; it holds for this session then.
    package func remember(_ grants: [Grant], in session: GrantSession? = nil) async throws(ClientError) {
        let grants = grants.filter { $0.entries?.isEmpty != true }
        let now = self.session
        for grant in grants {
            if !grant.isForSession { pending[grant.name] = grant }
            if session?.isOver(for: grant.key.vault, at: now) != true { table.remember(grant.forSession) }
        }
        if !grants.isEmpty { news.send(()) }
        let lasting = grants.filter { !$0.isForSession }
        for (fingerprint, new) in Dictionary(grouping: lasting, by: \.key.fingerprint) {
            try await write(fingerprint, adding: new)
        }
    }

    /// Everything that is decided, whatever key it is for; what is forgotten and couldn't be deleted is tried once more.
    ///
    /// - Throws: Why not all that is stored can be read.
    package func all() async throws(ClientError) -> [Grant] {
        await writes.isDone()
        await deleteForgotten()
        if let error = await load() { throw .keyring(error) }
        guard !snapshot.sealed.values.contains(.itemLocked) else { throw .keyring(.itemLocked) }
        table.dropOver(at: .now)
        return table.grants
    }

    // MARK: - Forgetting

    /// What is forgotten but still in the keyring: it no longer counts while the daemon runs, and is to be forgotten
    /// again.
    package func undeletedGrants() -> [Grant] {
        let stored = snapshot.grants.values.joined().filter {
            undeleted[$0.key.fingerprint]?.covers($0) == true
        }
        let named = undeleted.values.flatMap(\.names.values)
        let byName = Dictionary((stored + named).map { ($0.name, $0) }) { first, _ in first }
        return byName.values.sorted { $0.name < $1.name }
    }

    /// Forgets one grant by its name.
    ///
    /// - Returns: The grant; nil where there is none.
    /// - Throws: Why it can't be read, or why it couldn't be deleted; in both cases it no longer counts all the same.
    package func forget(fingerprint: String, name: String) async throws(ClientError) -> Grant? {
        let error = await load()
        let known = table.grants(of: fingerprint).first { $0.name == name }
        guard let known = known ?? undeleted[fingerprint]?.names[name] else {
            if let error = error ?? snapshot.sealed[fingerprint] { throw .keyring(error) }
            return nil
        }
        let beingStored = pending.removeValue(forKey: name)
        _ = table.forget(fingerprint: fingerprint, name: name)
        news.send(())
        guard !known.isForSession || beingStored != nil else { return known }
        undeleted[fingerprint, default: Undeleted()].add(known)
        try await write(fingerprint)
        return known
    }

    /// Forgets everything that was decided for a key that is revoked or overwritten.
    ///
    /// - Throws: Why it couldn't be deleted; it no longer counts all the same.
    package func forget(fingerprint: String) async throws(ClientError) {
        if table.forget(fingerprint: fingerprint) { news.send(()) }
        pending = pending.filter { $0.value.key.fingerprint != fingerprint }
        undeleted[fingerprint, default: Undeleted()].addAll()
        try await write(fingerprint)
    }

    /// Ends what was meant for this session, as a lock does: for one vault, or for all.
    package func endSessions(ofVault vault: String? = nil) {
        running.withLock { $0.end(ofVault: vault) }
        if table.endSessions(ofVault: vault) { news.send(()) }
    }

    // MARK: - Reading

    /// Reads what is stored unless it is known; whoever comes meanwhile waits for the same reading, but never for a
    /// write, which may have the provider ask the person.
    ///
    /// - Returns: Why what is stored can't be known.
    private func load() async -> KeyringError? {
        do throws(KeyringError) {
            _ = try await cache.value(on: self, orIfItNeverRests: .deadline) {
                [keyring] () async throws(KeyringError) in
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
        let stored = snapshot.grants.values.joined().filter {
            undeleted[$0.key.fingerprint]?.covers($0) != true
        }
        let former = table
        table.adopt(stored, sparing: Set(snapshot.sealed.keys))
        if table != former { news.send(()) }
        for (fingerprint, error) in snapshot.sealed where error != .itemLocked {
            logger.error(
                "a client's grants can't be read, so that the person is asked",
                metadata: ["fingerprint": "\(fingerprint)", "why": "\(error.advice)"]
            )
        }
        deleteAgain()
    }

    /// Tries once more to delete what was forgotten, if anything has changed since that failed.
    private func deleteAgain() {
        guard !undeleted.isEmpty, !isDeletingAgain, cache.changes != failedAt else { return }
        isDeletingAgain = true
        Task(executorPreference: MainLoop.executor) { await self.deleteForgotten() }
    }

    private func deleteForgotten() async {
        isDeletingAgain = true
        for fingerprint in undeleted.keys {
            // It has been logged, and it counts no more either way.
            try? await write(fingerprint)
        }
        isDeletingAgain = false
    }

    /// Tries again after a while to delete what couldn't be deleted: a keyring that hung announces no change.
    private func deleteLater() {
        guard retrying == nil else { return }
        retrying = Task(executorPreference: MainLoop.executor) { [weak self, retries] in
            for delay in retries {
                // Ends with the registry.
                try? await pause(delay)
                guard let self, !Task.isCancelled, await !self.isAllDeleted() else { break }
                await self.deleteForgotten()
            }
            await self?.endRetrying()
        }
    }

    private func isAllDeleted() -> Bool { undeleted.isEmpty }

    private func endRetrying() { retrying = nil }

    // MARK: - Writing

    /// Stores what is to be kept for a key, with `new`, after the writes that came before; what was forgotten goes.
    private func write(_ fingerprint: String, adding new: [Grant] = []) async throws(ClientError) {
        let outcome = writes.join {
            await Result { () async throws(KeyringError) in try await self.store(new, fingerprint) }
        }
        do throws(KeyringError) {
            try await outcome.value.get()
        } catch {
            logger.error("a decision could not be kept", metadata: ["why": "\(error.advice)"])
            if undeleted[fingerprint] != nil { deleteLater() }
            throw .keyring(error)
        }
    }

    private func store(_ new: [Grant], _ fingerprint: String) async throws(KeyringError) {
        defer { for grant in new { pending[grant.name] = nil } }
        // Without knowing what is there, writing would make a second item.
        if let error = await load() { throw error }
        let forgotten = undeleted[fingerprint]
        // What couldn't be read must not be overwritten, unless all of it is to go.
        if let error = snapshot.sealed[fingerprint], forgotten?.isAll != true { throw error }
        let added = new.filter { pending[$0.name] != nil }
        var kept = GrantTable(grants: table.grants(of: fingerprint).filter { !$0.isForSession })
        for grant in added { kept.remember(grant) }
        do throws(KeyringError) {
            try await put(kept.grants, fingerprint)
        } catch {
            // There is no telling how much of it was done.
            cache.forget()
            failedAt = cache.changes
            throw error
        }
        // A reading under way may have seen what was there before.
        cache.change { $0 = snapshot }
        // Nothing more was forgotten meanwhile.
        if undeleted[fingerprint]?.count == forgotten?.count { undeleted[fingerprint] = nil }
        for grant in added { _ = table.forget(fingerprint: fingerprint, name: grant.name) }
        let stored = kept.grants.filter { undeleted[fingerprint]?.covers($0) != true }
        table.adopt(stored, fingerprint: fingerprint)
    }

    private func put(_ kept: [Grant], _ fingerprint: String) async throws(KeyringError) {
        var surplus = snapshot.items[fingerprint] ?? []
        var item: KeyringItem?
        if !kept.isEmpty {
            let secret = StoredGrant.encode(kept)
            if let newest = surplus.popLast() {
                try await keyring.change(newest, secret: secret)
                item = newest
            } else {
                item = try await keyring.store(
                    schema: Self.schema,
                    label: "Keybell grants: \(fingerprint)",
                    attributes: ["fingerprint": fingerprint],
                    secret: secret
                )
            }
        }
        for item in surplus { try await keyring.deleteIfThere(item) }
        snapshot.put(kept, in: item, fingerprint: fingerprint)
    }

    /// What of a key's grants was forgotten.
    private struct Undeleted {
        private(set) var names: [String: Grant] = [:]
        private(set) var isAll = false
        /// How often anything was.
        private(set) var count = 0

        func covers(_ grant: Grant) -> Bool { isAll || names[grant.name] != nil }

        mutating func add(_ grant: Grant) {
            names[grant.name] = grant
            count += 1
        }

        mutating func addAll() {
            isAll = true
            count += 1
        }
    }
}
