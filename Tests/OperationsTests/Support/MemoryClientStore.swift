// SPDX-License-Identifier: Apache-2.0

import Callers
import Clients
import DisplayText
import KeePassHTTP
import Operations
import SecretService
import Vault

/// A keyring of clients that forgets everything when the test ends.
actor MemoryClientStore: ClientStore {
    private var clients: [String: (client: Client, key: ClientKey)] = [:]
    private var usedNonces: Set<String> = []
    private(set) var isLocked = false
    /// What keeps the keyring from being unlocked, or from being read at all.
    private(set) var trouble: KeyringError?
    private(set) var storeTrouble: ClientError?
    private(set) var unlocks = 0
    /// How often it was to be unlocked, with success or without.
    private(set) var attempts = 0
    private(set) var registrations = 0
    /// Whether changes can be noted down.
    private(set) var canRecord = true
    /// The nonces under which a field didn't decrypt.
    private(set) var strikes: [String] = []

    func wake() {}

    func stopRecording() { canRecord = false }

    func lock() { isLocked = true }

    func fail(with error: KeyringError?) { trouble = error }

    func failToStore(with error: ClientError?) { storeTrouble = error }

    func welcome(_ program: TestClient) {
        let client = Client(
            id: program.id,
            fingerprint: program.key.fingerprint,
            created: 0,
            program: program.caller.program.id,
            origin: program.caller.program.origin
        )
        clients[program.id] = (client, program.key)
    }

    func revoke(_ program: TestClient) { clients[program.id] = nil }

    func client(_ id: String) -> Client? { clients[id]?.client }

    func ids() -> [String] { clients.keys.sorted() }

    func verify(
        _ request: Request,
        signature: RequestSignature,
        changes: Bool,
        opening open: MessageOpening.Opener?
    ) async -> VerificationOutcome {
        if isLocked { return .keyringLocked }
        if let trouble { return .keyringUnavailable(.keyring(trouble)) }
        let known = request.id.flatMap { clients[$0] }
        let opening = MessageOpening(request, signature, key: known?.key)
        let opened = if let open { await open(opening) } else { opening.run() }
        guard let known, let message = opened.message else { return .refused }
        if changes, !usedNonces.insert(signature.nonce).inserted { return .refused }
        guard let fields = opened.fields else {
            strikes.append(signature.nonce)
            return .refused
        }
        if changes, !canRecord { return .unrecordable }
        return .verified(message, known.client, fields)
    }

    private var whenLookedAt: (@Sendable () async -> Void)?

    /// Has something happen right after somebody has found it locked, once.
    func whenLookedAt(_ happens: @escaping @Sendable () async -> Void) { whenLookedAt = happens }

    func needsUnlock(for id: String?) async -> Bool {
        let found = isLocked
        let happens = whenLookedAt
        whenLookedAt = nil
        await happens?()
        return found
    }

    /// It is opened by other means.
    func open() { isLocked = false }

    private var meanwhile: (@Sendable () async -> Void)?

    /// Has something happen while a client is looked up.
    func meanwhile(_ happens: @escaping @Sendable () async -> Void) { meanwhile = happens }

    func client(withID id: String) async throws(ClientError) -> Client? {
        await meanwhile?()
        try checkReadable()
        return clients[id]?.client
    }

    func clientID(ofKey fingerprint: String) throws(ClientError) -> String? {
        try checkReadable()
        return clients.values.map(\.client).filter { $0.fingerprint == fingerprint }.map(\.id).min()
    }

    func restrictedClient(ofKey fingerprint: String, program: String, origin: String?) -> Client? {
        let restricted = clients.values.map(\.client).filter { !$0.restriction.isEverything }
        return restricted.first { $0.fingerprint == fingerprint }
            ?? restricted.first { $0.program == program && $0.origin == origin }
    }

    func suggestID(from base: String) -> String {
        let base = PlainName(cleaning: base, limit: 64)?.text ?? "client"
        guard !isLocked, isTaken(base) else { return base }
        return (2...).lazy.map { "\(base)-\($0)" }.first { !isTaken($0) } ?? base
    }

    private func isTaken(_ name: String) -> Bool {
        clients[name] != nil || clients.values.contains { $0.client.name == name }
    }

    func isShownName(_ name: String, notOf fingerprint: String) -> Bool {
        !isLocked
            && clients.values.contains { $0.client.name == name && $0.client.fingerprint != fingerprint }
    }

    func rename(_ program: TestClient, to name: String) { clients[program.id]?.client.name = name }

    func restrict(_ program: TestClient, to restriction: ClientRestriction) {
        clients[program.id]?.client.restriction = restriction
    }

    func register(
        id: String,
        key: ClientKey,
        program: String,
        origin: String?,
        database: String,
        replacing former: String?,
        restrictedTo restriction: ClientRestriction?,
        forgettingGrants forget: @escaping @Sendable (String) async throws(ClientError) -> Void
    ) async throws(ClientError) {
        try checkReadable()
        if let storeTrouble { throw storeTrouble }
        if let holder = clients[id]?.client.fingerprint, ![key.fingerprint, former].contains(holder) {
            throw .taken(id)
        }
        let isHeld = clients.values.contains { $0.client.fingerprint == key.fingerprint }
        for fingerprint in Set([former, isHeld ? nil : key.fingerprint].compactMap(\.self)) {
            try await forget(fingerprint)
        }
        // The real one has no other write come between.
        if let holder = clients[id]?.client.fingerprint, ![key.fingerprint, former].contains(holder) {
            throw .taken(id)
        }
        registrations += 1
        let client = Client(
            id: id,
            fingerprint: key.fingerprint,
            created: 0,
            program: program,
            origin: origin,
            database: database,
            restriction: restriction ?? clients[id]?.client.restriction ?? .everything
        )
        clients[id] = (client, key)
    }

    /// A client that came with its key alone, as an imported one does.
    func bring(_ program: TestClient) {
        let client = Client(id: program.id, fingerprint: program.key.fingerprint, created: 0, program: "")
        clients[program.id] = (client, program.key)
    }

    func settle(_ id: String, fingerprint: String, program: String, origin: String?) throws(ClientError) {
        try checkReadable()
        guard let known = clients[id], known.client.fingerprint == fingerprint, known.client.program.isEmpty
        else { return }
        let client = Client(id: id, fingerprint: fingerprint, created: 0, program: program, origin: origin)
        clients[id] = (client, known.key)
    }

    func unlock() throws(ClientError) {
        attempts += 1
        if let trouble { throw .keyring(trouble) }
        // Whoever comes while it is being unlocked, or later, has nobody asked.
        if isLocked { unlocks += 1 }
        isLocked = false
    }

    func unlockForStoring() throws(ClientError) {
        try unlock()
    }

    private func checkReadable() throws(ClientError) {
        if isLocked { throw .keyring(.locked) }
        if let trouble { throw .keyring(trouble) }
    }
}
