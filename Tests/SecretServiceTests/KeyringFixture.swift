// SPDX-License-Identifier: Apache-2.0

import DBus
import Logging
import SecretService
import SecureMemory
import TestSupport

/// A keyring over a real provider.
struct KeyringFixture {
    static let schema = "org.keybell.Test"
    let session: KeyringSession
    let keyring: Keyring

    init() async throws {
        session = try await KeyringSession()
        keyring = try await Self.keyring(on: session.bus)
    }

    static func keyring(
        on bus: PrivateBus,
        collection: String = "default",
        deadline: Duration = .seconds(20),
        comeback: Duration = .seconds(10),
        memory: ProviderMemory? = nil
    ) async throws -> Keyring {
        Keyring(
            bus: try await bus.connect(),
            address: bus.address,
            collection: collection,
            deadline: deadline,
            comeback: comeback,
            memory: memory,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    /// Stores an item of the test's schema.
    @discardableResult
    func store(
        _ label: String = "A label",
        _ attributes: [String: String] = ["id": "one"],
        secret: String = "secret"
    ) async throws -> KeyringItem {
        try await keyring.store(
            schema: Self.schema,
            label: label,
            attributes: attributes,
            secret: SecretBytes(utf8: secret)
        )
    }
}

/// Follows events into something that a test can wait on.
struct EventLog {
    private let seen = Observed<[KeyringEvent]>([])
    private let following: Task<Void, Never>

    init(_ keyring: Keyring) {
        let events = keyring.events()
        let seen = seen
        following = Task {
            for await event in events { seen.update { $0.append(event) } }
        }
    }

    func wait(for event: KeyringEvent) async throws {
        try await seen.wait(for: "\(event)") { $0.contains(event) ? () : nil }
    }

    /// What has been told so far.
    var all: [KeyringEvent] { seen.now }

    func stop() {
        following.cancel()
    }
}
