// SPDX-License-Identifier: Apache-2.0

import Ciphers
import Clients
import KeePassHTTP
import SecretService
import Testing
import TestSupport

@Suite struct ClientVerificationTests {
    @Test func `a registered client is verified, anybody else refused`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        let registry = fixture.registry
        #expect(try await verdict(registry, "firefox", key) == "verified firefox")
        #expect(try await verdict(registry, "firefox", .random()) == "refused")
        #expect(try await verdict(registry, "chrome", key) == "refused")
        #expect(try await verdict(registry, nil, key) == "refused")
        let broken = Signature(nonce: "x", verifier: "y", hmac: "z")
        #expect(await registry.verify(id: "firefox", signature: broken, changes: false).verdict == "refused")
    }

    @Test func `who has once used an Hmac is held to it, also after a restart`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        #expect(try await verdict(fixture.registry, "firefox", key, hmac: false) == "verified firefox")
        let nonce = Nonce.random()
        #expect(try await verdict(fixture.registry, "firefox", key, nonce: nonce) == "verified firefox")
        #expect(try await verdict(fixture.registry, "firefox", key, hmac: false) == "refused")
        #expect(try await verdict(fixture.registry, "firefox", key, nonce: nonce) == "refused")
        try await fixture.settle("the attribute") {
            try await fixture.attribute("hmac", of: "firefox") == "1"
        }
        let restarted = try await fixture.restarted()
        #expect(try await verdict(restarted, "firefox", key, hmac: false) == "refused")
        #expect(try await verdict(restarted, "firefox", key) == "verified firefox")
    }

    @Test func `a repeated change is refused, a repeated read of an old client is not`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        let nonce = Nonce.random()
        for changes in [false, false, true] {
            let verdict = try await verdict(
                fixture.registry,
                "firefox",
                key,
                nonce: nonce,
                hmac: false,
                changes: changes
            )
            #expect(verdict == "verified firefox")
        }
        #expect(
            try await verdict(fixture.registry, "firefox", key, nonce: nonce, hmac: false, changes: true)
                == "refused"
        )
    }

    @Test func `eight fields that don't decrypt use the nonce up, and no other`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        let nonce = Nonce.random()
        #expect(
            try await verdict(fixture.registry, "firefox", key, nonce: nonce, hmac: false)
                == "verified firefox"
        )
        for _ in 0..<8 { await fixture.registry.undecryptable(id: "firefox", nonce: nonce.text + "\n") }
        #expect(try await verdict(fixture.registry, "firefox", key, nonce: nonce, hmac: false) == "refused")
        #expect(try await verdict(fixture.registry, "firefox", key, hmac: false) == "verified firefox")
    }

    @Test func `once loaded, verifying needs no provider`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        _ = try await verdict(fixture.registry, "firefox", key)
        try await fixture.settle("the day's note") {
            try await fixture.attribute("last-used", of: "firefox") != nil
        }
        await fixture.registry.load()
        #expect(try await verdict(fixture.registry, "nobody", key) == "refused")
        // A stopped process answers nothing, yet keeps its name.
        _ = try await ChildProcess.run("kill", ["-STOP", "\(fixture.session.gnome.pid)"])
        for _ in 0..<100 {
            #expect(try await verdict(fixture.registry, "firefox", key) == "verified firefox")
            #expect(try await verdict(fixture.registry, "nobody", key) == "refused")
        }
    }

    @Test func `a locked keyring is locked, and its keys are forgotten`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        #expect(try await verdict(fixture.registry, "firefox", key) == "verified firefox")
        try await fixture.session.gnome.lock()
        let registry = fixture.registry
        try await fixture.settle("the lock") { try await verdict(registry, "firefox", key) == "locked" }
        #expect(try await verdict(registry, "nobody", key) == "locked")
        await #expect(throws: ClientError.keyring(.locked)) { try await registry.list() }
        await #expect(throws: ClientError.keyring(.locked)) { try await fixture.register("other") }
        #expect(await registry.suggestID(from: "x") == "x")
    }

    @Test func `a provider that leaves takes the keys along, and brings them back`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        let registry = fixture.registry
        #expect(try await verdict(registry, "firefox", key) == "verified firefox")
        try await fixture.session.gnome.stop()
        try await fixture.settle("its leaving") {
            try await verdict(registry, "firefox", key) == "unavailable: \(KeyringError.noProvider)"
        }
        let second = try await GnomeKeyring(on: fixture.session.bus)
        try await fixture.settle("its return") {
            try await verdict(registry, "firefox", key) == "verified firefox"
        }
        try await second.stop()
    }

    private func verdict(
        _ registry: ClientRegistry,
        _ id: String?,
        _ key: ClientKey,
        nonce: Nonce = .random(),
        hmac: Bool = true,
        changes: Bool = false
    ) async throws -> String {
        let signed = try signature(key, nonce: nonce, hmac: hmac)
        return await registry.verify(id: id, signature: signed, changes: changes).verdict
    }
}
