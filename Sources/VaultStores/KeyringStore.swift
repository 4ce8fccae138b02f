// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Kernel
package import Logging
import Secrecy
package import SecretService
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
    private let events: AsyncStream<KeyringEvent>
    private nonisolated let news = Broadcast<Void>(backlog: 1)

    private var known: KeptState?
    var shelf: KeyringShelf?
    private var reading: Task<Result<KeyringShelf, KeyringError>, Never>?
    private var generation = 0
    private var follower: Task<Void, Never>?
    /// What the keyring has told of and is being looked at.
    private var taking: Task<Void, Never>?
    /// Whether the vault was locked by itself, whatever its collection is.
    private var isLockedByUs = false
    /// How the collection was when last looked at.
    private var lastLook: (state: CollectionState, at: ContinuousClock.Instant)?
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

    package func unlock(for reason: UnlockReason) async throws(VaultError) {
        try await asking { () async throws(KeyringError) in try await self.keyring.unlock() }
        isLockedByUs = false
        lastLook = nil
        // So that whoever asks how it stands hears how many logins there are; the next reader hears of trouble.
        _ = try? await read()
        news.send(())
    }

    /// Makes the vault usable again after `lock`, as at the screen's unlock; asks nobody anything.
    package func resume() async {
        guard isLockedByUs else { return }
        isLockedByUs = false
        news.send(())
    }

    // MARK: - Reading

    /// What is in the vault, if it may be used.
    func opened() async throws(VaultError) -> KeyringShelf {
        guard !isLockedByUs else { throw .locked }
        let shelf: KeyringShelf
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

    private func read() async throws(KeyringError) -> KeyringShelf {
        follow()
        await taking?.value
        if let shelf { return shelf }
        if let reading { return try await reading.value.get() }
        let task = Task(executorPreference: TaskQueue.shared) { await self.readAnew() }
        reading = task
        let outcome = await task.value
        reading = nil
        return try outcome.get()
    }

    private func readAnew() async -> Result<KeyringShelf, KeyringError> {
        var attempt = 0
        while true {
            attempt += 1
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
            let read = extras.map { item in
                KeyringShelf.Extra(
                    item: item,
                    content: secrets[item.path].flatMap { LoginExtra(json: $0) }
                )
            }
            settleIdentity(read.map(\.item))
            let shelf = KeyringShelf(
                items,
                extras: read,
                identity: identity(),
                remembered: keptState().derived
            )
            // A keyring that never rests is read anew at the next request.
            guard started == generation || attempt == 4 else { continue }
            if started == generation, !isLockedByUs {
                self.shelf = shelf
                lastLook = (.unlocked, .now)
                keepNames()
            }
            return .success(shelf)
        }
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

    private func forget() {
        shelf = nil
        lastLook = nil
        generation += 1
    }

    // MARK: - Following the keyring

    private func follow() {
        guard follower == nil else { return }
        let events = self.events
        follower = Task(executorPreference: TaskQueue.shared) { [weak self] in
            for await event in events { await self?.takeIn(event) }
        }
    }

    /// What is told of is taken in before anybody reads on: who has just stored a login finds it here.
    private func takeIn(_ event: KeyringEvent) async {
        let work = Task(executorPreference: TaskQueue.shared) { await self.happened(event) }
        taking = work
        await work.value
        taking = nil
    }

    private func happened(_ event: KeyringEvent) async {
        switch event {
        case .itemsChanged(let path?):
            guard await refresh(path) else { return }
        case .itemsChanged(nil), .locked, .unlocked, .providerLeft, .providerAppeared:
            forget()
        }
        news.send(())
    }

    /// Looks at one item again; false if it is none of ours.
    @discardableResult
    func refresh(_ path: String) async -> Bool {
        guard shelf != nil else {
            // Whatever is being read may be without it.
            generation += 1
            return false
        }
        let outcome = await Result { [keyring] () async throws(KeyringError) -> (KeyringItem?, LoginExtra?) in
            guard let item = try await keyring.item(at: path) else { return (nil, nil) }
            guard item.schema == LoginItem.extraSchema else { return (item, nil) }
            let secret = try await keyring.secrets(of: [item])[path]
            return (item, secret.flatMap { LoginExtra(json: $0) })
        }
        guard case .success((let item, let extra)) = outcome else {
            forget()
            return true
        }
        guard var shelf else { return true }
        let isOurs = item.map { [LoginItem.schema, LoginItem.extraSchema].contains($0.schema) } ?? false
        guard isOurs || shelf.knows(path) else { return false }
        let former = shelf.items[path]
        shelf.update(path, to: item, extra: extra, identity: identity())
        self.shelf = shelf
        generation += 1
        keepNames()
        if item == nil, let former { await deleteExtra(of: former) }
        return true
    }

    /// Deletes what belonged to a login that is gone for good.
    private func deleteExtra(of item: KeyringItem) async {
        guard let id = item.attributes[LoginItem.Attribute.uuid].flatMap({ LoginID(hex: $0) }),
            let extra = shelf?.extra(id)
        else { return }
        do throws(KeyringError) {
            // Some providers delete and make an item where others change it.
            let same = try await keyring.items(
                schema: LoginItem.schema,
                attributes: [LoginItem.Attribute.uuid: item.attributes[LoginItem.Attribute.uuid] ?? ""]
            )
            if same.isEmpty { try await keyring.delete(extra.item) }
        } catch {
            logger.notice("What belonged to a deleted login is left", metadata: ["reason": "\(error)"])
        }
    }

    // MARK: - State

    /// The vault's identity, made up at the first start.
    func identity() -> VaultIdentity {
        keptState().identity ?? .random()
    }

    private func keptState() -> KeptState {
        if let known { return known }
        let state = file.read() ?? KeptState(.random(), isProvisional: true)
        known = state
        if state.isProvisional { keep(state) }
        return state
    }

    func keep(_ state: KeptState) {
        known = state
        do throws(VaultError) {
            try file.write(state)
        } catch {
            logger.error("The vault's state can't be kept", metadata: ["reason": "\(error)"])
        }
    }

    /// Takes the identity that the keyring knows, if our own was only made up for want of a state.
    private func settleIdentity(_ extras: [KeyringItem]) {
        var state = keptState()
        guard state.isProvisional else { return }
        if let other = extras.lazy.compactMap({ VaultIdentity(attributes: $0.attributes) }).first,
            other != state.identity
        {
            logger.notice(
                "The state was lost; the vault's Hash is again the one that the keyring keeps",
                metadata: ["was": "\(identity().hash)", "is": "\(other.hash)"]
            )
            let derived = state.derived
            state = KeptState(other, isProvisional: false)
            state.derived = derived
        }
        state.isProvisional = false
        keep(state)
    }

    /// Writes down the names that were made up for items, if there are new ones.
    private func keepNames() {
        guard let derived = shelf?.derived, derived != keptState().derived else { return }
        var state = keptState()
        state.derived = derived
        keep(state)
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

extension VaultError {
    /// What the keyring's trouble means for a vault in it.
    init(_ error: KeyringError) {
        switch error {
        case .locked: self = .locked
        case .itemLocked: self = .unconfirmed
        case .notFound: self = .notFound
        case .noProvider, .noDefaultCollection, .deadline, .dismissed, .noSession:
            self = .unavailable(error.advice)
        case .failed: self = .failed(error.advice)
        }
    }
}
