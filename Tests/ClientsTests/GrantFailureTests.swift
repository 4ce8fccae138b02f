// SPDX-License-Identifier: Apache-2.0

import Clients
import Logging
import SecretService
import TestSupport
import Testing

/// A keyring that fails at any step: what was forgotten doesn't count, what can't be read doesn't either, and it is told.
@Suite(.timeLimit(.minutes(2))) struct GrantFailureTests {
    private static func grant(_ host: String) -> Grant {
        let key = GrantKey(
            fingerprint: "AA:BB",
            program: "/usr/bin/firefox",
            origin: nil,
            vault: "Passwords",
            kind: .release,
            host: host
        )
        return Grant(key: key, allows: true, entries: ["E1"], scope: .always)
    }

    private static func quiet() -> Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }

    private static func registry(_ provider: FussyProvider) async throws -> GrantRegistry {
        let keyring = Keyring(
            bus: try await provider.bus.connect(),
            address: provider.bus.address,
            deadline: .seconds(10),
            logger: quiet()
        )
        return GrantRegistry(keyring: keyring, logger: quiet())
    }

    /// Of one grant the item is deleted, of two it is changed.
    @Test(arguments: ["Delete", "SetSecret"])
    func `a grant that the keyring keeps is told, counts no more, and goes the next time`(step: String)
        async throws
    {
        let provider = try await FussyProvider(over: try await KeyringSession())
        let registry = try await Self.registry(provider)
        let (first, second) = (Self.grant("a.example"), Self.grant("b.example"))
        await registry.remember(first)
        if step == "SetSecret" { await registry.remember(second) }
        provider.failing.update { $0 = step }
        await #expect(throws: KeyringError.self) {
            try await registry.forget(fingerprint: "AA:BB", name: first.name)
        }
        #expect(await registry.decision(on: first.key, entry: "E1") == nil)
        // A change of another grant doesn't bring it back.
        await registry.remember(Self.grant("c.example"))
        #expect(await registry.decision(on: first.key, entry: "E1") == nil)
        provider.failing.update { $0 = nil }
        #expect(try await registry.forget(fingerprint: "AA:BB", name: first.name)?.name == first.name)
        #expect(await (try Self.registry(provider)).decision(on: first.key, entry: "E1") == nil)
    }

    @Test(arguments: ["SearchItems", "GetSecrets", "OpenSession", "ReadAlias"])
    func `what can't be read counts for nothing, and is an error, not an empty list`(step: String)
        async throws
    {
        let provider = try await FussyProvider(over: try await KeyringSession())
        let grant = Self.grant("a.example")
        await (try Self.registry(provider)).remember(grant)
        provider.failing.update { $0 = step }
        let registry = try await Self.registry(provider)
        #expect(await registry.decision(on: grant.key, entry: "E1") == nil)
        await #expect(throws: KeyringError.self) { try await registry.all() }
        await #expect(throws: KeyringError.self) {
            try await registry.forget(fingerprint: "AA:BB", name: grant.name)
        }
        provider.failing.update { $0 = nil }
        #expect(await registry.decision(on: grant.key, entry: "E1") == true)
    }

    @Test func `a decision that can't be stored holds for the session`() async throws {
        let provider = try await FussyProvider(over: try await KeyringSession())
        let registry = try await Self.registry(provider)
        provider.failing.update { $0 = "CreateItem" }
        let grant = Self.grant("a.example")
        await registry.remember(grant)
        #expect(await registry.decision(on: grant.key, entry: "E1") == true)
        #expect(await (try Self.registry(provider)).decision(on: grant.key, entry: "E1") == nil)
    }

    @Test func `all of a client's grants are forgotten, and an error says if they stay in the keyring`()
        async throws
    {
        let provider = try await FussyProvider(over: try await KeyringSession())
        let registry = try await Self.registry(provider)
        let grant = Self.grant("a.example")
        await registry.remember(grant)
        provider.failing.update { $0 = "Delete" }
        await #expect(throws: KeyringError.self) { try await registry.forget(fingerprint: "AA:BB") }
        #expect(await registry.decision(on: grant.key, entry: "E1") == nil)
        #expect(try await registry.all().isEmpty)
    }
}
