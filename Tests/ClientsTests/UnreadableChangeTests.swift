// SPDX-License-Identifier: Apache-2.0

import Clients
import KeePassHTTP
import SecretService
import TestSupport
import Testing

/// A keyring that fails just when an item has changed: it may be a client's.
@Suite(.timeLimit(.minutes(1))) struct UnreadableChangeTests {
    private static func parts(_ provider: RefusingProvider) async throws -> (ClientRegistry, Keyring) {
        let keyring = try await provider.keyring()
        let nonces = NonceRegistry(folder: provider.bus.folder.path("state/keybell"), logger: quiet)
        return (ClientRegistry(keyring: keyring, nonces: nonces, logger: quiet, now: { 0 }), keyring)
    }

    @Test func `a change that can't be looked at has the keys read again`() async throws {
        let provider = try await RefusingProvider(over: try await KeyringSession())
        let (registry, keyring) = try await Self.parts(provider)
        #expect(try await registry.list().isEmpty)
        // Stored by somebody else, of whose doing this provider tells nothing yet.
        let (other, _) = try await Self.parts(provider)
        try await other.register(
            id: "firefox",
            key: .random(),
            program: "/usr/bin/firefox",
            origin: nil,
            database: "aa",
            replacing: nil
        )
        let path = try #require(try await keyring.items(schema: RegistryFixture.schema).first?.path)
        let told = Observed(false)
        let changes = registry.changes()
        let following = Task { for await _ in changes { told.update { $0 = true } } }
        defer { following.cancel() }
        provider.failing.update { $0 = "Attributes" }
        try await provider.tellChange(of: path)
        try await told.wait(for: "the change") { $0 ? () : nil }
        provider.failing.update { $0 = nil }
        #expect(try await registry.list().map(\.id) == ["firefox"])
    }
}
