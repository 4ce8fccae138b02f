// SPDX-License-Identifier: Apache-2.0

import Clients
import DBus
import SecretService
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1))) struct GrantRegistryTests {
    private static let key = GrantKey(
        fingerprint: "AA:BB",
        program: "/usr/bin/firefox",
        origin: nil,
        vault: "Passwords",
        kind: .release,
        host: "a.example",
        form: GrantKey.Form(submitHost: "b.example", scheme: "https")
    )

    private static func registry(_ keyring: Keyring) -> GrantRegistry {
        GrantRegistry(keyring: keyring, logger: quiet)
    }

    private static let grant = Grant(key: key, allows: true, entries: ["E1"], scope: .always)

    @Test func `a grant is there again after a restart, and forgotten for good`() async throws {
        let fixture = try await RegistryFixture()
        try await Self.registry(fixture.keyring).remember([Self.grant])
        let registry = Self.registry(fixture.keyring)
        #expect(await registry.decision(on: Self.key) == .allowed)
        var plain = Self.key
        plain.form = GrantKey.Form(scheme: "https")
        #expect(await registry.decision(on: plain) == .undecided)
        #expect(try await registry.forget(fingerprint: "AA:BB", name: Self.grant.name) == Self.grant)
        #expect(try await registry.forget(fingerprint: "AA:BB", name: Self.grant.name) == nil)
        #expect(await Self.registry(fixture.keyring).decision(on: Self.key) == .undecided)
    }

    @Test func `a lock before anybody follows the keyring ends the session all the same`() async throws {
        let fixture = try await RegistryFixture()
        let registry = Self.registry(fixture.keyring)
        var grant = Self.grant
        grant.scope = .session(expires: nil)
        try await registry.remember([grant])
        #expect(await registry.decision(on: Self.key) == .allowed)
        let changes = registry.changes()
        let session = registry.session
        let told = fixture.keyring.events()
        try await fixture.session.gnome.lock()
        for await event in told where event == .locked { break }

        let following = Task { await registry.run() }
        defer { following.cancel() }
        for await _ in changes where registry.session != session { break }
        #expect(await registry.decision(on: Self.key) != .allowed)
    }

    @Test func `one vault's lock ends what was decided about that one alone`() async throws {
        let fixture = try await RegistryFixture()
        let registry = Self.registry(fixture.keyring)
        var (grant, other) = (Self.grant, Self.grant)
        grant.scope = .session(expires: nil)
        other.scope = .session(expires: nil)
        other.key.vault = "Work"
        // The person has answered, and a vault is locked before it is kept.
        let session = registry.session
        await registry.endSessions(ofVault: "Work")
        try await registry.remember([grant, other], in: session)
        #expect(await registry.decision(on: grant.key) == .allowed)
        #expect(await registry.decision(on: other.key) == .undecided)
        await registry.endSessions()
        try await registry.remember([grant], in: session)
        #expect(await registry.decision(on: grant.key) == .undecided)
    }

    @Test func `who decides while the grants are being read waits for them`() async throws {
        let fixture = try await RegistryFixture()
        try await Self.registry(fixture.keyring).remember([Self.grant])
        let registry = Self.registry(fixture.keyring)
        let decisions = await withTaskGroup(of: GrantDecision.self) { group in
            for _ in 0..<20 { group.addTask { await registry.decision(on: Self.key) } }
            var decisions: [GrantDecision] = []
            for await decision in group { decisions.append(decision) }
            return decisions
        }
        #expect(decisions == [GrantDecision](repeating: .allowed, count: 20))
    }

    /// By its name, or with its client.
    @Test(arguments: [true, false])
    func `a grant that could not be deleted no longer counts, and goes when it can`(byName: Bool) async throws
    {
        let fixture = try await RegistryFixture()
        let registry = Self.registry(fixture.keyring)
        try await registry.remember([Self.grant])
        try await fixture.session.gnome.lock()
        if byName {
            await #expect(throws: ClientError.self) {
                try await registry.forget(fingerprint: "AA:BB", name: Self.grant.name)
            }
        } else {
            await #expect(throws: ClientError.self) { try await registry.forget(fingerprint: "AA:BB") }
        }
        #expect(await registry.decision(on: Self.key) != .allowed)

        let following = Task { await registry.run() }
        defer { following.cancel() }
        try await fixture.session.gnome.stop()
        let again = try await GnomeKeyring(on: fixture.session.bus, password: fixture.session.gnome.password)
        // Whatever reads the grants again finds it still in the keyring, at first.
        while try await !fixture.keyring.items(schema: GrantRegistry.schema).isEmpty {
            #expect(await registry.decision(on: Self.key) != .allowed)
        }
        _ = again
    }
}

extension GrantRegistry {
    /// The decision about one entry.
    func decision(on key: GrantKey, entry: String = "E1") async -> GrantDecision {
        await decisions(on: [GrantSubject(key: key, entry: entry)]).first ?? .unknown
    }
}
