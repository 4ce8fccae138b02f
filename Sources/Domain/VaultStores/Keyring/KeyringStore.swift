// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import FoundationEssentials
package import Logging
package import SecretService
import SecureMemory
package import Vault

/// Logins as items of the person's keyring, the vault that needs nothing set up.
///
/// All but the passwords is kept in memory and follows the keyring's signals. A password is fetched at the
/// moment it is handed out: gnome-keyring tells nobody when an item gets another secret, as Seahorse does it, so
/// a copy could be an old one. Locking the vault never locks the collection.
package actor KeyringStore: VaultStore {
    /// The schema of what belongs to logins but has no place in their items; all of it is read.
    package static let extraSchema = LoginItem.extraSchema

    package nonisolated let name: String
    package nonisolated let kind = VaultKind.keyring

    let keyring: Keyring
    let logger: Logger
    let now: @Sendable () -> Int64
    let file: StateFile
    let events: AsyncStream<KeyringEvent>
    let arranging = BlockingWork(label: "org.keybell.keyring.arranging")
    nonisolated let news = Broadcast<Void>(backlog: 1)

    var known: KeptState?
    var shelf: KeyringSnapshot?
    private var reading: Task<Result<KeyringSnapshot, KeyringError>, Never>?
    var generation = 0
    var follower: Task<Void, Never>?
    /// The last of the looks at what the keyring has told of; it takes in all that is told before it begins.
    var taking: Task<Void, Never>?
    /// The items that it has told of and nobody has looked at yet.
    var untaken: Set<String> = []
    /// The items that it has told of while all of them were being read.
    var missed: Set<String> = []
    /// How often all of them were read.
    private(set) var readings = 0
    /// Whether the vault was locked by itself, whatever its collection is.
    private var isLockedByUs = false
    private var isClosed = false
    /// How the collection was when last looked at.
    private(set) var lastLook: (state: CollectionState, at: ContinuousClock.Instant)?
    /// How long a provider that could not be reached counts as such; its coming is signalled, its recovery isn't.
    private static let patience = Duration.seconds(10)

    /// A vault over a keyring; nothing is read yet.
    ///
    /// - Parameters:
    ///   - name: What configuration and prompts call it.
    ///   - keyring: The keyring's collection that holds it.
    ///   - state: The folder for what it keeps outside the keyring, which is made when needed.
    ///   - logger: Where trouble goes; never a login's title, user name or URL.
    ///   - now: The time, in seconds since 1970.
    package init(
        name: String,
        keyring: Keyring,
        state: String,
        logger: Logger,
        now: @escaping @Sendable () -> Int64 = { Int64(Date().timeIntervalSince1970) }
    ) {
        self.name = name
        self.keyring = keyring
        self.logger = logger
        self.now = now
        file = StateFile(folder: state)
        events = keyring.events()
    }

    deinit {
        follower?.cancel()
    }

    package nonisolated func changes() -> AsyncStream<Void> {
        news.listen()
    }

    package func hash() async -> String? { identity().hash }

    package func status() async -> VaultStatus {
        let state = await collectionState()
        return VaultStatus(
            name: name,
            kind: kind,
            path: "",
            isLocked: isLockedByUs || state != .unlocked,
            count: shelf?.index.count ?? 0,
            hash: identity().hash
        )
    }

    package func index() async throws(VaultError) -> LoginIndex {
        try await opened().index
    }

    package func secrets(of id: LoginID) async throws(VaultError) -> LoginSecrets {
        let shelf = try await opened()
        guard let item = shelf.item(id) else { throw .notFound }
        let password = try await asking { () async throws(KeyringError) in
            try await self.keyring.secret(of: item)
        }
        return LoginSecrets(password: password, fields: shelf.extra(id)?.content?.fields ?? [:])
    }

    /// Former passwords are all that is remembered here.
    package func history(of id: LoginID) async throws(VaultError) -> [FormerLogin] {
        let shelf = try await opened()
        guard shelf.item(id) != nil else { throw .notFound }
        return (shelf.extra(id)?.content?.former ?? []).reversed().map { former in
            FormerLogin(login: Login(id: id, title: ""), secrets: LoginSecrets(password: former.password))
        }
    }

    package func confirm(_ ids: [LoginID]) async throws(VaultError) {
        let shelf = try await opened()
        let items = ids.compactMap { shelf.item($0) }
        try await asking { () async throws(KeyringError) in
            let locked = try await self.keyring.openSecrets(of: items).locked
            try await self.keyring.confirm(items.filter { locked.contains($0.path) })
        }
    }

    package func lock() async {
        isLockedByUs = true
        forget()
        news.send(())
    }

    package func close() async {
        isClosed = true
        await lock()
        news.finish()
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
        isLockedByUs = false
        lastLook = nil
        // So that whoever asks how it stands hears how many logins there are; the next reader hears of trouble.
        _ = try? await read()
        news.send(())
    }

    /// Makes the vault usable again after `lock`, as at the screen's unlock; asks nobody anything.
    package func resume() async {
        guard isLockedByUs, !isClosed else { return }
        isLockedByUs = false
        news.send(())
    }

    // MARK: - Reading

    /// What is in the vault, if it may be used.
    func opened() async throws(VaultError) -> KeyringSnapshot {
        guard !isLockedByUs else { throw .locked }
        let shelf: KeyringSnapshot
        do throws(VaultError) {
            shelf = try await asking { () async throws(KeyringError) in try await self.read() }
        } catch .unconfirmed {
            // What belongs to the logins says who may have them: without it the vault is as good as locked.
            lastLook = (.locked, .now)
            throw .locked
        } catch {
            throw error
        }
        guard !isLockedByUs else { throw .locked }
        return shelf
    }

    /// Whether all is being read.
    var isReading: Bool { reading != nil }

    private func read() async throws(KeyringError) -> KeyringSnapshot {
        follow()
        // All that was told before; a keyring that never rests tells of more meanwhile.
        await taking?.value
        if let shelf { return shelf }
        if let reading { return try await reading.value.get() }
        let task = Task(executorPreference: TaskQueue.shared) { await self.readAnew() }
        reading = task
        let outcome = await task.value
        reading = nil
        return try outcome.get()
    }

    private func readAnew() async -> Result<KeyringSnapshot, KeyringError> {
        var attempt = 0
        while true {
            attempt += 1
            missed = []
            readings += 1
            let started = generation
            let outcome = await Result { [keyring] () async throws(KeyringError) in
                let items = try await keyring.items(schema: LoginItem.schema)
                let extras = try await keyring.items(schema: LoginItem.extraSchema)
                // The identity stands in its attributes; its secret says nothing.
                let opened = extras.filter {
                    $0.attributes[LoginItem.Attribute.uuid] != VaultIdentity.itemName
                }
                return (items, extras, try await keyring.secrets(of: opened))
            }
            let (items, extras, secrets): ([KeyringItem], [KeyringItem], [String: SecretBytes])
            switch outcome {
            case .success(let found): (items, extras, secrets) = found
            case .failure(let error): return .failure(error)
            }
            settleIdentity(extras)
            let (identity, remembered) = (identity(), keptState().derived)
            // Thousands of items take a while, and the house serves on this thread.
            let shelf = await arranging {
                let read = extras.map { item in
                    KeyringSnapshot.Extra(
                        item: item,
                        content: secrets[item.path].flatMap { LoginExtra(json: $0) }
                    )
                }
                return KeyringSnapshot(items, extras: read, identity: identity, remembered: remembered)
            }
            // A keyring that never rests is read anew at the next request.
            guard started == generation || attempt == 4 else { continue }
            guard started == generation, !isLockedByUs else { return .success(shelf) }
            self.shelf = shelf
            lastLook = (.unlocked, .now)
            keepNames()
            await lookAtMissed()
            if let current = self.shelf { return .success(current) }
            guard attempt < 4 else { return .success(shelf) }
        }
    }

    /// Looks again at what was told of while it was being read, and only at that: an import goes on for longer than a
    /// reading.
    private func lookAtMissed() async {
        takeIn(missed)
        missed = []
        await taking?.value
    }

    /// How the collection stands: from memory, if it was looked at and nothing has been told since.
    private func collectionState() async -> CollectionState {
        follow()
        if shelf != nil { return .unlocked }
        if let lastLook, lastLook.state != .noProvider || .now < lastLook.at + Self.patience {
            return lastLook.state
        }
        let started = generation
        let state = await keyring.state()
        if started == generation { lastLook = (state, .now) }
        return state
    }

    func forget() {
        shelf = nil
        lastLook = nil
        generation += 1
    }

    // MARK: - Errors

    /// Turns what the keyring says into what a vault says.
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
