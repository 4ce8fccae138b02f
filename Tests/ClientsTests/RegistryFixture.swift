// SPDX-License-Identifier: Apache-2.0

import Ciphers
import Clients
import DBus
import KeePassHTTP
import SecretService
import SecureMemory
import TestSupport

/// A registry over a real keyring, with a clock that stands until it is set.
struct RegistryFixture {
    static let schema = "org.keybell.ClientKey"
    let session: KeyringSession
    let keyring: Keyring
    let registry: ClientRegistry
    let clock = Observed<UInt64>(1_700_000_000)
    let folder: TemporaryFolder
    let nonces: NonceRegistry

    init() async throws {
        session = try await KeyringSession()
        folder = try TemporaryFolder()
        keyring = Self.keyring(on: session.bus, connection: try await session.bus.connect())
        nonces = Self.nonces(folder, clock)
        registry = Self.registry(keyring, nonces, clock)
    }

    /// Another registry over the same keyring, as after a restart of the daemon.
    func restarted() async throws -> ClientRegistry {
        let connection = try await session.bus.connect()
        return Self.registry(
            Self.keyring(on: session.bus, connection: connection),
            Self.nonces(folder, clock),
            clock
        )
    }

    private static func keyring(on bus: PrivateBus, connection: BusConnection) -> Keyring {
        Keyring(bus: connection, address: bus.address, deadline: .seconds(20), logger: quiet)
    }

    private static func registry(
        _ keyring: Keyring,
        _ nonces: NonceRegistry,
        _ clock: Observed<UInt64>
    ) -> ClientRegistry {
        ClientRegistry(keyring: keyring, nonces: nonces, logger: quiet, now: { clock.now })
    }

    private static func nonces(_ folder: TemporaryFolder, _ clock: Observed<UInt64>) -> NonceRegistry {
        NonceRegistry(folder: folder.path("state"), logger: quiet)
    }

    /// Stores a client with a fresh key, in place of the one that has the Id.
    @discardableResult
    func register(_ id: String = "firefox", key: ClientKey = .random()) async throws -> ClientKey {
        try await registry.register(
            id: id,
            key: key,
            program: "/usr/bin/firefox",
            origin: "moz-extension://1",
            database: "aa",
            replacing: try await registry.client(withID: id)?.fingerprint
        )
        return key
    }

    /// The item's attribute, once the keyring has it.
    func attribute(_ name: String, of id: String) async throws -> String? {
        try await keyring.items(schema: Self.schema, attributes: ["id": id]).first?.attributes[name]
    }

    /// Waits for a change that the registry tells, until `check` holds.
    func settle(_ what: String, _ check: @escaping @Sendable () async throws -> Bool) async throws {
        let changes = registry.changes()
        let done = Observed(false)
        let waiting = Task {
            if try await check() { return done.update { $0 = true } }
            for await _ in changes where try await check() { return done.update { $0 = true } }
        }
        defer { waiting.cancel() }
        try await done.wait(for: what) { $0 ? () : nil }
    }
}
