// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import Linux
package import Logging
package import SecretService
import SecureMemory
package import Vault

/// Logins as items of the person's keyring, the vault that needs nothing set up.
///
/// All but the passwords is kept in memory and follows the keyring's signals; string fields and former passwords are
/// sealed there, and opened when they are handed out or written. A password is fetched at the moment it is handed out:
/// gnome-keyring tells nobody when an item gets another secret, as Seahorse does it, so a copy could be an old one.
/// Locking the vault never locks the collection.
package actor KeyringStore: MainLoopActor, VaultStore {
    /// The schema of what belongs to logins but has no place in their items; all of it is read.
    package static let extraSchema = LoginItem.extraSchema

    package nonisolated let name: String
    package nonisolated let kind = VaultKind.keyring

    let keyring: Keyring
    /// The other programs whose logins are served.
    var origins: Set<LoginOrigin>
    let logger: Logger
    let now: @Sendable () -> Int64
    let file: StateFile<KeyringVaultState>
    let events: AsyncStream<KeyringEvent>
    let arranging = BlockingWork(label: "org.keybell.keyring.arranging")
    nonisolated let changeBroadcast = Broadcast<Void>(backlog: 1)

    var known: KeyringVaultState?
    let stateReading: StateReading<KeyringVaultState>
    let stateWriting: RetriedWriting<KeyringVaultState>
    let cache = CachedReading<KeyringSnapshot, KeyringError>()
    var snapshot: KeyringSnapshot? { cache.current }
    /// The saves: each begins with what the one before has left.
    var saves = SerialTaskQueue()
    /// The additions of many logins; each of these is one of the saves.
    var additions = SerialTaskQueue()
    /// Whether the daemon is ending.
    private(set) var isEnding = false
    /// Whether an item that has disappeared may come back as it was.
    let mayReturn: @Sendable (KeyringItem) -> Bool
    /// The logins that are gone for good, and of which what belonged to them is being deleted or was to be.
    var toldToDelete: Set<LoginID> = []
    /// The logins that are left out because what belongs to them can't be read, and for which this has been logged.
    var toldUnreadable: Set<LoginID> = []
    var follower: Task<Void, Never>?
    /// The looks at what the keyring has reported; each covers everything reported before it begins.
    var updates = SerialTaskQueue()
    /// The items that it has reported and that haven't been looked at yet.
    var untaken: Set<String> = []
    /// The items that it reported while all of them were being read.
    var missed: Set<String> = []
    /// How often all of them were read.
    private(set) var readings = 0
    /// Whether the vault was locked on its own, whatever state its collection is in, and whether only because the
    /// person is away.
    private var (wasLocked, isSuspended) = (false, false)
    private var isLockedByUs: Bool { wasLocked || isSuspended }
    private var isClosed = false
    /// The collection's state when last looked at.
    private(set) var lastLook: (state: CollectionState, at: ContinuousClock.Instant)?
    /// How long a provider that could not be reached counts as such; its coming is signalled, its recovery isn't.
    private static let timeout = Duration.seconds(10)

    /// A vault over a keyring; nothing is read yet.
    ///
    /// - Parameters:
    ///   - name: What configuration and prompts call it.
    ///   - keyring: The keyring's collection that holds it.
    ///   - origins: The other programs whose logins in it are served, too.
    ///   - state: The folder for what it keeps outside the keyring, which is made when needed.
    ///   - logger: Where trouble goes; never a login's title, user name or URL.
    ///   - now: The time, in seconds since 1970.
    ///   - mayReturn: Whether an item that has disappeared may come back as it was.
    package init(
        name: String,
        keyring: Keyring,
        origins: Set<LoginOrigin> = [],
        state: String,
        logger: Logger,
        now: @escaping @Sendable () -> Int64 = { CalendarTime.now },
        mayReturn: @escaping @Sendable (KeyringItem) -> Bool = { $0.mayReturn }
    ) {
        self.name = name
        self.keyring = keyring
        self.origins = origins
        self.mayReturn = mayReturn
        self.logger = logger
        self.now = now
        let file = KeyringVaultState.file(in: state)
        self.file = file
        stateReading = StateReading(file, what: "The vault's state", logger: logger)
        stateWriting = RetriedWriting(
            pause: .seconds(1),
            write: { try file.keep($0) },
            failed: { logger.error("The vault's state can't be kept", metadata: ["reason": "\($0)"]) }
        )
        events = keyring.events()
    }

    deinit {
        follower?.cancel()
    }

    package nonisolated func changes() -> AsyncStream<Void> {
        changeBroadcast.listen()
    }

    /// Nil while it may still turn out that the keyring knows another: clients keep what they are told for good.
    package func hash() async -> String? {
        await readState()
        guard known?.isProvisional == true else { return settledHash }
        switch await collectionState() {
        case .unlocked: await settle()
        // Where nothing was ever stored there is no other. A collection with a name of its own may just not be open.
        case .noCollection where keyring.isDefault: return identity?.hash
        case .noCollection, .noProvider, .locked: break
        }
        return settledHash
    }

    package func isLocked() async -> Bool {
        let state = await collectionState()
        return isLockedByUs || state != .unlocked
    }

    package func status() async -> VaultStatus {
        await readState()
        let isLocked = await isLocked()
        return VaultStatus(
            name: name,
            kind: kind,
            path: "",
            isLocked: isLocked,
            count: snapshot?.index.count ?? 0,
            hash: settledHash
        )
    }

    package func index() async throws(VaultError) -> LoginIndex {
        try await opened().index
    }

    package func secrets(of id: LoginID) async throws(VaultError) -> LoginSecrets {
        let snapshot = try await opened()
        guard let item = snapshot.item(id) else { throw .notFound }
        let secret = try await asking { () async throws(KeyringError) in
            try await self.keyring.secret(of: item)
        }
        return try Self.secrets(of: id, secret, in: snapshot)
    }

    /// By one call for all of them.
    package func secrets(of ids: [LoginID]) async throws(VaultError) -> [LoginID: LoginSecrets] {
        let snapshot = try await opened()
        let items = ids.compactMap { snapshot.item($0) }
        let secrets = try await asking { () async throws(KeyringError) in
            try await self.keyring.openSecrets(of: items).secrets
        }
        var found: [LoginID: LoginSecrets] = [:]
        for id in ids {
            guard let item = snapshot.item(id), let secret = secrets[item.path] else { continue }
            found[id] = try Self.secrets(of: id, secret, in: snapshot)
        }
        return found
    }

    private static func secrets(
        of id: LoginID,
        _ secret: SecretBytes,
        in snapshot: KeyringSnapshot
    ) throws(VaultError) -> LoginSecrets {
        let password = snapshot.keeper(id).map { OriginItem.password(in: secret, of: $0) } ?? secret
        return LoginSecrets(
            password: password,
            fields: try snapshot.extra(id)?.content?.opened().fields ?? [:]
        )
    }

    /// Former passwords are all that is remembered here.
    package func history(of id: LoginID) async throws(VaultError) -> [FormerLogin] {
        let snapshot = try await opened()
        guard snapshot.item(id) != nil else { throw .notFound }
        return (try snapshot.extra(id)?.content?.opened().former ?? []).reversed().map { former in
            FormerLogin(login: Login(id: id, title: ""), secrets: LoginSecrets(password: former.password))
        }
    }

    package func confirm(_ ids: [LoginID]) async throws(VaultError) {
        let snapshot = try await opened()
        let items = ids.compactMap { snapshot.item($0) }
        try await asking { () async throws(KeyringError) in
            let locked = try await self.keyring.openSecrets(of: items).locked
            try await self.keyring.confirm(items.filter { locked.contains($0.path) })
        }
    }

    package func lock() async {
        wasLocked = true
        forget()
        changeBroadcast.send(())
    }

    package func suspend() async {
        isSuspended = true
        forget()
        changeBroadcast.send(())
    }

    package func endSuspension() async {
        guard isSuspended, !isClosed else { return }
        isSuspended = false
        changeBroadcast.send(())
    }

    package func close() async {
        isClosed = true
        await lock()
        changeBroadcast.finish()
    }

    package func savesAreDone() async {
        await flushState()
    }

    package func finish() async {
        isEnding = true
        await lock()
        // What they have stored is taken back.
        await additions.isDone()
        await flushState()
    }

    package func unlock(for reason: UnlockReason) async throws(VaultError) {
        guard !isClosed else { throw .leftOut(name) }
        let keyring = keyring
        let outcome = await reason.whileWanted {
            await Result { () async throws(KeyringError) in try await keyring.unlock() }
        }
        guard let outcome else { throw .notUnlocked(.cancelled) }
        guard !isClosed else { throw .leftOut(name) }
        try await asking { () async throws(KeyringError) in try outcome.get() }
        (wasLocked, isSuspended) = (false, false)
        lastLook = nil
        // So that whoever asks for the status learns how many logins there are; the next reader learns of trouble.
        _ = try? await read()
        changeBroadcast.send(())
    }

    /// Makes the vault usable again, as at the screen's unlock; asks nobody anything.
    package func resume() async {
        guard isLockedByUs, !isClosed else { return }
        (wasLocked, isSuspended) = (false, false)
        changeBroadcast.send(())
    }

    // MARK: - Reading

    /// What is in the vault, if it may be used.
    func opened() async throws(VaultError) -> KeyringSnapshot {
        guard !isLockedByUs else { throw .locked }
        await readState()
        guard known != nil else {
            throw .unavailable(
                "What Keybell keeps of this vault can't be read: see that \(file.path) can be."
            )
        }
        let snapshot: KeyringSnapshot
        do throws(VaultError) {
            snapshot = try await asking { () async throws(KeyringError) in try await self.read() }
        } catch .unconfirmed {
            // What belongs to the logins says who may have them; without it the vault counts as locked.
            lastLook = (.locked, .now)
            throw .locked
        } catch {
            throw error
        }
        guard !isLockedByUs else { throw .locked }
        return snapshot
    }

    /// Whether all is being read.
    var isReading: Bool { cache.isReading }

    private func read() async throws(KeyringError) -> KeyringSnapshot {
        follow()
        for _ in 0..<CachedReading<KeyringSnapshot, KeyringError>.attempts {
            // Everything reported before; a keyring that never rests reports more meanwhile.
            await updates.isDone()
            if let snapshot { return snapshot }
            _ = try await cache.value(on: self, orIfItNeverRests: .deadline) {
                () async throws(KeyringError) in
                try await self.readAll()
            } adopted: { store, _ in
                store.hasRead()
            }
        }
        throw .deadline
    }

    private func readAll() async throws(KeyringError) -> KeyringSnapshot {
        guard !isLockedByUs else { throw .locked }
        missed = []
        readings += 1
        let items = try await keyring.items(schema: LoginItem.schema)
        let extras = try await keyring.items(schema: LoginItem.extraSchema)
        let read = try await read(extras)
        settleIdentity(extras)
        let origins = origins
        let others = try await originItems(except: (items + extras).map(\.path))
        guard let identity, let remembered = known?.derived else { throw .deadline }  // `opened` has read it
        // Thousands of items take a while, and requests are served on this thread.
        return await arranging {
            KeyringSnapshot(
                items,
                others: others,
                extras: read,
                origins: origins,
                identity: identity,
                remembered: remembered
            )
        }
    }

    /// Reads what belongs to logins, some at a time: until they are sealed, they are in locked memory.
    private func read(_ extras: [KeyringItem]) async throws(KeyringError) -> [KeyringSnapshot.Extra] {
        var read: [KeyringSnapshot.Extra] = []
        for start in stride(from: 0, to: extras.count, by: Self.mostAtOnce) {
            let some = extras[start...].prefix(Self.mostAtOnce)
            // The identity stands in its attributes; its secret says nothing.
            let secrets = try await keyring.secrets(
                of: some.filter { $0.attributes[LoginItem.Attribute.uuid] != VaultIdentity.itemName }
            )
            read += await arranging {
                some.map { item in
                    KeyringSnapshot.Extra(
                        item: item,
                        content: secrets[item.path].flatMap { SealedExtra(json: $0) }
                    )
                }
            }
        }
        return read
    }

    private static let mostAtOnce = 256

    /// Looks again at what was reported while it was being read, and only at that: an import outlasts a reading.
    private func hasRead() {
        lastLook = (.unlocked, .now)
        keepNames()
        tellUnreadable()
        lookForOrphans()
        takeIn(missed)
        missed = []
    }

    /// The collection's state: from memory, if it was looked at and nothing has been reported since.
    private func collectionState() async -> CollectionState {
        follow()
        if snapshot != nil { return .unlocked }
        if let lastLook, lastLook.state != .noProvider || .now < lastLook.at + Self.timeout {
            return lastLook.state
        }
        let before = cache.changes
        let state = await keyring.state()
        if before == cache.changes { lastLook = (state, .now) }
        return state
    }

    func forget() {
        cache.forget()
        lastLook = nil
    }

    // MARK: - Errors

    /// Turns the keyring's errors into a vault's.
    func asking<Value: Sendable>(
        _ work: () async throws(KeyringError) -> Value
    ) async throws(VaultError) -> Value {
        do throws(KeyringError) {
            return try await work()
        } catch {
            if error == .locked { forget() }
            throw VaultError(error)
        }
    }
}
