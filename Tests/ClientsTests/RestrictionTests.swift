// SPDX-License-Identifier: Apache-2.0

import Clients
import KeePassHTTP
import SecretService
import SecureMemory
import TestSupport
import Testing
import Vault

/// What a client is restricted to, as it stands in the keyring.
@Suite struct RestrictionTests {
    private static func restriction() throws -> ClientRestriction {
        try ClientRestriction(vaults: ["work"], groups: ["Web/\"Café\"", "B"], hosts: ["*.example.com"])
    }

    private static func item(_ fixture: RegistryFixture) async throws -> KeyringItem {
        try #require(try await fixture.keyring.items(schema: RegistryFixture.schema).first)
    }

    @Test func `it is kept in the client's own item, and read back after a restart`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        let before = try await Self.item(fixture)
        let restriction = try Self.restriction()
        try await fixture.registry.restrict("firefox", fingerprint: key.fingerprint, to: restriction)
        #expect(try await fixture.registry.client(withID: "firefox")?.restriction == restriction)
        let after = try await Self.item(fixture)
        #expect(after.path == before.path && after.label == before.label)
        let added = after.attributes.filter { before.attributes[$0.key] != $0.value }
        #expect(
            added.keys.sorted() == ["groups", "hosts", "vaults"] && added["hosts"] == #"["*.example.com"]"#
        )
        let outside = try await fixture.session.lookUpOutside(["id": "firefox"])
        #expect(outside == key.base64().exposedText())
        #expect(try await fixture.restarted().client(withID: "firefox")?.restriction == restriction)

        try await fixture.registry.restrict("firefox", fingerprint: key.fingerprint, to: .everything)
        #expect(try await Self.item(fixture).attributes == before.attributes)
        #expect(try await fixture.registry.client(withID: "firefox")?.restriction == .everything)
    }

    @Test(arguments: [
        ("vaults", "work"), ("vaults", ""), ("groups", #"["a",1]"#), ("hosts", #"["*.com"]"#),
        ("hosts", "null"),
        ("groups", #"{"a":"b"}"#), ("groups", #"[""]"#),
    ])
    func `where it can't be read there is nothing for the client, until it is restricted anew`(
        attribute: String,
        value: String
    ) async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        let item = try await Self.item(fixture)
        try await fixture.keyring.change(item, attributes: item.attributes.merging([attribute: value]) { $1 })
        let registry = try await fixture.restarted()
        #expect(try await registry.client(withID: "firefox")?.restriction == .unreadable)
        try await registry.restrict("firefox", fingerprint: key.fingerprint, to: .everything)
        #expect(try await registry.client(withID: "firefox")?.restriction == .everything)
    }

    @Test func `another key under the Id, and the client's use, leave it as it is`() async throws {
        let fixture = try await RegistryFixture()
        let first = try await fixture.register()
        let restriction = try Self.restriction()
        try await fixture.registry.restrict("firefox", fingerprint: first.fingerprint, to: restriction)
        let second = try await fixture.register()
        #expect(try await fixture.registry.client(withID: "firefox")?.restriction == restriction)
        let outcome = await fixture.registry.verify(
            id: "firefox",
            signature: try signature(second),
            changes: false
        )
        guard case .verified(_, let client, _) = outcome else { throw TimedOut(description: "\(outcome)") }
        #expect(client.restriction == restriction)
        try await fixture.settle("the day of use") {
            try await fixture.attribute("last-used", of: "firefox") != nil
        }
        try await fixture.registry.rename("firefox", to: "The fox")
        #expect(try await fixture.restarted().client(withID: "firefox")?.restriction == restriction)
    }

    @Test func `a key is stored with what it is restricted to, also in place of another's`() async throws {
        let fixture = try await RegistryFixture()
        var former: String?
        for restriction in [try Self.restriction(), try ClientRestriction(hosts: ["a.example"]), .everything]
        {
            let key = ClientKey.random()
            try await fixture.registry.register(
                id: "firefox",
                key: key,
                program: "/usr/bin/firefox",
                origin: nil,
                database: "aa",
                replacing: former,
                restrictedTo: restriction
            )
            former = key.fingerprint
            #expect(try await fixture.registry.client(withID: "firefox")?.restriction == restriction)
        }
    }

    @Test func `a key sees no more under another Id, unless that is said`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        let restriction = try Self.restriction()
        try await fixture.registry.restrict("firefox", fingerprint: key.fingerprint, to: restriction)
        try await fixture.register("other", key: key)
        #expect(try await fixture.registry.client(withID: "other")?.restriction == restriction)
        try await fixture.registry.register(
            id: "third",
            key: key,
            program: "/usr/bin/firefox",
            origin: nil,
            database: "aa",
            restrictedTo: .everything
        )
        #expect(try await fixture.registry.client(withID: "third")?.restriction == .everything)
    }

    @Test func `the key that it was meant for is restricted, or none`() async throws {
        let fixture = try await RegistryFixture()
        let first = try await fixture.register()
        try await fixture.register()
        await #expect(throws: ClientError.unknown("firefox")) {
            try await fixture.registry.restrict(
                "firefox",
                fingerprint: first.fingerprint,
                to: Self.restriction()
            )
        }
        await #expect(throws: ClientError.unknown("nobody")) {
            try await fixture.registry.restrict(
                "nobody",
                fingerprint: first.fingerprint,
                to: Self.restriction()
            )
        }
        #expect(try await fixture.registry.list().map(\.restriction) == [.everything])
    }

    @Test func `a double is restricted, too, for it counts once the other is gone`() async throws {
        let fixture = try await RegistryFixture()
        let key = try await fixture.register()
        let item = try await Self.item(fixture)
        let copy = item.attributes.merging(["created": "1600000000"]) { $1 }
        _ = try await fixture.keyring.store(
            schema: RegistryFixture.schema,
            label: item.label,
            attributes: copy,
            secret: key.base64()
        )
        let registry = try await fixture.restarted()
        try await registry.restrict("firefox", fingerprint: key.fingerprint, to: Self.restriction())
        let items = try await fixture.keyring.items(schema: RegistryFixture.schema)
        #expect(items.count == 2 && items.allSatisfy { $0.attributes["vaults"] == #"["work"]"# })
    }
}
