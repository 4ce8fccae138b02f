// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import KeePassHTTP
import Kernel
package import Logging
package import SecretService

/// The clients that the person has let in: their keys, kept in the keyring and cached in locked memory.
///
/// Once they are read, verifying makes no call. The cache is dropped when the collection locks, when the
/// provider leaves, and when an item changes: it is read again then, and a request that comes meanwhile waits
/// for that, so that an item deleted in Seahorse revokes at once and a change never looks like a revocation.
package actor ClientRegistry {
    /// The schema of the clients' keys.
    package static let schema = ClientItem.schema

    let keyring: Keyring
    let logger: Logger
    let now: @Sendable () -> UInt64
    private let events: AsyncStream<KeyringEvent>
    nonisolated let news = Broadcast<Void>(backlog: 1)

    private var shelf: ClientShelf?
    private var reading: Task<Result<ClientShelf, KeyringError>, Never>?
    private var generation = 0
    private var follower: Task<Void, Never>?
    private var lastReread: ContinuousClock.Instant?
    private static let rereadPause = Duration.seconds(10)

    /// What is known of a key beside its item, by fingerprint; it outlives the cache.
    var records: [String: KeyRecord] = [:]
    /// The last of the writes to our items, which come one after the other.
    var lastWrite: Task<Void, Never>?

    /// A registry over a keyring; nothing is read yet.
    ///
    /// - Parameters:
    ///   - keyring: Where the keys are.
    ///   - logger: Where trouble goes; never a key or a nonce.
    ///   - now: The time, in seconds since 1970.
    package init(
        keyring: Keyring,
        logger: Logger,
        now: @escaping @Sendable () -> UInt64 = { UInt64(max(0, Date().timeIntervalSince1970)) }
    ) {
        self.keyring = keyring
        self.logger = logger
        self.now = now
        events = keyring.events()
    }

    deinit {
        follower?.cancel()
    }

    /// Reads the keys if the keyring is open; never asks the person.
    package func load() async {
        do throws(KeyringError) {
            let count = try await clients().all.count
            logger.debug("The clients' keys are read", metadata: ["count": "\(count)"])
        } catch {
            logger.notice("The clients' keys can't be read yet", metadata: ["reason": "\(error)"])
        }
    }

    /// Verifies a request.
    ///
    /// An unknown Id takes the same work as a known one. A client that has once used an Hmac is held to it.
    ///
    /// - Parameters:
    ///   - id: Who the request says it is from.
    ///   - signature: What it is signed with.
    ///   - changes: Whether it would change something; its nonce then works once.
    /// - Returns: The verified conversation, or why there is none.
    package func verify(id: String?, signature: Signature, changes: Bool) async -> Verification {
        let shelf: ClientShelf
        do throws(KeyringError) {
            shelf = try await clients()
        } catch .locked {
            return .keyringLocked
        } catch {
            return .keyringUnavailable(error)
        }
        if let id, shelf.isLocked(id) { return .keyringLocked }
        var found = Self.signer(id, signature, in: shelf)
        if found == nil, let shelf = await readAgain() { found = Self.signer(id, signature, in: shelf) }
        guard let (known, conversation) = found else { return .refused }
        return admit(conversation, from: known, changes: changes)
    }

    /// Whose signature it is; an unknown Id takes the same work as a known one.
    private static func signer(
        _ id: String?,
        _ signature: Signature,
        in shelf: ClientShelf
    ) -> (KnownClient, Conversation)? {
        guard let known = id.flatMap({ shelf[$0] }) else {
            _ = Conversation.decoy(verifying: signature)
            return nil
        }
        // There is but one failure, and it says nothing.
        return (try? Conversation(verifying: signature, with: known.key)).map { (known, $0) }
    }

    /// Counts a field of a verified request that didn't decrypt; after eight the nonce is used up.
    ///
    /// - Parameters:
    ///   - id: The verified client.
    ///   - nonce: The request's nonce, as it came.
    package func undecryptable(id: String, nonce: String) async {
        // The client may have been revoked since; then its nonces are of no use anyway.
        guard let known = shelf?[id], let nonce = Nonce(base64: nonce) else { return }
        records[known.client.fingerprint, default: KeyRecord()].nonces.strike(nonce)
    }

    private func admit(_ conversation: Conversation, from known: KnownClient, changes: Bool) -> Verification {
        var client = known.client
        var record = records[client.fingerprint, default: KeyRecord()]
        let isHeld = client.usesHmac || record.usesHmac
        guard conversation.usedHmac || !isHeld else { return .refused }
        let isAdmitted = record.nonces.admit(
            conversation.nonce,
            isHeld: conversation.usedHmac,
            isChange: changes
        )
        records[client.fingerprint] = record
        guard isAdmitted else { return .refused }
        client.lastUsed = now()
        client.usesHmac = conversation.usedHmac
        record.lastUsed = client.lastUsed
        record.usesHmac = client.usesHmac
        records[client.fingerprint] = record
        keepRecord(of: known)
        return .verified(conversation, client)
    }

    // MARK: - The cache

    /// All clients, from memory or, if they aren't there, from the keyring.
    func clients() async throws(KeyringError) -> ClientShelf {
        follow()
        if let shelf { return shelf }
        if let reading { return try await reading.value.get() }
        let task = Task(executorPreference: TaskQueue.shared) { await self.read() }
        reading = task
        let outcome = await task.value
        reading = nil
        return try outcome.get()
    }

    /// Reads the keys once more before a request is refused, unless that has just been done.
    ///
    /// gnome-keyring tells nobody when an item gets another secret. What is cached stays if this fails.
    private func readAgain() async -> ClientShelf? {
        guard lastReread.map({ .now - $0 > Self.rereadPause }) ?? true else { return nil }
        lastReread = .now
        switch await read() {
        case .success(let shelf): return shelf
        case .failure: return nil
        }
    }

    private func read() async -> Result<ClientShelf, KeyringError> {
        var attempt = 0
        while true {
            attempt += 1
            let started = generation
            let outcome = await Result { [keyring] () async throws(KeyringError) in
                let items = try await keyring.items(schema: ClientItem.schema)
                return ClientShelf(items, try await keyring.openSecrets(of: items))
            }
            // What changed while it was read must not stay; a keyring that never rests is read anew each time.
            if started == generation {
                if case .success(let shelf) = outcome { self.shelf = shelf }
                return outcome
            }
            guard attempt < 4 else { return outcome }
        }
    }

    /// Forgets the keys, and whatever is being read now.
    func forgetKeys() {
        shelf = nil
        generation += 1
    }

    /// Follows the keyring from the first use on; what happened since `init` has been kept.
    private func follow() {
        guard follower == nil else { return }
        let events = self.events
        follower = Task(executorPreference: TaskQueue.shared) { [weak self] in
            for await event in events { await self?.happened(event) }
        }
    }

    private func happened(_ event: KeyringEvent) async {
        if case .itemsChanged(let path?) = event {
            guard await concernsUs(path) else { return }
        }
        forgetKeys()
        if case .itemsChanged = event {
            // Whoever asks next needn't wait; if it fails, whoever asks is told why.
            _ = try? await clients()
        }
        news.send(())
    }

    /// Whether an item that changed is, or has become, one of ours.
    private func concernsUs(_ path: String) async -> Bool {
        // Nothing is cached, but something may be being read.
        guard let shelf else { return true }
        if shelf.paths.contains(path) { return true }
        do throws(KeyringError) {
            return try await keyring.item(at: path)?.schema == ClientItem.schema
        } catch {
            return false
        }
    }
}

/// What is known of a key beside what stands in the keyring.
struct KeyRecord {
    var nonces = NonceMemory()
    var usesHmac = false
    var lastUsed: UInt64?
    /// The day of which the item says that the key was used on it.
    var writtenDay: UInt64?
    var hasWrittenHmac = false
}
