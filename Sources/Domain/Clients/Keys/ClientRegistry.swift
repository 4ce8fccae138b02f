// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
package import KeePassHTTP
package import Logging
package import SecretService

/// The clients that the person has let in: their keys, kept in the keyring and cached in locked memory.
///
/// Once they are read, verifying makes no call. The cache is dropped when the collection locks, when the
/// provider leaves, and when an item changes: it is read again then, and a request that comes meanwhile waits
/// for that, so that an item deleted in Seahorse revokes at once and a change never looks like a revocation.
package actor ClientRegistry: ForgettingActor {
    /// The schema of the clients' keys.
    package static let schema = ClientItem.schema

    let keyring: Keyring
    let logger: Logger
    private let nonces: NonceRegistry
    let now: @Sendable () -> UInt64
    private let events: AsyncStream<KeyringEvent>
    nonisolated let changeBroadcast = Broadcast<Void>(backlog: 1)

    let cache = CachedReading<ClientsSnapshot, KeyringError>()
    /// The clients as they were when last read; unlike the keys they are kept while the keyring can't be read.
    var lastRead: [Client] = []
    private var hasRead = false
    private var follower: Task<Void, Never>?
    private var lastReread: ContinuousClock.Instant?
    private static let rereadPause = Duration.seconds(10)
    /// How long a request waits for that.
    private static let rereadDeadline = Duration.seconds(1)

    /// What is known of a key beside its item, by fingerprint; it outlives the cache.
    var records: [String: KeyRecord] = [:]
    /// The writes to our items, so that none brings back what another has replaced.
    var writes = SerialTaskQueue()

    /// What doesn't count, whatever the keyring still holds or gets yet.
    let forgetting: Forgetting<ForgottenKeys>

    /// What clients were restricted to lately, whatever their items say.
    var restrictions = RecentRestrictions()
    /// Keeps that for the next daemon; nil where there is no state folder.
    let restrictionsFile: ForgottenFile<RestrictionsRecord>?

    /// A registry over a keyring; nothing is read yet.
    ///
    /// - Parameters:
    ///   - keyring: Where the keys are.
    ///   - nonces: The nonces that may not come again; without one they are kept in memory alone.
    ///   - folder: The state folder, for what is revoked and can't be deleted; nil where this process alone goes by that.
    ///   - logger: Where trouble goes; never a key or a nonce.
    ///   - retries: How long it waits each time before it tries again to delete what it couldn't; the last pause is made
    ///     again and again. Nil for the usual ones.
    ///   - pause: How long it waits before it tries again to write what it couldn't to the state folder, for the first time.
    ///   - now: The time, in seconds since 1970.
    package init(
        keyring: Keyring,
        nonces: NonceRegistry? = nil,
        folder: String? = nil,
        logger: Logger,
        retries: [Duration]? = nil,
        pause: Duration = .seconds(1),
        now: @escaping @Sendable () -> UInt64 = { CalendarTime.unsigned }
    ) {
        self.keyring = keyring
        self.nonces = nonces ?? NonceRegistry(folder: nil, logger: logger)
        self.logger = logger
        self.now = now
        forgetting = Forgetting(folder: folder, retries: retries, pause: pause, logger: logger)
        restrictionsFile = folder.map { ForgottenFile(folder: $0, pause: pause, logger: logger) }
        events = keyring.events()
    }

    deinit {
        follower?.cancel()
    }

    /// Reads the keys if the keyring is open; never asks the person.
    package func load() async {
        _ = await nonces.load()
        do throws(KeyringError) {
            let count = try await clients().all.count
            logger.debug("The clients' keys are read", metadata: ["count": "\(count)"])
        } catch {
            logger.notice("The clients' keys can't be read yet", metadata: ["reason": "\(error)"])
        }
    }

    /// Verifies a request and decrypts it.
    ///
    /// An unknown Id, a wrong signature, fields that don't decrypt and a nonce that is used up take the same work. A
    /// client that has once used an Hmac is held to it. Judging what was decrypted and counting are one step: however
    /// many requests come at once, no more than eight under one nonce have their fields judged.
    ///
    /// - Parameters:
    ///   - request: What came.
    ///   - signature: What it is signed with.
    ///   - changes: Whether it would change something; its nonce then works once, also after a restart.
    ///   - open: Verifies the signature and decrypts the fields elsewhere; nil for at once.
    /// - Returns: The verified message, or why there is none.
    package func verify(
        _ request: Request,
        signature: RequestSignature,
        changes: Bool,
        opening open: MessageOpening.Opener? = nil
    ) async -> VerificationOutcome {
        let isRecordable = await nonces.load()
        let verdict: Verdict
        do throws(KeyringError) {
            verdict = try await self.verdict(on: request, signature, changes: changes, opening: open)
        } catch .locked {
            return .keyringLocked
        } catch {
            return .keyringUnavailable(.keyring(error))
        }
        guard case .admitted(let known, let message, let fields) = verdict else { return .refused }
        if changes {
            // What couldn't be read before it was judged can't be relied on.
            let mark = mark(message, of: known)
            guard isRecordable, await nonces.record(mark) else {
                return isRecordable && !nonces.hasChange(mark) ? .tooManyChanges : .unrecordable
            }
        }
        return .verified(message, used(message, by: known), fields)
    }

    /// Whether a request under this Id, or without one, can't be verified before the keyring is unlocked.
    package func needsUnlock(for id: String?) async -> Bool {
        do throws(KeyringError) {
            let snapshot = try await clients()
            return id.map(snapshot.isLocked) ?? false
        } catch {
            // What else keeps it from being read isn't ended by an unlock.
            return error == .locked
        }
    }

    private enum Verdict {
        case admitted(KnownClient, VerifiedMessage, OpenedFields)
        /// Whether the signature was right, so that reading the keys again wouldn't help.
        case refused(isSigned: Bool)
    }

    private func verdict(
        on request: Request,
        _ signature: RequestSignature,
        changes: Bool,
        opening open: MessageOpening.Opener?
    ) async throws(KeyringError) -> Verdict {
        func judged(_ snapshot: ClientsSnapshot) async throws(KeyringError) -> Verdict {
            let known = request.id.flatMap { snapshot[$0] }
            let opening = MessageOpening(request, signature, key: known?.key)
            let opened = if let open { await open(opening) } else { opening.run() }
            if opened.hasWaited {
                // The key may have been revoked or replaced meanwhile.
                let snapshot = try await readable(for: request)
                guard request.id.flatMap({ snapshot[$0] })?.client.fingerprint == known?.client.fingerprint
                else { return .refused(isSigned: true) }
            }
            return judge(opened, from: known, changes: changes)
        }
        let verdict = try await judged(try await readable(for: request))
        guard case .refused(let isSigned) = verdict, let snapshot = await readAgain(), !isSigned else {
            return verdict
        }
        return try await judged(snapshot)
    }

    /// The clients, if the one of a request can be read.
    private func readable(for request: Request) async throws(KeyringError) -> ClientsSnapshot {
        let snapshot = try await clients()
        if let id = request.id, snapshot.isLocked(id) { throw .locked }
        return snapshot
    }

    private func judge(_ opened: OpenedMessage, from known: KnownClient?, changes: Bool) -> Verdict {
        guard let known, let message = opened.message else { return .refused(isSigned: false) }
        guard admit(message, from: known, changes: changes) else { return .refused(isSigned: true) }
        guard let fields = opened.fields else {
            strike(message, of: known)
            return .refused(isSigned: true)
        }
        return .admitted(known, message, fields)
    }

    /// Whether a message with a right signature may be taken; its nonce is remembered if so.
    private func admit(_ message: VerifiedMessage, from known: KnownClient, changes: Bool) -> Bool {
        let record = records[known.client.fingerprint]
        guard message.usedHmac || !(known.client.usesHmac || record?.usesHmac ?? false),
            !(record?.strikes.refuses(message.nonce) ?? false)
        else { return false }
        return nonces.admit(
            mark(message, of: known),
            hasHmac: message.usedHmac,
            isChange: changes
        )
    }

    /// Counts a request whose fields don't decrypt; after eight its nonce is used up for good.
    private func strike(_ message: VerifiedMessage, of known: KnownClient) {
        let isUsedUp = records[known.client.fingerprint, default: KeyRecord()].strikes.strike(
            message.nonce
        )
        guard isUsedUp else { return }
        let mark = mark(message, of: known)
        // Not waited for: the answer comes as soon as any other.
        Task(executorPreference: MainLoop.executor) { [nonces] in await nonces.exhaust(mark) }
    }

    /// Notes that a client has been verified.
    private func used(_ message: VerifiedMessage, by known: KnownClient) -> Client {
        var client = known.client
        client.lastUsed = now()
        var record = records[client.fingerprint] ?? KeyRecord()
        record.lastUsed = client.lastUsed
        // Another request may have used one while this one was being recorded.
        record.usesHmac = record.usesHmac || known.client.usesHmac || message.usedHmac
        records[client.fingerprint] = record
        client.usesHmac = record.usesHmac
        keepRecord(of: known)
        return client
    }

    private func mark(_ message: VerifiedMessage, of known: KnownClient) -> UsedNonce {
        UsedNonce(message.nonce, of: known.nonceOwner, time: now())
    }

    // MARK: - The cache

    /// All clients, from memory or, if they aren't there, from the keyring.
    func clients() async throws(KeyringError) -> ClientsSnapshot {
        follow()
        return try await cache.value(on: self, orIfItNeverRests: .deadline, reading: reading) {
            $0.adopt($1)
        }
    }

    /// Has somebody offer the keyring for a client's request, where nobody has yet.
    package func wake() async {
        guard cache.current == nil else { return }
        await keyring.startFirst()
    }

    /// Reads the keys once more before a request is refused, unless that has just been done.
    ///
    /// gnome-keyring tells nobody when an item gets another secret. What is cached stays if this fails.
    private func readAgain() async -> ClientsSnapshot? {
        guard lastReread.map({ .now - $0 > Self.rereadPause }) ?? true else { return nil }
        lastReread = .now
        // Why it can't be read, or not soon, says nothing against what is known.
        return try? await withDeadline(Self.rereadDeadline) { [weak self] in try await self?.reread() }
    }

    private func reread() async throws(KeyringError) -> ClientsSnapshot {
        try await cache.readAgain(on: self, orIfItNeverRests: .deadline, reading: reading) {
            $0.adopt($1)
        }
    }

    private func adopt(_ snapshot: ClientsSnapshot) {
        lastRead = snapshot.all.map(\.client)
        // The keyring works: the first time it does, what the daemon before couldn't delete goes.
        if !hasRead { deleteForgotten() }
        hasRead = true
        settleRestrictions(by: snapshot)
    }

    private var reading: @Sendable () async throws(KeyringError) -> ClientsSnapshot {
        { [self] () async throws(KeyringError) in
            try await takeUp()
            try await takeUpRestrictions()
            let items = try await keyring.items(schema: ClientItem.schema)
            let opened = try await keyring.openSecrets(of: items)
            return ClientsSnapshot(items, opened, without: await forgotten, restricted: await restrictions)
        }
    }

    /// Forgets the keys, and whatever is being read now.
    func forgetKeys() {
        cache.forget()
    }

    /// Follows the keyring from the first use on; what happened since `init` has been kept.
    private func follow() {
        guard follower == nil else { return }
        let events = self.events
        follower = Task(executorPreference: MainLoop.executor) { [weak self] in
            for await event in events { await self?.happened(event) }
        }
    }

    private func happened(_ event: KeyringEvent) async {
        if case .itemsChanged(let path?) = event {
            guard await concernsUs(path) else { return }
        }
        forgetKeys()
        deleteForgotten()
        switch event {
        case .itemsChanged, .manyItemsChanged:
            // Whoever asks next needn't wait; if it fails, whoever asks is told why.
            _ = try? await clients()
        case .providerAppeared, .providerLeft, .locked, .unlocked: break
        }
        changeBroadcast.send(())
    }

    /// Whether an item that changed is, or has become, one of ours.
    private func concernsUs(_ path: String) async -> Bool {
        // Nothing is cached, but something may be being read.
        guard let snapshot = cache.current else { return true }
        if snapshot.paths.contains(path) { return true }
        do throws(KeyringError) {
            return try await keyring.item(at: path)?.schema == ClientItem.schema
        } catch {
            // What can't be looked at may be one: a key that was taken away must not go on counting.
            return true
        }
    }
}

/// What is known of a key beside what stands in the keyring.
struct KeyRecord {
    var strikes = DecryptionFailures()
    var usesHmac = false
    var lastUsed: UInt64?
    /// The day of which the item says that the key was used on it.
    var writtenDay: UInt64?
    var hasWrittenHmac = false
    /// When a write that failed may be tried again, in seconds since 1970.
    var triesAgain: UInt64 = 0
}
