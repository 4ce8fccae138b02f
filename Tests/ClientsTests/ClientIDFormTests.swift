// SPDX-License-Identifier: Apache-2.0

import Clients
import KeePassHTTP
import SecretService
import Testing

/// One Id, however it is written: what has been overwritten or revoked is gone in every form.
@Suite struct ClientIDFormTests {
    static let composed = "caf\u{E9}"
    static let decomposed = "cafe\u{301}"

    private func verdicts(_ fixture: RegistryFixture, _ key: ClientKey) async throws -> [String] {
        var verdicts: [String] = []
        for id in [Self.composed, Self.decomposed] {
            let signature = try signature(key, hmac: false)
            let verification = await fixture.registry.verify(id: id, signature: signature, changes: false)
            verdicts.append(verification.verdict)
        }
        return verdicts
    }

    @Test(arguments: [(composed, decomposed), (decomposed, composed)])
    func `a key that is overwritten by another form is gone, also once the new one is revoked`(
        first: String,
        second: String
    ) async throws {
        let fixture = try await RegistryFixture()
        let old = try await fixture.register(first)
        #expect(try await verdicts(fixture, old) == ["verified café", "verified café"])
        #expect(try await fixture.registry.client(withID: second)?.fingerprint == old.fingerprint)
        let new = try await fixture.register(second)
        let items = try await fixture.keyring.items(schema: RegistryFixture.schema)
        #expect(items.map { Array(($0.attributes["id"] ?? "").utf8) } == [Array(Self.composed.utf8)])
        #expect(try await verdicts(fixture, old) == ["refused", "refused"])
        #expect(try await verdicts(fixture, new) == ["verified café", "verified café"])
        try await fixture.registry.revoke(first)
        #expect(try await verdicts(fixture, old) == ["refused", "refused"])
        #expect(try await verdicts(fixture, new) == ["refused", "refused"])
        #expect(try await fixture.keyring.items(schema: RegistryFixture.schema).isEmpty)
    }

    @Test(arguments: [decomposed, composed + "\u{FE0F}", " " + composed])
    func `an item that somebody else wrote in another form is the same client, and is told`(
        form: String
    ) async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register(Self.composed)
        _ = try await fixture.keyring.store(
            schema: RegistryFixture.schema,
            label: "another",
            attributes: ["id": form, "created": "1600000000"],
            secret: ClientKey.random().base64()
        )
        let registry = fixture.registry
        try await fixture.settle("the double") { try await registry.doubles() == [Self.composed] }
        #expect(try await registry.list().map(\.fingerprint) == [key.fingerprint])
        // Whoever overwrites it overwrites both.
        let new = try await fixture.register(Self.composed)
        #expect(try await fixture.keyring.items(schema: RegistryFixture.schema).count == 1)
        #expect(try await registry.client(withID: form)?.fingerprint == new.fingerprint)
    }

    @Test func `a lone item in another form is known by the one form`() async throws {
        let fixture = try await RegistryFixture()
        let key = ClientKey.random()
        _ = try await fixture.keyring.store(
            schema: RegistryFixture.schema,
            label: "Keybell client: \(Self.decomposed)",
            attributes: ["id": Self.decomposed, "created": "1600000000"],
            secret: key.base64()
        )
        #expect(try await verdicts(fixture, key) == ["verified café", "verified café"])
        let client = try #require(try await fixture.registry.list().first)
        #expect(Array(client.id.utf8) == Array(Self.composed.utf8))
        #expect(client.name == nil)
        #expect(await fixture.registry.suggestID(from: Self.decomposed) == "café-2")
        try await fixture.registry.revoke(Self.composed)
        #expect(try await fixture.registry.list().isEmpty)
    }

    @Test(arguments: [
        "x\u{FE0F}", " x", "x ", "a  b", "x\u{3164}", "\u{200B}", String(repeating: "x", count: 129),
    ])
    func `what would look like another Id is neither stored nor shown as a name`(id: String) async throws {
        let fixture = try await RegistryFixture()
        await #expect(throws: ClientError.badName) { try await fixture.register(id) }
        try await fixture.register("x")
        await #expect(throws: ClientError.badName) { try await fixture.registry.rename("x", to: id) }
        let suggested = await fixture.registry.suggestID(from: id)
        #expect(!["x", id].contains(suggested))
    }

    @Test func `a shown name is in one form, too`() async throws {
        let fixture = try await RegistryFixture()
        try await fixture.register("x")
        try await fixture.registry.rename("x", to: Self.decomposed)
        let name = try #require(try await fixture.registry.list().first?.name)
        #expect(Array(name.utf8) == Array(Self.composed.utf8))
    }
}
