// SPDX-License-Identifier: Apache-2.0

import ConcurrencyTools
import DBus
import Logging
import SecretService
import SecureMemory
import TestSupport
import Vault
import VaultStores

/// A vault in a real keyring, with a clock that stands until it is set.
struct StoreFixture {
    static let schema = "org.keybell.Login"
    static let extraSchema = "org.keybell.LoginExtra"
    let session: KeyringSession
    let keyring: Keyring
    let store: KeyringStore
    let state: String
    let clock = Observed<Int64>(1_700_000_000)

    private let mayReturn: @Sendable (KeyringItem) -> Bool

    init(
        logins: Int = 0,
        origins: Set<LoginOrigin> = [],
        mayReturn: @escaping @Sendable (KeyringItem) -> Bool = { $0.mayReturn }
    ) async throws {
        self.mayReturn = mayReturn
        session = try await KeyringSession(logins: logins)
        state = session.bus.folder.path("state/keybell")
        keyring = try await Self.keyring(on: session.bus)
        store = Self.store(keyring, state, clock, origins, mayReturn)
    }

    /// A vault in the same keyring that sees it through a provider that can be told to fail.
    func store(through provider: RefusingProvider) async throws -> KeyringStore {
        Self.store(try await Self.keyring(on: provider.bus), state + "-fussy", clock)
    }

    /// The same vault after a restart of the daemon, with another state folder if the state is to be lost.
    func restarted(state: String? = nil, origins: Set<LoginOrigin> = []) async throws -> KeyringStore {
        await BlockingWork.state {}
        return Self.store(
            try await Self.keyring(on: session.bus),
            state ?? self.state,
            clock,
            origins,
            mayReturn
        )
    }

    static func keyring(on bus: PrivateBus) async throws -> Keyring {
        Keyring(bus: try await bus.connect(), address: bus.address, deadline: .seconds(20), logger: quiet)
    }

    static func store(
        _ keyring: Keyring,
        _ state: String,
        _ clock: Observed<Int64>,
        _ origins: Set<LoginOrigin> = [],
        _ mayReturn: @escaping @Sendable (KeyringItem) -> Bool = { $0.mayReturn }
    ) -> KeyringStore {
        KeyringStore(
            name: "keyring",
            keyring: keyring,
            origins: origins,
            state: state,
            logger: quiet,
            now: { clock.now },
            mayReturn: mayReturn
        )
    }

    private static var quiet: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

    /// Saves a login with all that an item holds.
    func saveOne(fields: [String: SecretBytes?] = [:], allowHosts: [String] = []) async throws -> LoginID {
        try await store.save(
            LoginDraft(
                username: "alice",
                password: SecretBytes(utf8: "first"),
                url: "https://example.org/login",
                title: "Example",
                allowHosts: allowHosts,
                fields: fields
            )
        )
    }

    /// The items of a schema, without the one that keeps the vault's identity.
    func items(_ schema: String) async throws -> [KeyringItem] {
        try await keyring.items(schema: schema).filter { $0.attributes["uuid"] != "vault" }
    }

    /// Waits for a change that the vault tells, until `check` holds.
    func settle(_ what: String, _ check: @escaping @Sendable () async throws -> Bool) async throws {
        let changes = store.changes()
        let done = Observed(false)
        let waiting = Task {
            if try await check() { return done.update { $0 = true } }
            for await _ in changes where try await check() { return done.update { $0 = true } }
        }
        defer { waiting.cancel() }
        try await done.wait(for: what) { $0 ? () : nil }
    }
}
